//! The queue `scheduler.calls`: workers ask, the scheduler answers.

use bus::{
    BusError, Delivery, Incoming, Outgoing, PublishError, Queue, Settlement, TraceContext, parts::Part,
};
use domain::FailureClass;
use messages::{DecodeError, FieldError, SchedulerCall, v1};
use store::{
    StoreError,
    messages::parts::{self, MessagePart},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    Context,
    claimed_attempt::ClaimedAttempt,
    metrics::Metrics,
    permit::{self, PermitAsk},
    start,
};

/// How many calls to answer at a time: about as many as there are database connections.
const PREFETCH: u16 = 16;

/// Answers calls until `stop`, and finishes what it has begun.
pub(crate) async fn answer_calls(
    context: Context,
    metrics: Metrics,
    shown: runtime::Intake,
    stop: CancellationToken,
) -> Result<(), BusError> {
    let mut consumer = context.bus.consume(Queue::SchedulerCalls, PREFETCH, stop).await?;
    let mut answering = JoinSet::new();
    while let Some(delivery) = consumer.next().await {
        while answering.try_join_next().is_some() {}
        let (context, metrics, shown) = (context.clone(), metrics.clone(), shown.clone());
        let span = tracing::info_span!("answer call", otel.kind = "consumer", kind = delivery.message.kind);
        let trace = &delivery.message.trace;
        runtime::trace::parent(&span, trace.traceparent.as_deref(), trace.tracestate.as_deref());
        answering.spawn(answer(context, metrics, shown, delivery).instrument(span));
    }
    while answering.join_next().await.is_some() {}
    Ok(())
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Reply(#[from] PublishError),
}

impl CallError {
    fn class(&self) -> FailureClass {
        match self {
            Self::Decode(error) => error.class(),
            Self::Field(error) => error.class(),
            Self::Store(error) => error.class(),
            // The size of the answer, or its transport, is our fault; the call is valid.
            Self::Reply(_) => FailureClass::Transient,
        }
    }
}

pub(crate) async fn answer(context: Context, metrics: Metrics, shown: runtime::Intake, delivery: Delivery) {
    let how = match respond(&context, &metrics, &delivery.message).await {
        Ok(()) => {
            shown.goes_on();
            Settlement::Done
        }
        Err(error) if error.class() == FailureClass::Poison => Settlement::DeadLetter(error.to_string()),
        Err(error) => {
            // Not retried: by then the asker no longer waits, and a start without an asker blocks its Kaseya for a
            // whole lease. The asker times out, and the ledger has the job.
            tracing::warn!(%error, "a call goes without answer");
            shown.waits(error.to_string());
            Settlement::Done
        }
    };
    if let Err(error) = delivery.settle(how).await {
        tracing::debug!(%error, "the call comes again");
    }
}

/// A complete call, from one message or from its last part; `None` while parts are missing.
async fn whole(context: &Context, call: &Incoming) -> Result<Option<Incoming>, CallError> {
    let Some(part) = Part::read(call).transpose()? else { return Ok(Some(call.clone())) };
    let now = context.clock.now();
    let body = context
        .store
        .transaction("keep_part", |tx| {
            let (whole, place, parts) = (part.whole, part.place, part.parts);
            let part = MessagePart { whole, place, parts, bytes: &part.bytes };
            Box::pin(async move {
                let body = parts::add(tx, &part, now).await?;
                if body.is_some() {
                    parts::forget(tx, part.whole).await?;
                }
                Ok::<_, StoreError>(body)
            })
        })
        .await?;
    Ok(body.map(|body| Incoming { kind: Some(part.kind), body: body.into(), ..call.clone() }))
}

async fn respond(context: &Context, metrics: &Metrics, call: &Incoming) -> Result<(), CallError> {
    let Some(call) = &whole(context, call).await? else { return Ok(()) };
    match SchedulerCall::decode(call.kind.as_deref(), &call.body)? {
        SchedulerCall::Start(ask) => {
            let ask = ClaimedAttempt::read(&ask.partner_id, &ask.job_id, ask.attempt, &ask.worker_id)?;
            let decided = start::start_job(context, &ask).await?;
            metrics.started(decided.as_ref().err().map(|refused| refused.reason));
            if let Err(refused) = &decided {
                tracing::info!(job = %ask.job, attempt = ask.attempt, reason = refused.reason.as_str_name(),
                    detail = refused.detail, "a ticket is refused");
            }
            use v1::start_job_answer::Answer;
            let answer = match decided {
                Ok(content) => Answer::Content(content.into()),
                Err(refused) => Answer::Refused(refused.into()),
            };
            let of = Some(v1::AnsweredAttempt::from(&ask));
            match reply(context, call, &v1::StartJobAnswer { answer: Some(answer), of: of.clone() }).await {
                Err(CallError::Reply(error @ PublishError::TooLarge(..))) => {
                    tracing::error!(%error, partner = %ask.partner, job = %ask.job, "a job's content cannot be sent");
                    let answer = Answer::Refused(start::refuse_too_large(context, &ask).await?.into());
                    reply(context, call, &v1::StartJobAnswer { answer: Some(answer), of }).await
                }
                replied => replied,
            }
        }
        SchedulerCall::Permit(ask) => {
            let ask = PermitAsk::read(ask)?;
            let decided = permit::permit_writes(context, &ask).await?;
            if let Ok(permit) = &decided {
                metrics.permit(permit.granted.len(), permit.denied.iter().map(|(_, reason)| *reason));
            }
            use v1::permit_answer::Answer;
            let answer = decided.map_or_else(
                |refused| Answer::Refused(refused.into()),
                |permit| Answer::Permit(permit.into()),
            );
            let of = Some(ask.of().into());
            reply(context, call, &v1::PermitAnswer { answer: Some(answer), of }).await
        }
        SchedulerCall::Renew(ask) => {
            let of = ClaimedAttempt::read(&ask.partner_id, &ask.job_id, ask.attempt, &ask.worker_id)?;
            let decided = permit::renew_lease(context, &of, ask.login_accepted.unwrap_or(false)).await?;
            use v1::renew_lease_answer::Answer;
            let answer = decided.map_or_else(
                |refused| Answer::Refused(refused.into()),
                |()| Answer::Renewed(v1::LeaseRenewed {}),
            );
            let of = Some((&of).into());
            reply(context, call, &v1::RenewLeaseAnswer { answer: Some(answer), of }).await
        }
    }
}

async fn reply<M: messages::Message>(context: &Context, to: &Incoming, answer: &M) -> Result<(), CallError> {
    let (traceparent, tracestate) = runtime::trace::inject(&tracing::Span::current());
    let trace = TraceContext { traceparent, tracestate };
    let message = Outgoing::new(context.entropy.uuid(context.clock.now()), trace, answer);
    Ok(context.bus.reply(to, message).await?)
}
