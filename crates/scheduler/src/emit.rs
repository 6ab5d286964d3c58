//! The ledger as outbox: claim, publish, and mark once the broker has confirmed.
//!
//! A scheduler that dies between two of these steps leaves a claim that expires, and the job is emitted again. A
//! duplicate ticket is refused at start, and a duplicate `JobDone` changes nothing.

use std::time::Duration;

use bus::{Outgoing, PublishError, Queue, TraceContext};
use domain::{CompanyOutcome, FailureClass, JobId, PartnerId, Remark};
use futures::future::join_all;
use jiff::Timestamp;
use messages::{job_done::JobDone, v1};
use store::{
    StoreError,
    jobs::{self, ClaimRules, LocalJob, Ticket},
};
use tracing::Instrument as _;

use crate::{Context, instant::after, local, metrics::Metrics, rounds::Round};

/// How long a claim keeps other schedulers away: longer than any publish takes to be confirmed or fail.
const CLAIM: Duration = Duration::from_secs(30);
/// The most messages of one round.
const AT_ONCE: i64 = 50;

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
enum EmitError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// A claimed message.
struct Claimed {
    partner: PartnerId,
    job: JobId,
    attempt: i32,
    queue: Queue,
    message: Message,
    traceparent: Option<String>,
}

enum Message {
    Ticket(v1::JobReady),
    Done(Box<JobDone>),
}

/// Emits what is due: the tickets first, whatever happens to the local jobs.
pub(crate) async fn emit(context: &Context, metrics: &Metrics) -> Result<Round, StoreError> {
    let rules = rules(context);
    let tickets = context
        .store
        .transaction("claim_tickets", |tx| Box::pin(async move { jobs::claim_tickets(tx, &rules).await }))
        .await?;
    let tickets = publish_all(context, metrics, tickets.into_iter().map(ticket).collect()).await?;
    let locals = publish_all(context, metrics, claim_local_jobs(context, rules).await?).await?;
    Ok(match (tickets, locals) {
        (Round::BusFailed, _) | (_, Round::BusFailed) => Round::BusFailed,
        (Round::More, _) | (_, Round::More) => Round::More,
        (Round::Through, Round::Through) => Round::Through,
    })
}

async fn publish_all(
    context: &Context,
    metrics: &Metrics,
    claimed: Vec<Claimed>,
) -> Result<Round, StoreError> {
    let mut round = Round::after(claimed.len(), AT_ONCE);
    for result in join_all(claimed.into_iter().map(|message| publish(context, metrics, message))).await {
        match result {
            Ok(()) => {}
            Err(EmitError::Store(error)) => return Err(error),
            Err(EmitError::Publish(error)) => {
                tracing::warn!(%error, "not published; the ledger keeps it");
                round = Round::BusFailed;
            }
        }
    }
    Ok(round)
}

fn rules(context: &Context) -> ClaimRules {
    let now = context.clock.now();
    ClaimRules {
        now,
        claim_until: after(now, CLAIM),
        unstarted_since: now.checked_sub(context.settings.ticket_timeout).unwrap_or(Timestamp::MIN),
        slots_per_host: context.settings.slots_per_host,
        most: AT_ONCE,
    }
}

/// Claims local jobs and makes the report of each in a transaction of its own, so that an unreadable job delays no
/// other. The claim of an unreadable job is left to expire.
async fn claim_local_jobs(context: &Context, rules: ClaimRules) -> Result<Vec<Claimed>, StoreError> {
    // Results accepts a local job's `JobDone` only from a sender that knows this holder.
    let holder = &format!("scheduler-{}", context.entropy.uuid(rules.now));
    let jobs = context
        .store
        .transaction("claim_local_jobs", |tx| {
            Box::pin(async move { jobs::claim_local_jobs(tx, &rules, holder).await })
        })
        .await?;
    let mut claimed = Vec::new();
    for job in jobs {
        let of = job.as_ref().ok().map(|job| (job.partner.clone(), job.job));
        match local_job(context, job, rules.now).await {
            Ok(told) => claimed.extend(told),
            Err(error) => {
                tracing::error!(%error, ?of, "a local job cannot be told of; its claim is left to run out");
            }
        }
    }
    Ok(claimed)
}

