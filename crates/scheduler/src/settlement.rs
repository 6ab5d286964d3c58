//! How a delivery ends that could not be worked on.

use std::fmt::Display;

use bus::Settlement;
use domain::FailureClass;

/// What passes by itself is tried again, after a while; all else is put aside with its reason, so that it blocks
/// nothing and can be sent anew once the fault is mended.
pub(crate) fn after_failure(what: &'static str, error: &dyn Display, class: FailureClass) -> Settlement {
    match class {
        FailureClass::Transient | FailureClass::LimitedUntil(_) => {
            tracing::warn!(what, %error, "could not be worked on now; again");
            Settlement::Again
        }
        FailureClass::Permanent | FailureClass::Poison => {
            tracing::error!(what, %error, "can not be worked on; put aside");
            Settlement::DeadLetter(error.to_string())
        }
    }
}
