//! Why a worker is refused.

use messages::v1::{self, RefusalReason};

/// A refused ticket, heartbeat or permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// One of the closed list.
    pub(crate) reason: RefusalReason,
    /// The same in English, for the log.
    pub(crate) detail: String,
}

impl Refused {
    pub(crate) fn new(reason: RefusalReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl From<Refused> for v1::Refusal {
    fn from(refused: Refused) -> Self {
        Self { reason: refused.reason.into(), detail: refused.detail }
    }
}
