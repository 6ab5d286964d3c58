//! The result of a login.

use domain::ErrorCode;

/// The result of a session's login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Login {
    /// No login was needed, or none was sent.
    #[default]
    NotTried,
    /// Kaseya accepted it.
    Accepted,
    /// Kaseya refused it, now or before.
    Refused(ErrorCode),
    /// Sent, without a conclusive answer.
    Unknown,
}
