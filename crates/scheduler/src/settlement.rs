//! How a delivery ends that could not be worked on.

use std::{fmt::Display, time::Duration};

use bus::Settlement;
use domain::{Backoff, FailureClass};

use crate::context::Context;

/// How long a message waits that is to be delivered again: the bus would deliver it at once.
const AGAIN: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(1) };

/// What passes by itself is delivered again, after a while; all else is put aside with its reason, so that it blocks
/// nothing and can be sent anew once the fault is mended.
pub(crate) async fn after_failure(
    context: &Context,
    what: &'static str,
    error: &(dyn Display + Sync),
    class: FailureClass,
) -> Settlement {
    match class {
        FailureClass::Transient | FailureClass::LimitedUntil(_) => {
            tracing::warn!(what, %error, "could not be worked on now; again");
            tokio::time::sleep(AGAIN.wait(0, context.entropy.fraction())).await;
            Settlement::Again
        }
        FailureClass::Permanent | FailureClass::Poison => {
            tracing::error!(what, %error, "can not be worked on; put aside");
            Settlement::DeadLetter(error.to_string())
        }
    }
}
