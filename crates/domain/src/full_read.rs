//! When to read every line, whatever a contract's total says.
//!
//! A total only tells that the lines together are still worth the same. Each line is therefore read in the 24 hours
//! before the invoice day, and on a slow cycle in between.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};

use crate::{ContractId, InvoiceDay, InvoiceZones};

/// The longest that a line stays unread. Each contract's own cycle is between half of this and all of it, so
/// contracts that were all read in one night do not all come due in one night.
pub const READ_EVERY: Duration = Duration::from_secs(28 * 24 * 3600);

/// The instant since which a line must have been seen to count against another contract that shows its id. Each
/// synced contract is read within [`READ_EVERY`]; the extra day allows for late runs.
pub fn lines_count_since(now: Timestamp) -> Timestamp {
    now.saturating_sub(READ_EVERY + Duration::from_secs(24 * 3600)).unwrap_or(Timestamp::MIN)
}

/// The time before an invoice day in which every line is read.
const BEFORE_INVOICES: SignedDuration = SignedDuration::from_hours(24);

/// The invoice day of the window that contains `now`, and the instant at which that window began: 24 hours before the
/// day
/// begins in the zone where it begins first. The window lasts to the day's end in the zone where it ends last.
pub fn full_read_window<'z>(
    invoice_day: InvoiceDay,
    now: Timestamp,
    zones: impl Into<InvoiceZones<'z>>,
) -> Option<(Date, Timestamp)> {
    let zones = zones.into();
    // Zones are up to two dates apart, and a day's window begins on the date before it.
    (0..=3).find_map(|ahead| {
        let day = zones.earlier_date(now).saturating_add(i64::from(ahead).days());
        let begins = zones.day_begins(day)? - BEFORE_INVOICES;
        (day.day() == invoice_day.get() && begins <= now).then_some((day, begins))
    })
}

/// Whether to read a contract's lines now: they were never read, not since the window began, or not within the
/// contract's own cycle.
pub fn read_is_due(
    read_at: Option<Timestamp>,
    contract: ContractId,
    window_begun: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    let Some(read_at) = read_at else { return true };
    let in_window = window_begun.is_some_and(|begun| read_at < begun);
    let unread = now.duration_since(read_at);
    in_window || unread >= own_cycle(contract)
}

/// Half to all of [`READ_EVERY`], depending on the contract's number.
fn own_cycle(contract: ContractId) -> SignedDuration {
    let half = READ_EVERY.as_secs() / 2;
    // Ids are assigned in sequence: a multiplication scatters neighbours over the cycle.
    let scattered = u64::from(contract.0.unsigned_abs()).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let seconds = half + scattered * half / (1 << 32);
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}
