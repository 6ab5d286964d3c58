//! When every line is read, whatever a contract's total says.
//!
//! A total tells only that the lines together are worth what they were. So each line is read in the 24 hours before the
//! invoice day, and on a slow cycle in between.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use crate::{ContractId, InvoiceDay, local_time};

/// No line stays unread for longer. Each contract's own cycle is between half of it and all of it, so that contracts that
/// were all read in one night do not all come due in one.
pub const READ_EVERY: Duration = Duration::from_secs(28 * 24 * 3600);

/// The hours before an invoice day in which every line is read.
const BEFORE_INVOICES: SignedDuration = SignedDuration::from_hours(24);

/// The invoice day in whose window `now` is, and the instant at which that window has begun: 24 hours before the day's
/// first instant. The window goes on to the day's end.
pub fn full_read_window(
    invoice_day: InvoiceDay,
    now: Timestamp,
    partner_zone: &TimeZone,
) -> Option<(Date, Timestamp)> {
    let today = partner_zone.to_datetime(now).date();
    [today, today.saturating_add(1.day())].into_iter().find_map(|day| {
        let begins = local_time::place(partner_zone, day.at(0, 0, 0, 0))? - BEFORE_INVOICES;
        (day.day() == invoice_day.get() && begins <= now).then_some((day, begins))
    })
}

/// Whether a contract's lines are to be read now: they never were, not since the window began, or not for the contract's
/// own cycle.
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

/// From half of [`READ_EVERY`] on, by the contract's number.
fn own_cycle(contract: ContractId) -> SignedDuration {
    let half = READ_EVERY.as_secs() / 2;
    // Ids are handed out one after the other: a multiplication scatters neighbours over the cycle.
    let scattered = u64::from(contract.0.unsigned_abs()).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let seconds = half + scattered * half / (1 << 32);
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}
