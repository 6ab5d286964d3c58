//! Liveness and readiness of the program.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Clock;
use jiff::SignedDuration;
use serde::Serialize;
use tokio::sync::watch;

/// What `/livez` and `/readyz` answer from.
///
/// *Live* means that every loop makes progress. It checks no dependency, because a restart fixes none. *Ready*
/// means that the program has started, is not stopping, and has its dependencies.
#[derive(Clone)]
pub struct Health(Arc<State>);

struct State {
    clock: Arc<dyn Clock>,
    started: AtomicBool,
    stopping: AtomicBool,
    marks: Mutex<Vec<Arc<Mark>>>,
    dependencies: Mutex<Vec<Dependency>>,
    intakes: Mutex<Vec<Arc<Mutex<Waits>>>>,
    /// The installation's clock, if it is not this machine's.
    installation: Mutex<Option<Arc<dyn Clock>>>,
}

struct Waits {
    name: &'static str,
    reason: Option<String>,
}

struct Mark {
    name: &'static str,
    max_age: Duration,
    last: Mutex<Last>,
    number: u64,
}

#[derive(Clone, Copy)]
enum Last {
    Progress(Duration),
    Idle,
}

struct Dependency {
    name: &'static str,
    state: DependencyState,
}

enum DependencyState {
    Up(watch::Receiver<bool>),
    /// Why the dependency is down, if it is.
    Fault(watch::Receiver<Option<String>>),
}

/// The answer of one page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whether all checks passed.
    pub ok: bool,
    /// The checks behind the answer.
    pub checks: Vec<Check>,
}

/// One part of a [`Report`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// Whether the check passed.
    pub ok: bool,
    /// The state in words.
    pub detail: String,
}

impl Health {
    /// Not started, nothing registered. Ages are measured on the clock's monotonic time.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(State {
            clock,
            started: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            marks: Mutex::default(),
            dependencies: Mutex::default(),
            intakes: Mutex::default(),
            installation: Mutex::default(),
        }))
    }

    /// Registers a loop that promises progress at least every `max_age`. It starts as having just made progress.
    pub fn progress(&self, name: &'static str, max_age: Duration) -> Progress {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mark = Arc::new(Mark {
            name,
            max_age,
            last: Mutex::new(Last::Progress(self.0.clock.monotonic())),
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        });
        lock(&self.0.marks).push(Arc::clone(&mark));
        Progress { state: Arc::clone(&self.0), mark }
    }

    /// Registers a dependency. A channel with a dropped sender counts as down.
    pub fn dependency(&self, name: &'static str, up: watch::Receiver<bool>) {
        lock(&self.0.dependencies).push(Dependency { name, state: DependencyState::Up(up) });
    }

    /// Registers a dependency that reports why it is down.
    pub fn dependency_with_fault(&self, name: &'static str, fault: watch::Receiver<Option<String>>) {
        lock(&self.0.dependencies).push(Dependency { name, state: DependencyState::Fault(fault) });
    }

    /// Registers an intake of messages that may have to wait with a message in hand. While it waits the program is
    /// not ready, and says why.
    pub fn intake(&self, name: &'static str) -> Intake {
        let mut intakes = lock(&self.0.intakes);
        if let Some(known) = intakes.iter().find(|intake| lock(intake).name == name) {
            return Intake(Arc::clone(known));
        }
        let waits = Arc::new(Mutex::new(Waits { name, reason: None }));
        intakes.push(Arc::clone(&waits));
        Intake(waits)
    }

    /// Shows how far this clock is from this machine's.
    pub(crate) fn clock(&self, installation: Arc<dyn Clock>) {
        *lock(&self.0.installation) = Some(installation);
    }

    /// Setup is complete and everything is registered; until then the program is not ready.
    pub fn started(&self) {
        self.0.started.store(true, Ordering::Release);
    }

    /// The program is stopping: no longer ready, whatever its dependencies say.
    pub fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    /// Whether every loop makes progress.
    pub fn live(&self) -> Report {
        let now = self.0.clock.monotonic();
        Report::of(lock(&self.0.marks).iter().map(|mark| mark.check(now)).collect())
    }

    /// Whether the program can do its work.
    pub fn ready(&self) -> Report {
        let started = self.0.started.load(Ordering::Acquire);
        let stopping = self.0.stopping.load(Ordering::Acquire);
        let phase = match (started, stopping) {
            (_, true) => "stopping",
            (false, false) => "starting",
            (true, false) => "running",
        };
        let mut checks = vec![Check { name: "phase", ok: started && !stopping, detail: phase.to_owned() }];
        checks.extend(lock(&self.0.dependencies).iter().map(Dependency::check));
        checks.extend(lock(&self.0.installation).as_ref().map(|clock| {
            // No stored time depends on it, so it takes no program out of service.
            Check { name: "clock", ok: true, detail: distance(clock.skew()) }
        }));
        checks.extend(lock(&self.0.intakes).iter().map(|intake| lock(intake).check()));
        Report::of(checks)
    }
}

