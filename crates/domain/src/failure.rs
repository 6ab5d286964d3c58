//! What a failure calls for.

use jiff::Timestamp;

/// The decision that each typed error of a library maps to, by a closed match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// May pass by itself: retry with backoff and jitter.
    Transient,
    /// Passes at this instant: retry then.
    LimitedUntil(Timestamp),
    /// Stays until a person or a setting changes something: never retry automatically.
    Permanent,
    /// The input itself is invalid: set it aside and continue with the next.
    Poison,
}
