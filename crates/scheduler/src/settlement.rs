//! How the handling of a message ends.

use std::fmt::Display;

use bus::Settlement;
use domain::FailureClass;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Handled {
    /// It is settled.
    Settled(Settlement),
    /// The fault is ours: the scheduler keeps the message until the fault is over.
    Waits(String),
}

impl From<Handled> for Settlement {
    fn from(handled: Handled) -> Self {
        match handled {
            Handled::Settled(settlement) => settlement,
            Handled::Waits(_) => Self::Again,
        }
    }
}

impl Handled {
    pub(crate) const DONE: Self = Self::Settled(Settlement::Done);

    /// Dead-letters a message with its reason: it blocks nothing, and can be sent again.
    pub(crate) fn condemned(reason: String) -> Self {
        Self::Settled(Settlement::DeadLetter(reason))
    }
}

/// Only the content of a message can condemn it (G-11); any other failure makes it wait.
pub(crate) fn after_failure(what: &'static str, error: &dyn Display, class: FailureClass) -> Handled {
    match class {
        FailureClass::Transient | FailureClass::LimitedUntil(_) | FailureClass::Permanent => {
            tracing::warn!(what, %error, "waits for a fault of ours to end");
            Handled::Waits(error.to_string())
        }
        FailureClass::Poison => {
            tracing::error!(what, %error, "can not be worked on; put aside");
            Handled::condemned(error.to_string())
        }
    }
}
