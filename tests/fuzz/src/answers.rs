//! What Kaseya answers.

pub(crate) use kaseya::fuzzing::{answer, lines, lists, tokens};

/// `retry-after`, in any manner.
pub(crate) fn retry_after(bytes: &[u8]) {
    if let Some(text) = crate::text(bytes) {
        kaseya::fuzzing::retry_after(text);
    }
}
