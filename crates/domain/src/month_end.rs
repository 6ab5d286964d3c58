//! The month's end: when the last day's count is frozen, and when only the frozen count is sent (S-27 to S-30).
//!
//! Instants in order, for a month M:
//!
//! 1. *M's last day ends* in the provider's zone. Counts of the next month may arrive from now on. Until M is frozen
//!    they are not sent ([`MonthPhase::Closing`]), because M's own number could then no longer get M's effective
//!    date.
//! 2. *Freeze*: the provider's report of M's last day is final and that day is over, or the cut-off hour on day 1 has
//!    come. The month-end run pushes the frozen count, and pushes it again each hour until every company has an
//!    outcome that lasts ([`Outcome::lasts`](crate::Outcome::lasts)).
//! 3. *The window* ([`MonthPhase::Frozen`]): only the frozen count is sent, up to the **end** of the invoice day in
//!    the later of the partner's and the Kaseya tenant's zone (G-09). Otherwise a nightly sync early on the invoice
//!    day would change the units before the invoice is made.
//! 4. After the window the newest count is sent again ([`MonthPhase::Open`]).
//!
//! Contracts billed in advance have the same window. Their invoice of that day is for the month that has begun, and
//! the frozen count is what the provider charges on its day 1, so count, units and both invoices agree there too.
//! Only the effective date differs (D-12).

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use crate::{InvoiceDay, InvoiceZones, Month, ScheduleError, count_time, local_time, run::names, schedule};

names! {
    /// The cause of a month's freeze.
    FreezeCause {
        /// The provider marked its report of the last day final.
        ReportFinal = "report_final",
        /// The cut-off hour on day 1 came first.
        CutOff = "cut_off",
    }
}

/// Which counts may be sent at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonthPhase {
    /// The newest count.
    Open,
    /// The month is over and not yet frozen: the newest count up to its last day.
    Closing(Month),
    /// The window: only the month's frozen count.
    Frozen(Month),
}

impl MonthPhase {
    /// The last day with counts that may be sent; the count to look up is the newest up to this day.
    pub fn last_counted_day(self, today: Date) -> Date {
        match self {
            Self::Open => today,
            Self::Closing(month) | Self::Frozen(month) => month.last_day(),
        }
    }
}

/// The provider's rule for the month's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthEnd {
    zone: TimeZone,
    cut_off_hour: i8,
}

impl MonthEnd {
    /// Takes the provider's zone and the hour on day 1 by which a month is frozen.
    pub fn new(provider_zone: &str, cut_off_hour: i64) -> Result<Self, ScheduleError> {
        Ok(Self {
            zone: schedule::parse_zone(provider_zone)?,
            cut_off_hour: schedule::parse_hour(cut_off_hour)?,
        })
    }

    /// The provider's zone, and the hour on day 1 by which a month is frozen; the settings allow none above 23.
    pub fn of(zone: TimeZone, cut_off_hour: u32) -> Self {
        Self { zone, cut_off_hour: i8::try_from(cut_off_hour.min(23)).unwrap_or(23) }
    }

    /// The provider's zone; the days and months of counts are in it.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The hour on day 1 by which a month is frozen, 0 to 23.
    pub fn cut_off_hour(&self) -> i8 {
        self.cut_off_hour
    }

    /// The provider's local date at an instant.
    pub fn today(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }

    /// The instant by which a month is frozen.
    pub fn cut_off(&self, month: Month) -> Timestamp {
        let local = month.next().first_day().at(self.cut_off_hour, 0, 0, 0);
        local_time::place(&self.zone, local).unwrap_or(Timestamp::MAX)
    }

    /// Whether to freeze the count of the month's last day now, and why. No other day's count is ever frozen in its
    /// place: a count that has not arrived by the cut-off is frozen as missing and added when it arrives. A report
    /// marked final is believed only once its day is over in the zone where the counts are taken (G-07).
    pub fn freezes(&self, month: Month, report_is_final: bool, now: Timestamp) -> Option<FreezeCause> {
        if report_is_final && count_time::day_is_over(month.last_day(), &self.zone, now) {
            Some(FreezeCause::ReportFinal)
        } else {
            (now >= self.cut_off(month)).then_some(FreezeCause::CutOff)
        }
    }

    /// Whether a count of the month's last day was taken in time for the month. A later count, of a few companies, is
    /// a stray: it freezes no month.
    pub fn is_in_time(&self, month: Month, counted_at: Timestamp) -> bool {
        counted_at <= self.cut_off(month)
    }

    /// The phase of a company and product at `now`; `frozen_at` returns when their count of a month was frozen.
    ///
    /// A month without a frozen count is in its window from the cut-off on: there is no number to send then, and no
    /// older or newer one is sent in its place. On the invoice day itself its window takes precedence over the next
    /// month's: the window that ends on the 28th of February may last into March.
    pub fn phase<'z>(
        &self,
        now: Timestamp,
        frozen_at: impl Fn(Month) -> Option<Timestamp>,
        invoice_day: InvoiceDay,
        zones: impl Into<InvoiceZones<'z>>,
    ) -> MonthPhase {
        let zones = zones.into();
        let current = Month::of(self.today(now));
        let earlier = current.previous().previous();
        if now < window_end(earlier, invoice_day, zones) {
            return MonthPhase::Frozen(earlier);
        }
        for month in [current, current.previous()] {
            let opens = self.cut_off(month).min(frozen_at(month).unwrap_or(Timestamp::MAX));
            if now >= opens {
                return if now < window_end(month, invoice_day, zones) {
                    MonthPhase::Frozen(month)
                } else {
                    MonthPhase::Open
                };
            }
            if month != current {
                return MonthPhase::Closing(month);
            }
        }
        MonthPhase::Open
    }
}

/// The month with the counts that the next invoices show: the last month until its window ends. This holds in arrears
/// and in advance, since in both the invoices of a day show the count of the last month's last day.
pub fn invoiced_month<'z>(
    now: Timestamp,
    invoice_day: InvoiceDay,
    zones: impl Into<InvoiceZones<'z>>,
) -> Month {
    let zones = zones.into();
    let current = Month::of(zones.earlier_date(now));
    let last = current.previous();
    if now < window_end(last, invoice_day, zones) { last } else { current }
}

/// When the last invoices were made: the end of the newest window that is over.
pub fn last_invoiced_at<'z>(
    now: Timestamp,
    invoice_day: InvoiceDay,
    zones: impl Into<InvoiceZones<'z>>,
) -> Timestamp {
    let zones = zones.into();
    let month = invoiced_month(now, invoice_day, zones).previous();
    window_end(month, invoice_day, zones)
}

/// The end of a month's window: the end of the invoice day in the following month, in the zone where it ends last.
pub fn window_end<'z>(
    month: Month,
    invoice_day: InvoiceDay,
    zones: impl Into<InvoiceZones<'z>>,
) -> Timestamp {
    let day_after = month.next().first_day().saturating_add(i64::from(invoice_day.get()).days());
    zones.into().day_has_begun(day_after).unwrap_or(Timestamp::MAX)
}
