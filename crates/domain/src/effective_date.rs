//! The day from which a change counts (D-12).

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{InvoiceDay, InvoiceZones, Month, Remark, month_end::window_end, run::names};

names! {
    /// When a contract is invoiced.
    Billing {
        /// After the period: a month's invoice is made in the next one.
        Arrears = "arrears",
        /// Before the period: a month's invoice is made in that month, on the invoice day.
        Advance = "advance",
    }
}

/// The day from which a count of `count_day` counts `now`, on a contract billed monthly.
///
/// In arrears: the first day of the count's month, and none once that month's window is over. Its invoice is made by
/// then, and a change would have no effect or a wrong one (PER-01). In advance: the first day of the next period not
/// yet billed, which is this month up to the end of its invoice day and the next month after it. On the invoice day
/// we cannot tell whether the invoice is already made: the count sent then is the one for that invoice, and Kaseya
/// charges it either on that invoice or as an extra line of the next. Never before the contract's or the line's own
/// start, where these are known.
pub fn effective_date<'z>(
    billing: Billing,
    invoice_day: InvoiceDay,
    count_day: Date,
    now: Timestamp,
    zones: impl Into<InvoiceZones<'z>>,
    contract_start: Option<Date>,
    line_start: Option<Date>,
) -> Option<Date> {
    let zones = zones.into();
    let today = zones.earlier_date(now);
    let by_rule = match billing {
        Billing::Arrears if now >= window_end(Month::of(count_day), invoice_day, zones) => {
            return None;
        }
        Billing::Arrears => count_day.first_of_month(),
        Billing::Advance if today.day() <= invoice_day.get() => today.first_of_month(),
        Billing::Advance => first_of_next_month(today),
    };
    Some([contract_start, line_start].into_iter().flatten().fold(by_rule, Date::max))
}

/// The remark on a line that holds our number from a later day than its count requires: someone in Kaseya set that
/// day, no change may count before it (D-12), and the earlier days are charged with the units that the line held
/// then. `None` if the line counts early enough, or if its contract begins no earlier.
pub fn later_start(
    service_name: &str,
    line_start: Option<Date>,
    by_rule: Option<Date>,
    contract_start: Option<Date>,
) -> Option<Remark> {
    let (from_day, by_rule) = (line_start?, by_rule?);
    let is_late = from_day > by_rule && contract_start.is_none_or(|start| from_day > start);
    is_late.then(|| Remark::CountsLater { service: service_name.to_owned(), from_day })
}

/// Whether a day has begun wherever Kaseya's tenant may be: its zone is unknown, and the last zone to begin a day is
/// twelve hours behind UTC.
pub fn has_begun_everywhere(day: Date, now: Timestamp) -> bool {
    now.to_zoned(TimeZone::fixed(jiff::tz::offset(-12))).date() >= day
}

fn first_of_next_month(day: Date) -> Date {
    // The day after the last day of a month is the first of the next; only the last month of the calendar has no
    // next.
    day.last_of_month().tomorrow().unwrap_or(day)
}
