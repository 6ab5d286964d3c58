//! The daily harmless probe of a partner's login (B-03): it finds a password that no longer works today, not on the
//! day of the month's sync.

use jiff::{SignedDuration, Timestamp};

use crate::{PartnerId, spread_offset};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How much later than a day after the last run a scheduled run may be, due to its spread and clock changes.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// Whether to probe a partner's login. It is probed once a day, at the partner's own time of day, so that thousands
/// spread over the day; it is not probed if the schedule's own run logs in before a day is over.
///
/// `last` is when the login was last proven or probed.
pub fn probe_due(partner: &PartnerId, last: Timestamp, next_run: Timestamp, now: Timestamp) -> bool {
    let offset = spread_offset(partner, DAY.unsigned_abs());
    let offset = i64::try_from(offset.as_secs()).unwrap_or_default();
    let into_the_day = (now.as_second() - offset).rem_euclid(DAY.as_secs());
    let turn = now.saturating_sub(SignedDuration::from_secs(into_the_day)).unwrap_or(Timestamp::MIN);
    let by_then = last.saturating_add(DAY + LATE).unwrap_or(Timestamp::MAX);
    let soon = now.saturating_add(LATE).unwrap_or(Timestamp::MAX);
    last < turn && next_run > by_then.max(soon)
}
