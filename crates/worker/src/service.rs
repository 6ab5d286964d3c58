//! The service: takes tickets, starts jobs, executes them concurrently and publishes their results.

use std::{sync::Arc, time::Duration};

use bus::{BusError, Consumer, Delivery, Queue, Settlement, SharedBus};
use domain::{Backoff, Clock, Entropy};
use kaseya::{Access, Allowance, Bases, Bms, Host, LineProfile, Login, Session};
use messages::{
    Ticket, decode,
    job_content::{Integration, JobContent},
    job_done::JobDone,
    v1,
};
use runtime::{Health, Progress};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use vault::{Associated, KeyRing, Sealed};

use crate::{
    attempt::{Attempt, Halt, Limits},
    calls::SchedulerCalls,
    in_use::InUse,
    installation_clock::InstallationClock,
    missing_keys::MissingKeys,
    refusal,
};

/// The `[worker]` section of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerSettings {
    /// Number of scheduled jobs executed concurrently, each of a different Kaseya.
    pub jobs: u16,
    /// Number of jobs started by a person, executed in addition to those.
    pub jobs_now: u16,
    /// Timeout of a login. A login that times out is not retried for half an hour.
    #[serde(with = "runtime::duration")]
    pub login_timeout: Duration,
    /// Timeout of a read from Kaseya.
    #[serde(with = "runtime::duration")]
    pub read_timeout: Duration,
    /// Timeout of a write. Must be well under the scheduler's permit.
    #[serde(with = "runtime::duration")]
    pub write_timeout: Duration,
    /// Timeout of each request to the scheduler.
    #[serde(with = "runtime::duration")]
    pub scheduler_timeout: Duration,
}

/// A loop with jobs in hand that shows no progress for this long is stuck: a slice and its overtime are shorter.
const STUCK: Duration = Duration::from_secs(600);
/// Time after its slice at which an attempt is abandoned without a `JobDone`: its lease then expires.
const OVERTIME: Duration = Duration::from_secs(120);
/// Backoff between attempts to publish a `JobDone`.
const RETRY: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

/// A worker process.
#[derive(Clone)]
pub struct Worker {
    bus: SharedBus,
    bms: Bms,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    calls: SchedulerCalls,
    settings: WorkerSettings,
    missing_keys: MissingKeys,
}

impl Worker {
    /// A worker that does nothing until [`Worker::run`]. Its name is unique per process.
    pub fn new(
        bus: SharedBus,
        bms: Bms,
        keys: Arc<KeyRing>,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        settings: WorkerSettings,
    ) -> Self {
        let name = Arc::from(format!("worker-{}", entropy.uuid(clock.now())));
        let calls = SchedulerCalls::new(
            Arc::clone(&bus),
            Arc::clone(&clock),
            entropy.clone(),
            name,
            settings.scheduler_timeout,
        );
        Self { bus, bms, keys, clock, entropy, calls, settings, missing_keys: MissingKeys::default() }
    }

    /// Works until `stop`, and reports progress to `health`. After `stop` it finishes the contracts in hand and
    /// hands back the rest.
    pub async fn run(&self, stop: CancellationToken, health: &Health) -> Result<(), BusError> {
        health.dependency_with_fault("key ring", self.missing_keys.fault());
        let bulk = self.bus.consume(Queue::Jobs, self.settings.jobs, stop.clone()).await?;
        let now = self.bus.consume(Queue::JobsNow, self.settings.jobs_now, stop.clone()).await?;
        tokio::join!(
            self.take_tickets(bulk, &stop, health.progress("jobs", STUCK)),
            self.take_tickets(now, &stop, health.progress("jobs of people", STUCK))
        );
        Ok(())
    }

    /// The prefetch limits the number of concurrent jobs: a ticket is settled only when its job is done.
    async fn take_tickets(&self, mut consumer: Consumer, stop: &CancellationToken, progress: Progress) {
        let mut working = JoinSet::new();
        loop {
            if working.is_empty() {
                progress.idle();
            }
            tokio::select! {
                delivery = consumer.next() => {
                    let Some(delivery) = delivery else { break };
                    let worker = self.clone();
                    let stop = stop.clone();
                    working.spawn(async move { worker.handle(delivery, stop).await });
                    progress.mark();
                }
                Some(ended) = working.join_next(), if !working.is_empty() => {
                    note_end(ended);
                    progress.mark();
                }
            }
        }
        while let Some(ended) = working.join_next().await {
            note_end(ended);
        }
    }

    /// Executes one ticket to its end and settles it. After `stop` it finishes the contract in hand and hands back
    /// the rest.
    pub async fn handle(&self, delivery: Delivery, stop: CancellationToken) {
        let message = &delivery.message;
        let span = tracing::info_span!(
            "process job",
            partner_id = tracing::field::Empty,
            job_id = tracing::field::Empty,
            attempt = tracing::field::Empty
        );
        runtime::trace::parent(
            &span,
            message.trace.traceparent.as_deref(),
            message.trace.tracestate.as_deref(),
        );
        let ticket = decode::<v1::JobReady>(message.kind.as_deref(), &message.body)
            .map_err(|error| error.to_string())
            .and_then(|ready| Ticket::try_from(ready).map_err(|error| error.to_string()));
        let how = match ticket {
            Ok(ticket) => {
                span.record("partner_id", ticket.partner.as_str());
                span.record("job_id", ticket.job.to_string());
                span.record("attempt", ticket.attempt);
                self.execute(&ticket, delivery.lost(), stop).instrument(span).await;
                // Tickets are always acknowledged: the ledger emits unfinished jobs again.
                Settlement::Done
            }
            Err(reason) => Settlement::DeadLetter(reason),
        };
        if let Err(error) = delivery.settle(how).await {
            tracing::debug!(%error, "the ticket was lost meanwhile; it will be refused at its start");
        }
    }

