//! What a row, a run or a request waits for.

use domain::Wait;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What a row, a run or a request waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    /// `logins`, `user_locked`, `credentials`, `call_limit`, `kaseya_down`, `host_unreachable`, `line_unsure`,
    /// `unclear_answer`, `count`, `kaseya_busy`, `host_busy`, `writes_stopped`, `restored`, `worker` or `edited`.
    reason: &'static str,
    /// Code of the error catalogue. Null for a reason without one.
    code: Option<&'static str>,
    /// When the wait began.
    since: Timestamp,
    /// When it continues by itself. Null if unknown.
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
