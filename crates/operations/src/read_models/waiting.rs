//! What a row, a run or a request waits for.

use domain::Wait;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What a row, a run or a request waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    /// logins, user_locked, credentials, call_limit, kaseya_down, host_unreachable, line_unsure, unclear_answer, count,
    /// kaseya_busy, host_busy, writes_stopped, restored, worker or edited.
    reason: &'static str,
    /// The code of the error catalogue; null for a reason without one.
    code: Option<&'static str>,
    /// Since when.
    since: Timestamp,
    /// When it goes on by itself; null where nobody can tell.
    until: Option<Timestamp>,
}

impl From<Wait> for Waiting {
    fn from(wait: Wait) -> Self {
        Self {
            reason: wait.reason.as_str(),
            code: wait.code.map(domain::ErrorCode::as_str),
            since: wait.since,
            until: wait.until,
        }
    }
}
