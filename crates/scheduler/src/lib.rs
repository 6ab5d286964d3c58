//! The scheduler turns what is due and what is requested into runs, jobs, tickets and permits.
//!
//! It keeps nothing in memory. Each round of a loop and each answer to a call is one transaction on the ledger, so
//! any number of schedulers run in parallel, and a scheduler that dies leaves nothing that the others cannot find.

mod admission;
mod announce;
mod assignment;
mod calls;
mod claimed_attempt;
pub mod content;
mod context;
mod counts;
mod decisions;
mod deferrals;
mod due;
mod duty;
mod emit;
mod expected;
mod facts;
mod full_read;
mod hindrance;
mod incomplete_reports;
mod instant;
mod joining;
mod known;
mod late_counts;
mod later_finals;
mod lease;
mod local;
mod login_probe;
mod metrics;
mod month_end;
mod month_end_window;
pub mod partner_plan;
mod permit;
mod refusal;
mod requests;
mod restored_database;
mod rounds;
mod runs;
mod settlement;
mod spread;
mod start;
mod switching_off;
#[cfg(test)]
mod world;

use std::{collections::BTreeMap, time::Duration};

use bus::{BusError, Delivery, Incoming, Queue, Settlement};
use domain::NotReady;
use runtime::{Health, metrics::Meter};
use store::{StoreError, statuses::figures};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use announce::RoundError;
use context::LEDGER;
pub use context::{Context, SchedulerSettings};
use duty::Duty;
use metrics::Metrics;
use rounds::{RETRY, Round, Rounds, Wake};
use settlement::Handled;

/// How many requests and counts to work on at a time. They are few and quick; each has its own transaction.
const PREFETCH: u16 = 4;

/// The scheduler service.
#[derive(Clone)]
pub struct Scheduler {
    context: Context,
    metrics: Metrics,
    health: Health,
}

/// Why the scheduler ended before it was stopped.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// A queue could not be consumed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A loop panicked.
    #[error("one of the scheduler's loops failed: {0}")]
    Loop(#[from] tokio::task::JoinError),
}

impl Scheduler {
    /// A scheduler that does nothing until [`Scheduler::run`].
    pub fn new(context: Context, meter: &Meter, health: &Health) -> Self {
        Self { context, metrics: Metrics::new(meter), health: health.clone() }
    }

    /// Works until `stop` and finishes what it has begun. Returns earlier only on a failure.
    pub async fn run(&self, stop: CancellationToken) -> Result<(), SchedulerError> {
        let mut tasks: JoinSet<Result<(), BusError>> = JoinSet::new();
        self.spawn_rounds(&mut tasks, &stop);
        let calls = self.health.intake(Queue::SchedulerCalls.name());
        tasks.spawn(calls::answer_calls(self.context.clone(), self.metrics.clone(), calls, stop.clone()));
        for intake in [Intake::Portals, Intake::Counts] {
            let shown = self.health.intake(intake.queue().name());
            tasks.spawn(consume(self.context.clone(), intake, shown, stop.clone()));
        }
        let mut ended = Ok(());
        while let Some(task) = tasks.join_next().await {
            let result =
                task.map_err(SchedulerError::from).and_then(|result| result.map_err(SchedulerError::from));
            if result.is_err() && ended.is_ok() {
                ended = result;
                // Without one of them this would be half a scheduler: all end, and the caller sees why.
                stop.cancel();
            }
        }
        ended
    }

    fn spawn_rounds(&self, tasks: &mut JoinSet<Result<(), BusError>>, stop: &CancellationToken) {
        for duty in Duty::ALL {
            let every = duty.every(self.context.settings.poll);
            let rounds = Rounds {
                progress: self.health.progress(duty.name(), every * 10 + STUCK),
                name: duty.name(),
                every,
                entropy: self.context.entropy.clone(),
                stop: stop.clone(),
            };
            let wake = match duty {
                Duty::Tickets => Wake::Ledger(self.context.store.listen(LEDGER, stop.clone())),
                _ => Wake::Never,
            };
            let scheduler = self.clone();
            tasks.spawn(rounds.go(wake, move || {
                let scheduler = scheduler.clone();
                async move { scheduler.perform(duty).await }
            }));
        }
    }

