//! The results of granted changes.

use jiff::{Timestamp, civil::Date};

use crate::{FieldChange, IntentId};

/// The result of a granted change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentResult {
    /// Written, and a later read shows it.
    Confirmed,
    /// Kaseya accepted it; no read shows it yet.
    Sent,
    /// Sent, without a response.
    Unsure,
    /// Kaseya refused it.
    Refused,
    /// Never sent.
    NotBegun,
}

impl IntentResult {
    /// The stable text in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Sent => "sent",
            Self::Unsure => "unsure",
            Self::Refused => "refused",
            Self::NotBegun => "not_begun",
        }
    }
}

/// A granted change and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledIntent {
    /// The intent.
    pub intent: IntentId,
    /// The result of the change.
    pub result: IntentResult,
    /// When its response arrived, or the wait for it ended.
    pub at: Timestamp,
    /// Kaseya's own words about it; `None` without any.
    pub kaseya_says: Option<String>,
    /// The line's effective date when it was read with these units; `None` if not read.
    pub effective_date_read: Option<Date>,
    /// The line's fields, among them its price, that changed with it although we sent them as they were.
    pub fields_changed: Vec<FieldChange>,
}
