//! User counts, and the choice of the one to send.

use jiff::{Timestamp, civil::Date};

use crate::{Month, MonthPhase, run::names};

names! {
    /// What a count counts (D-08).
    CountBasis {
        /// Active users; pending approval is not counted.
        Users = "users",
        /// Assigned licences.
        Licences = "licences",
    }
}

/// The users of one product at one company on one day. A count that was not taken is `None` where this type is
/// optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCount {
    /// Number of users.
    pub users: u32,
    /// The counted day, in the provider's zone.
    pub day: Date,
    /// The instant of counting.
    pub counted_at: Timestamp,
}

impl UserCount {
    /// Whether this count takes the place of `other`: a later day, or the same day counted later (D-03, D-05).
    pub fn replaces(&self, other: &Self) -> bool {
        (self.day, self.counted_at) > (other.day, other.counted_at)
    }
}

/// The counts of one product at one company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownCounts {
    /// The newest count of a complete report, up to [`MonthPhase::last_counted_day`].
    pub newest: Option<UserCount>,
    /// The frozen count of the month with the open window, with its last correction.
    pub frozen: Option<UserCount>,
    /// The day from which the company is closed.
    pub closed_from: Option<Date>,
}

/// The count to send (D-03), or `None` if it is missing or too old; a missing count is never 0 (D-11).
///
/// In the month-end window it is the frozen count and no other. Otherwise it is the newest, at most `max_age_days`
/// before the provider's `today`. From the day a company is closed its count is 0 (D-10); in the window only if that
/// day is in the frozen month or earlier, because its users are charged until then.
pub fn choose_count(
    known: &KnownCounts,
    phase: MonthPhase,
    max_age_days: u32,
    today: Date,
    now: Timestamp,
) -> Option<UserCount> {
    let counted_day = phase.last_counted_day(today);
    if known.closed_from.is_some_and(|closed| closed <= counted_day) {
        return Some(UserCount { users: 0, day: counted_day, counted_at: now });
    }
    match phase {
        MonthPhase::Frozen(month) => known.frozen.filter(|count| Month::of(count.day) == month),
        MonthPhase::Open | MonthPhase::Closing(_) => known.newest.filter(|count| {
            let age = (today - count.day).get_days();
            count.day <= counted_day && i64::from(age) <= i64::from(max_age_days)
        }),
    }
}