    /// Runs one round of every duty in order until none has more to do. This is the work of the loops of
    /// [`Scheduler::run`], for a caller that controls the clock. The caller also passes the scheduler its messages:
    /// [`Scheduler::take`] and [`Scheduler::answer`].
    pub async fn step(&self) -> Result<(), RoundError> {
        for duty in Duty::ALL {
            while self.perform(duty).await? == Round::More {}
        }
        Ok(())
    }

    /// Handles one message of the queue of requests or counts.
    pub async fn take(&self, queue: Queue, message: &Incoming) -> Settlement {
        match Intake::ALL.into_iter().find(|intake| intake.queue() == queue) {
            Some(intake) => intake.handle(&self.context, message).await.into(),
            None => Settlement::DeadLetter(format!("the scheduler takes nothing from {}", queue.name())),
        }
    }

    /// Answers one call from a worker.
    pub async fn answer(&self, call: Delivery) {
        let shown = self.health.intake(Queue::SchedulerCalls.name());
        calls::answer(self.context.clone(), self.metrics.clone(), shown, call).await;
    }

    async fn perform(&self, duty: Duty) -> Result<Round, RoundError> {
        let context = &self.context;
        match duty {
            Duty::DueSchedules => {
                // Partners that another scheduler took, or whose run failed, are left to the next poll.
                return Ok(Round::after(due::run_due(context).await?, due::ROUND));
            }
            Duty::WaitingRequests => {
                requests::wake_waiting(context).await?;
            }
            Duty::Answers => {
                announce::announce_answers(context).await?;
            }
            Duty::MonthEnds => {
                month_end::freeze_due(context).await?;
                later_finals::keep(context).await?;
                incomplete_reports::tell(context).await?;
                deferrals::tell(context).await?;
                full_read::begin_due(context).await?;
            }
            Duty::LoginsToProve => {
                login_probe::prove_logins(context).await?;
            }
            Duty::LinesToReread => {
                restored_database::reread(context).await?;
            }
            Duty::LedgerUpkeep => self.keep_up().await?,
            Duty::Figures => self.show_figures().await?,
            Duty::ReadyCompanies => self.judge_companies().await?,
            Duty::Tickets => {
                spread::spread_surveys(context).await?;
                return Ok(emit::emit(context, &self.metrics).await?);
            }
        }
        Ok(Round::Through)
    }

    async fn keep_up(&self) -> Result<(), StoreError> {
        let ended = lease::end_leases(&self.context).await?;
        self.metrics.leases_ended(ended);
        lease::refuse_open_work(&self.context).await?;
        switching_off::finish(&self.context).await?;
        Ok(())
    }

    /// One partner at a time: no count keeps the rows of other partners in its snapshot for longer than it takes.
    async fn judge_companies(&self) -> Result<(), StoreError> {
        let store = &self.context.store;
        let now = self.context.clock.now();
        let partners =
            store.transaction("list_connected", |tx| Box::pin(store::settings::connected(tx))).await?;
        let (mut ready, mut reasons) = (0_u32, BTreeMap::<NotReady, u32>::new());
        let mut good_runs = Vec::new();
        for partner in &partners {
            let (judged, good_run) = store
                .transaction("judge_companies", |tx| {
                    Box::pin(async move {
                        let good_run = figures::last_good_run(tx, partner).await?;
                        let judged = store::statuses::listing::readiness_of(tx, partner, now).await?;
                        Ok::<_, StoreError>((judged, good_run))
                    })
                })
                .await?;
            good_runs.extend(good_run);
            ready = ready.saturating_add(judged.ready);
            for (reason, companies) in judged.not_ready {
                let sum = reasons.entry(reason).or_default();
                *sum = sum.saturating_add(companies);
            }
        }
        self.metrics.last_good_runs(&good_runs, now);
        self.metrics.companies(None, ready);
        for reason in NotReady::ALL.iter().copied() {
            self.metrics.companies(Some(reason), reasons.get(&reason).copied().unwrap_or_default());
        }
        Ok(())
    }