    async fn execute(&self, ticket: &Ticket, lost: CancellationToken, stop: CancellationToken) {
        if stop.is_cancelled() {
            return;
        }
        let answer = match self.calls.start(ticket).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "the job was not started; the ledger emits it again");
                return;
            }
        };
        let content = match answer {
            v1::start_job_answer::Answer::Content(content) => content,
            v1::start_job_answer::Answer::Refused(refusal) => {
                tracing::info!(
                    reason = refusal.reason().as_str_name(),
                    detail = refusal.detail,
                    "ticket refused"
                );
                return;
            }
        };
        let content = match JobContent::try_from(content) {
            Ok(content) => content,
            Err(error) => {
                tracing::error!(%error, "the job's content cannot be read; its lease ends by itself");
                return;
            }
        };
        let clock = InstallationClock::of(&self.clock, content.issued_at);
        let session = match self.session(ticket, &content) {
            Ok(session) => session,
            Err(error) => {
                // A sealed password that does not open is our fault, never the credentials'.
                tracing::error!(%error, "the job cannot be worked on");
                let worker = self.calls.worker();
                let (now, entropy) = (clock.now(), &self.entropy);
                self.missing_keys.note(&ticket.partner, error.missing_key());
                self.publish(refusal::job_done(ticket, &content, worker, &error, now, entropy)).await;
                return;
            }
        };
        self.missing_keys.note(&ticket.partner, None);
        let lost = lost.child_token();
        let slice_ends = self.clock.monotonic() + content.slice;
        let attempt = Attempt {
            ticket,
            content: &content,
            session: &session,
            calls: &self.calls,
            clock: &clock,
            entropy: &self.entropy,
            limits: Limits { write: self.settings.write_timeout },
            halt: Halt { lost: lost.clone(), stopping: stop, slice_ends },
            in_use: InUse::default(),
        };
        tokio::select! {
            done = attempt.run() => self.publish(done).await,
            () = self.keep_lease(ticket, &session, content.lease, &lost) => {}
            () = tokio::time::sleep(content.slice + OVERTIME) => {
                tracing::error!("the attempt took too long and is given up; its lease ends by itself");
            }
        }
    }

    fn session(&self, ticket: &Ticket, content: &JobContent) -> Result<Session, refusal::OurFault> {
        let Integration { credentials, line_profile, credentials_version } = &content.integration;
        let (v2, v1) = (credentials.v2_base.as_deref(), credentials.v1_base.as_deref());
        let associated = Associated {
            partner: ticket.partner.as_str(),
            host: &credentials.host,
            v2_base: v2,
            v1_base: v1,
            tenant: &credentials.tenant,
            user: &credentials.user_name,
        };
        let password = self.keys.open(&associated, &Sealed::from_text(&*credentials.password))?;
        let host = Host::parse(&credentials.host)?;
        let bases = Bases::new(&host, v2, v1, self.bms.allowed_hosts())?;
        let bases = bases.with_line_profile(LineProfile::stored(line_profile.as_deref())?);
        let access = Access {
            partner: ticket.partner.clone(),
            bases,
            tenant: credentials.tenant.clone(),
            user_name: credentials.user_name.clone(),
            password,
            credentials_version: *credentials_version,
        };
        // A host that failed before gets shorter timeouts.
        let patience = if content.probing { 3 } else { 1 };
        let limits = kaseya::Limits {
            allowance: Allowance { v2: content.v2_calls, v1: content.v1_calls },
            may_log_in: true,
            login_timeout: self.settings.login_timeout / patience,
            read_timeout: self.settings.read_timeout / patience,
            write_timeout: self.settings.write_timeout,
        };
        Ok(self.bms.session(access, limits))
    }

    /// Renews the lease three times as often as needed. Once a renewal is refused, or the lease expires without
    /// one, no further write starts; the attempt still goes on to report what it has done. Never returns.
    async fn keep_lease(
        &self,
        ticket: &Ticket,
        session: &Session,
        lease: Duration,
        lost: &CancellationToken,
    ) {
        let mut renewed_at = self.clock.monotonic();
        loop {
            tokio::time::sleep(lease / 3).await;
            let asked_at = self.clock.monotonic();
            match self.calls.renew(ticket, session.login() == Login::Accepted).await {
                Ok(v1::renew_lease_answer::Answer::Renewed(_)) => renewed_at = asked_at,
                Ok(v1::renew_lease_answer::Answer::Refused(refusal)) => {
                    tracing::warn!(reason = refusal.reason().as_str_name(), "the job is no longer ours");
                    lost.cancel();
                }
                Err(error) => tracing::warn!(%error, "the lease was not renewed"),
            }
            if self.clock.monotonic() >= renewed_at + lease {
                lost.cancel();
            }
        }
    }

    /// Publishes the result of an attempt, however long the broker is away. Only a killed process loses it, and
    /// then the lease expires.
    async fn publish(&self, done: JobDone) {
        let mut failures = 0;
        // The same message each time, so that parts already published stay the same parts.
        let message = self.calls.outgoing(&v1::JobDone::from(done));
        while let Err(error) = self.bus.publish(Queue::Results, message.clone()).await {
            if error.class() == domain::FailureClass::Poison {
                tracing::error!(%error, "the JobDone can never be published; the lease ends by itself");
                return;
            }
            tracing::warn!(%error, failures, "the JobDone waits for the bus");
            tokio::time::sleep(RETRY.wait(failures, self.entropy.fraction())).await;
            failures += 1;
        }
    }
}

fn note_end(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a job's task ended by a panic; its lease ends by itself");
    }
}
