//! What a failure asks for.

use jiff::Timestamp;

/// The decision that every typed error of a library answers with, by a closed match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// May pass by itself: again, with backoff and jitter.
    Transient,
    /// Will pass at this instant: again then.
    LimitedUntil(Timestamp),
    /// Stays until a person or a setting changes something: never again by itself.
    Permanent,
    /// The input itself is bad: put it aside, and go on with the next.
    Poison,
}
