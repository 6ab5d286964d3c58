//! Shutdown in two steps, and the tasks to wait for.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every task ended by itself, without an error.
    Clean,
    /// A task failed, panicked, ended too early, or did not end in time.
    Faulty,
}

/// Two tokens and the tasks that listen to them. *Soft*: begin nothing new, finish what has begun. *Hard*: drop the
/// work now, hand back what can be handed back.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(Arc<State>);

#[derive(Debug, Default)]
struct State {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    faulty: AtomicBool,
    next: AtomicU64,
    running: Mutex<BTreeMap<u64, &'static str>>,
}

impl Shutdown {
    /// Nothing is stopping and no task runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when nothing new may begin.
    pub fn soft(&self) -> CancellationToken {
        self.0.soft.clone()
    }

    /// Cancelled when work must be dropped. Never before soft.
    pub fn hard(&self) -> CancellationToken {
        self.0.hard.clone()
    }

    /// Takes the soft step.
    pub fn stop(&self) {
        self.0.soft.cancel();
    }

    /// Takes both steps.
    pub fn stop_now(&self) {
        self.0.soft.cancel();
        self.0.hard.cancel();
    }

    /// Runs a task that must live until the soft step. If it ends earlier, fails or panics, the program stops with
    /// a failing exit code: a service that lost one of its loops must not go on.
    pub fn service<F, E>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let state = Arc::clone(&self.0);
        self.track(name, task, move |result| match result {
            Err(error) => Some(format!("{error:#}")),
            Ok(()) if !state.soft.is_cancelled() => Some("it ended before it was told to".to_owned()),
            Ok(()) => None,
        });
    }

    /// Runs a piece of work that ends by itself and reports its result in its own way. Shutdown waits for it; a
    /// panic in it stops the program with a failing exit code.
    pub fn work<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.track(name, work, |()| None);
    }

    /// Runs the program's body. Its end takes the soft step.
    pub(crate) fn main<F, E>(&self, body: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let soft = self.soft();
        self.track("main", body, move |result| {
            soft.cancel();
            result.err().map(|error| format!("{error:#}"))
        });
    }

    fn track<F, T>(
        &self,
        name: &'static str,
        task: F,
        judge: impl FnOnce(T) -> Option<String> + Send + 'static,
    ) where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let running = Running::enter(&self.0, name);
        let handle = tokio::spawn(task);
        let state = Arc::clone(&self.0);
        self.0.tasks.spawn(async move {
            // The watcher outlives the task, so it holds the entry in the list of running tasks.
            let _running = running;
            let fault = match handle.await {
                Ok(result) => judge(result),
                Err(error) => Some(error.to_string()),
            };
            if let Some(fault) = fault {
                tracing::error!(task = name, fault, "a task failed, so the program stops");
                state.faulty.store(true, Ordering::Release);
                state.soft.cancel();
            }
        });
    }

    /// Waits for the soft step, then `grace` for the tasks, then takes the hard step and waits `abandon`. Tasks
    /// that still run then are named in the log and left.
    pub async fn finish(&self, grace: Duration, abandon: Duration) -> Outcome {
        self.0.soft.cancelled().await;
        self.0.tasks.close();

        let in_time = tokio::select! {
            // First, so that work that ends because of the hard step does not pass for finished work.
            biased;
            () = self.0.hard.cancelled() => false,
            waited = timeout(grace, self.0.tasks.wait()) => waited.is_ok(),
        };
        if in_time {
            return self.outcome();
        }
        self.0.hard.cancel();
        tracing::warn!(tasks = ?self.running(), "work is told to let go");
        if timeout(abandon, self.0.tasks.wait()).await.is_err() {
            tracing::error!(tasks = ?self.running(), "the program ends without waiting for these tasks");
        }
        Outcome::Faulty
    }

    fn outcome(&self) -> Outcome {
        if self.0.faulty.load(Ordering::Acquire) { Outcome::Faulty } else { Outcome::Clean }
    }

    fn running(&self) -> Vec<&'static str> {
        self.0.lock().values().copied().collect()
    }
}

impl State {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, &'static str>> {
        // Each change of the map is one insert or one removal, so it cannot be half-done.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entry in the list of running tasks.
struct Running {
    state: Arc<State>,
    id: u64,
}

impl Running {
    fn enter(state: &Arc<State>, name: &'static str) -> Self {
        let id = state.next.fetch_add(1, Ordering::Relaxed);
        state.lock().insert(id, name);
        Self { state: Arc::clone(state), id }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.state.lock().remove(&self.id);
    }
}
