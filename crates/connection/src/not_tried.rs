//! Why values were not tried.

use domain::ErrorCode;
use jiff::Timestamp;
use store::StoreError;

use crate::credentials::NoAddress;

/// Why values were not tried. Nothing was sent to Kaseya.
#[derive(Debug, thiserror::Error)]
pub enum NotTried {
    /// The values do not name a valid Kaseya address.
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    /// Kaseya has refused the very same values.
    #[error(
        "Kaseya refused these very values on {at} ({code}); they are not tried again, or the user would be locked"
    )]
    RefusedBefore {
        /// The code of the refusal.
        code: ErrorCode,
        /// When Kaseya refused.
        at: Timestamp,
    },
    /// Logins of this user wait (AUTH-08), or the user is locked.
    #[error(
        "logins of this user wait until {until} (AUTH-08): earlier ones were refused or had no answer, and another might \
         lock the user in Kaseya"
    )]
    NotBefore {
        /// When the values may be tried.
        until: Timestamp,
    },
    /// Too many tries or look-ups in a short time.
    #[error("too many tries or look-ups; the next one is possible from {until} on")]
    TooOften {
        /// When the values may be tried.
        until: Timestamp,
    },
    /// The hour's calls are used up, or the share of them for one partner's people.
    #[error("this hour's calls to Kaseya are used up (LIM-01); try again in a while")]
    CallLimit,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
