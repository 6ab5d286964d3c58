//! Answers to requests, told to whoever listens.
//!
//! For the main loop: [`announce_answers`], every poll. Each answer is announced at least once: the rows are the outbox.

use bus::{EventTopic, Outgoing, PublishError, TraceContext};
use domain::{FailureClass, PartnerId, RequestId, RunId};
use jiff::Timestamp;
use messages::{field::wire_instant, v1};
use store::{
    StoreError,
    requests::{self, Answer},
    waiting,
};

use crate::context::Context;

/// How many answers one round announces.
const ROUND: i64 = 100;

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] PublishError),
}

impl RoundError {
    /// What to do.
    pub(crate) fn class(&self) -> FailureClass {
        match self {
            Self::Store(error) => error.class(),
            Self::Bus(error) => error.class(),
        }
    }
}

/// Announces answers that nobody has announced yet; answers how many.
pub(crate) async fn announce_answers(context: &Context) -> Result<usize, RoundError> {
    let answers =
        context.store.transaction("list_answers", |tx| Box::pin(requests::unannounced(tx, ROUND))).await?;
    for answered in &answers {
        announce(context, &answered.partner, &answered.request, &answered.answer, answered.at).await?;
        let now = context.clock.now();
        context
            .store
            .transaction("mark_answer", |tx| {
                Box::pin(requests::mark_announced(tx, &answered.partner, &answered.request, now))
            })
            .await?;
    }
    Ok(answers.len())
}

/// Announces one answer.
pub(crate) async fn announce(
    context: &Context,
    partner: &PartnerId,
    request: &RequestId,
    answer: &Answer,
    at: Timestamp,
) -> Result<(), RoundError> {
    let mut message = v1::SyncAnswered {
        request_id: request.to_string(),
        partner_id: partner.to_string(),
        answered_at: Some(wire_instant(at)),
        ..v1::SyncAnswered::default()
    };
    match answer {
        Answer::Accepted { run } => {
            message.set_answer(v1::SyncAnswer::Accepted);
            message.wait = wait(context, partner, *run).await?;
            message.run_id = Some(run.to_string());
        }
        Answer::Joined { run, follow_up, code, reason } => {
            message.set_answer(v1::SyncAnswer::Joined);
            message.wait = wait(context, partner, *run).await?;
            message.run_id = Some(run.to_string());
            message.follow_up_run_id = follow_up.map(|run| run.to_string());
            (message.code, message.reason) = (Some(code.clone()), Some(reason.clone()));
        }
        Answer::Refused { code, reason } => {
            message.set_answer(v1::SyncAnswer::Refused);
            (message.code, message.reason) = (Some(code.clone()), Some(reason.clone()));
        }
    }
    let (traceparent, tracestate) = runtime::trace::inject(&tracing::Span::current());
    let id = context.entropy.uuid(context.clock.now());
    let outgoing = Outgoing::new(id, TraceContext { traceparent, tracestate }, &message);
    Ok(context.bus.announce(EventTopic::SyncAnswered, outgoing).await?)
}

/// What a run waits for as it is now, as messages say it.
async fn wait(context: &Context, partner: &PartnerId, run: RunId) -> Result<Option<v1::Wait>, StoreError> {
    let now = context.clock.now();
    let waits =
        context.store.transaction("read_waits", |tx| Box::pin(waiting::runs(tx, partner, now))).await?;
    Ok(waits.get(&run).map(|wait| v1::Wait {
        reason: wait.reason.as_str().to_owned(),
        code: wait.code.map(|code| code.as_str().to_owned()),
        since: Some(wire_instant(wait.since)),
        until: wait.until.map(wire_instant),
    }))
}
