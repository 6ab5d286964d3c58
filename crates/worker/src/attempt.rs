//! One attempt of a job: its parts, and the reasons to stop.

use std::{sync::Arc, time::Duration};

use domain::{AnswerFault, Backoff, Clock, Entropy, ErrorCode, FailureClass, Remark};
use jiff::Timestamp;
use kaseya::{BmsError, Session};
use messages::{Ticket, job_content::JobContent};
use tokio_util::sync::CancellationToken;

use crate::{calls::SchedulerCalls, in_use::InUse, outcome::TargetResult};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Timeout of a write. Must be shorter than a permit.
    pub(crate) write: Duration,
}

/// Backoff before a later attempt retries a call that failed temporarily.
const RETRY: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(15 * 60) };
/// After this many consecutive attempts without progress, a temporary failure is final for the run.
pub(crate) const LAST_SETBACK: u32 = 4;

/// Why nothing more is started.
#[derive(Clone)]
pub(crate) struct Halt {
    /// The broker has taken the ticket back, or the scheduler the lease: start no write.
    pub(crate) lost: CancellationToken,
    /// The program is stopping: finish the contract in hand.
    pub(crate) stopping: CancellationToken,
    /// End of the slice, on the clock's monotonic time.
    pub(crate) slice_ends: Duration,
}

/// The parts an attempt works with.
pub(crate) struct Attempt<'a> {
    pub(crate) ticket: &'a Ticket,
    pub(crate) content: &'a JobContent,
    pub(crate) session: &'a Session,
    pub(crate) calls: &'a SchedulerCalls,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) entropy: &'a Entropy,
    pub(crate) limits: Limits,
    pub(crate) halt: Halt,
    pub(crate) in_use: InUse,
}

/// What happens to targets that were not decided, or should have been written and were not.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// Not sent in this run, with the reason.
    NotSent(ErrorCode, Said),
    /// Deferred: continues by itself at that instant.
    Deferred(ErrorCode, Timestamp, Said),
    /// Handed back unchanged, at once or not before an instant.
    HandBack(Option<ErrorCode>, Option<Timestamp>),
    /// The integration was switched off meanwhile.
    Off,
}

/// What a failed call said, for the row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Said {
    /// Kaseya's own words.
    pub(crate) kaseya_says: Option<String>,
    /// What was wrong with its response.
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

/// What interrupts the work on a contract.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// A call failed.
    Call(BmsError),
    /// A reason that concerns this contract alone.
    Contract(Verdict),
    /// A reason that concerns all remaining contracts.
    All(Verdict),
}

impl Attempt<'_> {
    /// Whether the job is no longer ours, or the program is stopping: no further contract is started.
    pub(crate) fn is_halted(&self) -> bool {
        self.halt.lost.is_cancelled() || self.halt.stopping.is_cancelled()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.clock.monotonic() >= self.halt.slice_ends
    }

    /// What a failed call means for its targets.
    pub(crate) fn judge(&self, error: &BmsError) -> Verdict {
        let said = Said::by(error);
        // A contract that needs more calls than any attempt has would otherwise be started again forever.
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

    /// When to retry after a temporary failure.
    pub(crate) fn try_again_at(&self) -> Timestamp {
        let wait = RETRY.wait(self.content.setbacks + 1, self.entropy.fraction());
        self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }
}
