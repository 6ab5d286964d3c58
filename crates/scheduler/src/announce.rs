//! Announces the answers to requests to all listeners.
//!
//! For the main loop: [`announce_answers`], every poll. Each answer is announced at least once: the rows are the
//! outbox.

use bus::{EventTopic, Outgoing, PublishError, TraceContext};
use domain::{ErrorCode, FailureClass, PartnerId, ReportId, RequestId, RunId, Wait};
use jiff::Timestamp;
use messages::{field::wire_instant, inbound::Unreadable, v1};
use store::{
    StoreError,
    jobs::{
        requests::{self, Answer},
        waiting,
    },
};

use crate::{context::Context, settlement::Handled};

/// How many answers one round announces.
const ROUND: i64 = 100;

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bus failed.
    #[error(transparent)]
    Bus(#[from] PublishError),
}

impl RoundError {
    /// How to handle the failure.
    pub(crate) fn class(&self) -> FailureClass {
        match self {
            Self::Store(error) => error.class(),
            Self::Bus(error) => error.class(),
        }
    }
}

/// Announces answers that are not yet announced. Returns how many.
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
    Ok(tell(context, EventTopic::SyncAnswered, &message).await?)
}

/// The verdict on a part of a report or on a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was accepted.
    Taken,
    /// It changed nothing.
    Refused {
        /// For programs.
        code: &'static str,
        /// In English.
        reason: String,
    },
}

impl Verdict {
    pub(crate) fn refused(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused { code, reason: reason.into() }
    }

    fn parts(&self) -> (v1::MessageAnswer, Option<String>, Option<String>) {
        match self {
            Self::Taken => (v1::MessageAnswer::Taken, None, None),
            Self::Refused { code, reason } => {
                (v1::MessageAnswer::Refused, Some((*code).to_owned()), Some(reason.clone()))
            }
        }
    }
}

/// Answers a part of a report. `part` and `complete` are set as far as they are known.
pub(crate) async fn answer_report(
    context: &Context,
    partner: &PartnerId,
    report: &ReportId,
    part: Option<u32>,
    verdict: &Verdict,
    complete: Option<bool>,
) -> Result<(), PublishError> {
    let (answer, code, reason) = verdict.parts();
    let message = v1::ReportAnswered {
        report_id: report.to_string(),
        partner_id: partner.to_string(),
        part,
        answer: answer.into(),
        code,
        reason,
        complete,
        answered_at: Some(wire_instant(context.clock.now())),
    };
    tell(context, EventTopic::ReportAnswered, &message).await
}

/// What sends the change that a decision approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// Nothing is to be sent.
    Nothing,
    /// This run sends it.
    By(RunId),
    /// Nothing can send it while Kaseya refuses the credentials.
    Waits(Wait),
    /// Nothing sends it while the integration is not on.
    Off,
}

/// Answers a decision about a hold. `held_units` is set where it differs from the units decided on.
///
/// While the integration is off nothing sends an approval, and the answer says so under JOB-01.
pub(crate) async fn answer_decision(
    context: &Context,
    partner: &PartnerId,
    (decision, hold): (&RequestId, &str),
    verdict: &Verdict,
    held_units: Option<u32>,
    sending: Sending,
) -> Result<(), RoundError> {
    let (answer, mut code, mut reason) = verdict.parts();
    let wait = match sending {
        Sending::Nothing => None,
        Sending::By(run) => wait(context, partner, run).await?,
        Sending::Waits(wait) => Some(wire_wait(&wait)),
        Sending::Off => {
            code = Some(ErrorCode::Job01.as_str().to_owned());
            reason = Some("the integration is off: the units are sent once it is on".to_owned());
            None
        }
    };
    let message = v1::DecisionAnswered {
        decision_id: decision.to_string(),
        partner_id: partner.to_string(),
        hold_id: hold.to_owned(),
        answer: answer.into(),
        code,
        reason,
        held_units,
        answered_at: Some(wire_instant(context.clock.now())),
        wait,
    };
    Ok(tell(context, EventTopic::DecisionAnswered, &message).await?)
}

/// Answers an unreadable message, as far as it names its partner, and dead-letters it.
pub(crate) async fn refuse_unreadable(
    context: &Context,
    unreadable: Option<Unreadable>,
    reason: String,
) -> Handled {
    const INVALID: &str = "INVALID";
    let answered = match &unreadable {
        None => Ok(()),
        Some(Unreadable::Request(partner, request)) => {
            let answer = Answer::Refused { code: INVALID.to_owned(), reason: reason.clone() };
            let told = announce(context, partner, request, &answer, context.clock.now()).await;
            told.map_err(|error| error.to_string())
        }
        Some(Unreadable::Decision(partner, decision, hold)) => {
            let verdict = Verdict::refused(INVALID, reason.clone());
            let told =
                answer_decision(context, partner, (decision, hold), &verdict, None, Sending::Nothing).await;
            told.map_err(|error| error.to_string())
        }
        Some(Unreadable::Report(partner, report)) => {
            let verdict = Verdict::refused(INVALID, reason.clone());
            let told = answer_report(context, partner, report, None, &verdict, None).await;
            told.map_err(|error| error.to_string())
        }
    };
    match answered {
        Ok(()) => Handled::condemned(reason),
        Err(fault) => Handled::Waits(fault),
    }
}

async fn tell<M: messages::Message>(
    context: &Context,
    topic: EventTopic,
    message: &M,
) -> Result<(), PublishError> {
    let (traceparent, tracestate) = runtime::trace::inject(&tracing::Span::current());
    let id = context.entropy.uuid(context.clock.now());
    context.bus.announce(topic, Outgoing::new(id, TraceContext { traceparent, tracestate }, message)).await
}

/// A run's present wait, as messages state it.
async fn wait(context: &Context, partner: &PartnerId, run: RunId) -> Result<Option<v1::Wait>, StoreError> {
    let now = context.clock.now();
    let waits =
        context.store.transaction("read_waits", |tx| Box::pin(waiting::runs(tx, partner, now))).await?;
    Ok(waits.get(&run).map(wire_wait))
}

/// A wait on the wire.
pub(crate) fn wire_wait(wait: &Wait) -> v1::Wait {
    v1::Wait {
        reason: wait.reason.as_str().to_owned(),
        code: wait.code.map(|code| code.as_str().to_owned()),
        since: Some(wire_instant(wait.since)),
        until: wait.until.map(wire_instant),
    }
}