impl Report {
    fn of(checks: Vec<Check>) -> Self {
        Self { ok: checks.iter().all(|check| check.ok), checks }
    }
}

impl Mark {
    fn check(&self, now: Duration) -> Check {
        let (ok, detail) = match *lock(&self.last) {
            Last::Idle => (true, "idle".to_owned()),
            Last::Progress(at) => {
                let age = now.saturating_sub(at);
                (
                    age <= self.max_age,
                    format!("{} s since its last round, at most {}", age.as_secs(), self.max_age.as_secs()),
                )
            }
        };
        Check { name: self.name, ok, detail }
    }
}

impl Dependency {
    fn check(&self) -> Check {
        let (up, fault) = match &self.state {
            DependencyState::Up(up) => (*up.borrow() && up.has_changed().is_ok(), None),
            DependencyState::Fault(fault) => {
                let why = fault.borrow().clone();
                (why.is_none() && fault.has_changed().is_ok(), why)
            }
        };
        let down = || fault.map_or_else(|| "down".to_owned(), |why| format!("down: {why}"));
        Check { name: self.name, ok: up, detail: if up { "up".to_owned() } else { down() } }
    }
}

/// The distance in words, to the second.
fn distance(skew: SignedDuration) -> String {
    let side = if skew.is_negative() { "behind" } else { "ahead of" };
    match skew.unsigned_abs().as_secs() {
        0 => "as the installation's".to_owned(),
        seconds => format!("this machine's clock is {seconds} s {side} the installation's"),
    }
}

impl Waits {
    fn check(&self) -> Check {
        let detail = self.reason.as_ref().map_or_else(|| "up".to_owned(), |why| format!("waits: {why}"));
        Check { name: self.name, ok: self.reason.is_none(), detail }
    }
}

/// How an intake reports that it waits, and for what.
#[derive(Clone)]
pub struct Intake(Arc<Mutex<Waits>>);

impl Intake {
    /// A message in hand waits for this to end.
    pub fn waits(&self, reason: impl Into<String>) {
        lock(&self.0).reason = Some(reason.into());
    }

    /// The intake continues.
    pub fn goes_on(&self) {
        lock(&self.0).reason = None;
    }
}

/// How a loop reports progress. Dropping it when the loop ends unregisters the loop.
pub struct Progress {
    state: Arc<State>,
    mark: Arc<Mark>,
}

impl Progress {
    /// The loop has gone round, or made a step inside.
    pub fn mark(&self) {
        *lock(&self.mark.last) = Last::Progress(self.state.clock.monotonic());
    }

    /// The loop has nothing to do and now awaits something that may rightly never come, e.g. the next delivery. It
    /// stays live until it marks again; whether the awaited thing *can* come is a dependency's question.
    pub fn idle(&self) {
        *lock(&self.mark.last) = Last::Idle;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        lock(&self.state.marks).retain(|mark| mark.number != self.mark.number);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // No code that can panic runs while one of these locks is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
