//! What became of a login.

use domain::ErrorCode;

/// What became of a session's login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Login {
    /// None was needed, or none was sent.
    #[default]
    NotTried,
    /// Kaseya took it.
    Accepted,
    /// Kaseya refused it, now or before.
    Refused(ErrorCode),
    /// Sent, without an answer that tells.
    Unknown,
}
