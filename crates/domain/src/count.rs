//! User counts.

use jiff::{Timestamp, civil::Date};

use crate::run::names;

names! {
    /// What a count counts (D-08).
    CountBasis {
        /// Active users; pending approval is not counted.
        Users = "users",
        /// Assigned licences.
        Licences = "licences",
    }
}

/// The users of one product at one company on one day. Not taken is not here: it is `None` where this is optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCount {
    /// How many.
    pub users: u32,
    /// The day that was counted, in the provider's zone.
    pub day: Date,
    /// The instant of counting; `None` for a frozen month-end count's correction by hand.
    pub counted_at: Timestamp,
}

impl UserCount {
    /// Whether this count takes the place of `other`: a later day, or the same day counted later (D-03, D-05).
    pub fn replaces(&self, other: &Self) -> bool {
        (self.day, self.counted_at) > (other.day, other.counted_at)
    }
}
