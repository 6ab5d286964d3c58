//! Why values were not tried.

use domain::ErrorCode;
use jiff::Timestamp;
use store::StoreError;

use crate::values::NoAddress;

/// Why values were not tried: nothing has been sent to Kaseya.
#[derive(Debug, thiserror::Error)]
pub enum NotTried {
    /// They name no Kaseya.
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    /// Kaseya has refused the very same values.
    #[error(
        "Kaseya refused these very values on {at} ({code}); they are not tried again, or the user would be locked"
    )]
    RefusedBefore {
        /// How.
        code: ErrorCode,
        /// When.
        at: Timestamp,
    },
    /// Logins of this user wait (AUTH-08), or it is locked.
    #[error(
        "logins of this user wait until {until} (AUTH-08): earlier ones were refused or had no answer, and another might \
         lock the user in Kaseya"
    )]
    NotBefore {
        /// When they may be tried.
        until: Timestamp,
    },
    /// Somebody presses the button, or looks something up, again and again.
    #[error("too many tries or look-ups; the next one is possible from {until} on")]
    TooOften {
        /// When they may be tried.
        until: Timestamp,
    },
    /// The hour's calls are used up, or those of them that one partner's people may make.
    #[error("this hour's calls to Kaseya are used up (LIM-01); try again in a while")]
    CallLimit,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