/// The report of a local job; `None` for a job that has become work altogether: a job of its own has taken over.
async fn local_job(
    context: &Context,
    job: Result<LocalJob, StoreError>,
    now: Timestamp,
) -> Result<Option<Claimed>, StoreError> {
    let job = job?;
    let done = context
        .store
        .transaction("local_job_done", |tx| Box::pin(local::job_done(tx, context, &job, now)))
        .await?;
    Ok(done.map(|done| Claimed {
        partner: job.partner,
        job: job.job,
        attempt: job.attempt,
        queue: Queue::Results,
        message: Message::Done(Box::new(done)),
        traceparent: job.traceparent,
    }))
}

fn ticket(ticket: Ticket) -> Claimed {
    Claimed {
        queue: if ticket.now_job { Queue::JobsNow } else { Queue::Jobs },
        message: Message::Ticket(v1::JobReady {
            partner_id: ticket.partner.to_string(),
            job_id: ticket.job.to_string(),
            attempt: Some(ticket.attempt.unsigned_abs()),
        }),
        partner: ticket.partner,
        job: ticket.job,
        attempt: ticket.attempt,
        traceparent: ticket.traceparent,
    }
}

async fn publish(context: &Context, metrics: &Metrics, claimed: Claimed) -> Result<(), EmitError> {
    let span = tracing::info_span!(
        "emit", otel.kind = "producer", messaging.destination.name = claimed.queue.name(),
        partner = %claimed.partner, job = %claimed.job, attempt = claimed.attempt
    );
    // The run may have been requested long ago and its jobs go out for hours: they are linked and are not its
    // children.
    runtime::trace::link(&span, claimed.traceparent.as_deref(), None);
    let (traceparent, tracestate) = runtime::trace::inject(&span);
    let trace = TraceContext { traceparent: traceparent.or(claimed.traceparent.clone()), tracestate };
    let id = context.entropy.uuid(context.clock.now());
    let message = match &claimed.message {
        Message::Ticket(ticket) => Outgoing::new(id, trace.clone(), ticket),
        Message::Done(done) => Outgoing::new(id, trace.clone(), &v1::JobDone::from((**done).clone())),
    };
    async {
        let published = match (context.bus.publish(claimed.queue, message).await, &claimed.message) {
            (Err(error @ PublishError::TooLarge(..)), Message::Done(done)) => {
                tracing::error!(%error, "what a local job tells cannot be sent; each company is told without its products");
                let done = v1::JobDone::from(without_products(done));
                context.bus.publish(claimed.queue, Outgoing::new(id, trace, &done)).await
            }
            (published, _) => published,
        };
        match published {
            Ok(()) => {
                mark(context, &claimed).await?;
                metrics.emitted(claimed.queue);
                Ok(())
            }
            Err(error) => {
                // A message without a consumer would come round at once for ever: its claim is left to expire.
                if error.class() == FailureClass::Transient {
                    release(context, &claimed).await?;
                }
                Err(error.into())
            }
        }
    }
    .instrument(span)
    .await
}

/// The outcome of each company, with the reason if it was given up, and without its products.
fn without_products(done: &JobDone) -> JobDone {
    let given_up = [Remark::BrokeOff, Remark::TooLarge];
    let companies = done.companies.iter().map(|company| CompanyOutcome {
        products: Vec::new(),
        remarks: company.remarks.iter().filter(|remark| given_up.contains(remark)).cloned().collect(),
        ..company.clone()
    });
    JobDone { companies: companies.collect(), ..done.clone() }
}

async fn mark(context: &Context, claimed: &Claimed) -> Result<(), StoreError> {
    context
        .store
        .transaction("mark_emitted", |tx| {
            Box::pin(async move {
                let now = context.clock.now();
                jobs::mark_emitted(tx, &claimed.partner, claimed.job, claimed.attempt, now).await
            })
        })
        .await
}

async fn release(context: &Context, claimed: &Claimed) -> Result<(), StoreError> {
    context
        .store
        .transaction("release_claim", |tx| {
            Box::pin(async move { jobs::release_claim(tx, &claimed.partner, claimed.job).await })
        })
        .await
}