    async fn show_figures(&self) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let (counted, figures) = self
            .context
            .store
            .transaction("figures", |tx| {
                Box::pin(async move {
                    Ok::<_, StoreError>((store::jobs::open_jobs(tx).await?, figures::figures(tx, now).await?))
                })
            })
            .await?;
        self.metrics.figures(&figures, now);
        for kind in domain::JobKind::ALL {
            let jobs = counted.iter().find(|(counted, _)| counted == kind).map_or(0, |(_, jobs)| *jobs);
            self.metrics.open_jobs(*kind, jobs);
        }
        Ok(())
    }
}

/// A loop counts as stuck after a round this long.
const STUCK: Duration = Duration::from_secs(120);

/// The queue that a consumer reads.
#[derive(Debug, Clone, Copy)]
enum Intake {
    Portals,
    Counts,
}

impl Intake {
    const ALL: [Self; 2] = [Self::Portals, Self::Counts];

    fn queue(self) -> Queue {
        match self {
            Self::Portals => Queue::SyncRequests,
            Self::Counts => Queue::Counts,
        }
    }

    async fn handle(self, context: &Context, message: &Incoming) -> Handled {
        match self {
            Self::Portals => requests::handle_portal_message(context, message).await,
            Self::Counts => counts::handle_counts(context, message).await,
        }
    }
}

/// Handles the messages of one queue one after the other until `stop`.
async fn consume(
    context: Context,
    intake: Intake,
    shown: runtime::Intake,
    stop: CancellationToken,
) -> Result<(), BusError> {
    let mut consumer = context.bus.consume(intake.queue(), PREFETCH, stop.clone()).await?;
    while let Some(delivery) = consumer.next().await {
        settle_one(&context, intake, &shown, delivery, &stop).await;
    }
    Ok(())
}

async fn settle_one(
    context: &Context,
    intake: Intake,
    shown: &runtime::Intake,
    delivery: Delivery,
    stop: &CancellationToken,
) {
    let span = tracing::info_span!(
        "take message",
        otel.kind = "consumer",
        messaging.destination.name = intake.queue().name()
    );
    // Headers from outside may hold anything: they are linked and never become the parent.
    let trace = &delivery.message.trace;
    runtime::trace::link(&span, trace.traceparent.as_deref(), trace.tracestate.as_deref());
    let lost = delivery.lost();
    let work = work_on(context, intake, shown, &delivery.message, &lost, stop);
    let how = tracing::Instrument::instrument(work, span).await;
    shown.goes_on();
    if let Err(error) = delivery.settle(how).await {
        tracing::debug!(%error, "the message comes again");
    }
}

/// Works on a message until it is settled. While the fault is ours the scheduler keeps the message, because each
/// requeue counts towards the broker's delivery limit. It requeues the message only when this scheduler stops or has
/// lost it. Meanwhile readiness reports what the scheduler waits for.
async fn work_on(
    context: &Context,
    intake: Intake,
    shown: &runtime::Intake,
    message: &Incoming,
    lost: &CancellationToken,
    stop: &CancellationToken,
) -> Settlement {
    let mut failures = 0;
    loop {
        let why = match intake.handle(context, message).await {
            Handled::Settled(how) => return how,
            Handled::Waits(why) => why,
        };
        shown.waits(why);
        failures += 1;
        tokio::select! {
            () = stop.cancelled() => return Settlement::Again,
            () = lost.cancelled() => return Settlement::Again,
            () = tokio::time::sleep(RETRY.wait(failures, context.entropy.fraction())) => {}
        }
    }
}
