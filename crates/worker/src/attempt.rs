//! One attempt of a job: what it works with, and what stands against going on.

use std::{sync::Arc, time::Duration};

use domain::{AnswerFault, Backoff, Clock, Entropy, ErrorCode, FailureClass, Remark};
use jiff::Timestamp;
use kaseya::{BmsError, Session};
use tokio_util::sync::CancellationToken;

use crate::{
    calls::SchedulerCalls,
    content::{Content, Ticket},
    in_use::InUse,
    outcome::TargetResult,
};

/// Times that a worker keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A write that takes longer has no answer. Must be shorter than a permit.
    pub(crate) write: Duration,
}

/// A call that failed in passing is tried again in a later attempt after this wait.
const RETRY: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(15 * 60) };
/// After this many attempts in a row that got nowhere, a failure in passing is final for the run.
pub(crate) const LAST_SETBACK: u32 = 4;

/// Why nothing more is begun.
#[derive(Clone)]
pub(crate) struct Halt {
    /// The broker has taken the ticket back, or the scheduler the lease: begin no write.
    pub(crate) lost: CancellationToken,
    /// The program is stopping: finish the contract in hand.
    pub(crate) stopping: CancellationToken,
    /// When the slice is over, on the clock's monotonic time.
    pub(crate) slice_ends: Duration,
}

/// What an attempt works with.
pub(crate) struct Attempt<'a> {
    pub(crate) ticket: &'a Ticket,
    pub(crate) content: &'a Content,
    pub(crate) session: &'a Session,
    pub(crate) calls: &'a SchedulerCalls,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) entropy: &'a Entropy,
    pub(crate) limits: Limits,
    pub(crate) halt: Halt,
    pub(crate) in_use: InUse,
}

/// What becomes of targets that were not decided, or not written although they should have been.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// Not sent in this run, and what was said.
    NotSent(ErrorCode, Said),
    /// Goes on by itself then.
    Deferred(ErrorCode, Timestamp, Said),
    /// Handed back as it is, at once or not before an instant.
    HandBack(Option<ErrorCode>, Option<Timestamp>),
    /// The integration was switched off meanwhile.
    Off,
}

/// What a failed call said, for the row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Said {
    /// Kaseya's own words.
    pub(crate) kaseya_says: Option<String>,
    /// What was wrong with its answer.
    pub(crate) remark: Option<Remark>,
}

impl Said {
    pub(crate) fn by(error: &BmsError) -> Self {
        let unusable = |(endpoint, fault): (&str, AnswerFault)| Remark::AnswerUnusable {
            endpoint: endpoint.to_owned(),
            fault,
        };
        Self { kaseya_says: error.words().map(str::to_owned), remark: error.answer_fault().map(unusable) }
    }

    pub(crate) fn onto(&self, result: TargetResult) -> TargetResult {
        TargetResult {
            kaseya_says: self.kaseya_says.clone(),
            remarks: Vec::from_iter(self.remark.clone()),
            ..result
        }
    }
}

/// What keeps a contract from being worked on to its end.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// A call failed.
    Call(BmsError),
    /// Something about this contract alone.
    Contract(Verdict),
    /// Something that is so for all that are left.
    All(Verdict),
}

impl Attempt<'_> {
    /// Whether the job is no longer ours, or the program is stopping: no further contract is begun.
    pub(crate) fn is_halted(&self) -> bool {
        self.halt.lost.is_cancelled() || self.halt.stopping.is_cancelled()
    }

    /// Whether the slice's time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.clock.monotonic() >= self.halt.slice_ends
    }

    /// What a failed call means.
    pub(crate) fn judge(&self, error: &BmsError) -> Verdict {
        let said = Said::by(error);
        // A contract that takes more calls than any attempt has would be begun for ever.
        if matches!(error, BmsError::AllowanceSpent { .. }) && self.content.setbacks < LAST_SETBACK {
            return Verdict::HandBack(Some(ErrorCode::Lim01), None);
        }
        match error.class() {
            FailureClass::LimitedUntil(until) => Verdict::Deferred(error.code(), until, said),
            FailureClass::Transient if self.content.setbacks < LAST_SETBACK => {
                Verdict::Deferred(error.code(), self.try_again_at(), said)
            }
            FailureClass::Transient | FailureClass::Permanent | FailureClass::Poison => {
                Verdict::NotSent(error.code(), said)
            }
        }
    }

    /// When what failed in passing is tried again.
    pub(crate) fn try_again_at(&self) -> Timestamp {
        let wait = RETRY.wait(self.content.setbacks + 1, self.entropy.fraction());
        self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }
}
