//! Instants reckoned from now.

use std::time::Duration;

use jiff::Timestamp;

/// `now` plus `wait`.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
