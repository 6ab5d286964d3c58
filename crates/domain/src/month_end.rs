//! The month's end: when the last day's count is frozen, and when nothing but the frozen count is sent (S-27 to S-30).
//!
//! Instants in order, for a month M:
//!
//! 1. *M's last day ends* in the provider's zone. From here counts of the next month may arrive; until M is frozen
//!    they are not sent ([`MonthPhase::Closing`]), or M's own number could no longer get M's effective date.
//! 2. *Freeze*: the provider's report of M's last day is final and that day is over, or the stated cut-off hour on day 1
//!    has come. The month-end run pushes the frozen count, again each hour until every company came out of a run with an
//!    outcome that lasts ([`Outcome::lasts`](crate::Outcome::lasts)).
//! 3. *The window* ([`MonthPhase::Frozen`]): only the frozen count is sent, up to the **end** of the invoice day, by
//!    the later of the partner's and the Kaseya tenant's zone (G-09). A nightly sync early on the invoice day would otherwise change the units before the invoice is
//!    made.
//! 4. Afterwards the newest count is sent again ([`MonthPhase::Open`]).
//!
//! Contracts billed in advance have the same window. Their invoice of that day is for the month that has begun, and the
//! frozen count is what the provider charges on its day 1: so count, units and both invoices agree there too. Only the
//! effective date differs (D-12).

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use crate::{InvoiceDay, InvoiceZones, Month, ScheduleError, count_time, local_time, run::names, schedule};

names! {
    /// What froze a month's last count.
    FreezeCause {
        /// The provider marked its report of the last day final.
        ReportFinal = "report_final",
        /// The stated hour on day 1 came first.
        CutOff = "cut_off",
    }
}

/// Which counts may be sent at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonthPhase {
    /// The newest.
    Open,
    /// The month is over and not yet frozen: the newest up to its last day.
    Closing(Month),
    /// The window: the month's frozen count alone.
    Frozen(Month),
}

impl MonthPhase {
    /// The last day whose counts may be sent: the newest count up to it is the one to look up.
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
    /// The provider's zone, and the hour on day 1 at which a month is frozen at the latest.
    pub fn new(provider_zone: &str, cut_off_hour: i64) -> Result<Self, ScheduleError> {
        Ok(Self {
            zone: schedule::parse_zone(provider_zone)?,
            cut_off_hour: schedule::parse_hour(cut_off_hour)?,
        })
    }

    /// The provider's zone: days and months of counts are its days and months.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The hour on day 1 at which a month is frozen at the latest.
    pub fn cut_off_hour(&self) -> i8 {
        self.cut_off_hour
    }

    /// The provider's day at an instant.
    pub fn today(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }

    /// The instant at which a month is frozen at the latest.
    pub fn cut_off(&self, month: Month) -> Timestamp {
        let local = month.next().first_day().at(self.cut_off_hour, 0, 0, 0);
        local_time::place(&self.zone, local).unwrap_or(Timestamp::MAX)
    }

    /// Whether the count of the month's last day is to be frozen now, and why. Another day's is never frozen in its place:
    /// one that has not come by the cut-off is frozen as missing, and added when it comes. A report that calls itself final is
    /// believed once its day is over where the counts are taken (G-07).
    pub fn freezes(&self, month: Month, report_is_final: bool, now: Timestamp) -> Option<FreezeCause> {
        if report_is_final && count_time::day_is_over(month.last_day(), &self.zone, now) {
            Some(FreezeCause::ReportFinal)
        } else {
            (now >= self.cut_off(month)).then_some(FreezeCause::CutOff)
        }
    }

    /// Whether a count of the month's last day was taken in time for it. One that was taken later, of a few companies, is a
    /// stray: it freezes no month.
    pub fn is_in_time(&self, month: Month, counted_at: Timestamp) -> bool {
        counted_at <= self.cut_off(month)
    }

    /// Where a company and product stand at `now`; `frozen_at` says when a month's count of theirs was frozen.
    ///
    /// A month without a frozen count is in its window from the cut-off on: there is no number to send then, and an
    /// older or newer one is not sent in its place. On the invoice day itself its window goes before the next month's: in
    /// February the 28th may last into March.
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

/// The month whose counts the next invoices show: the last one until its window has ended. In arrears and in advance
/// alike, since in both the invoices of a day show the count of the last month's last day.
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

/// The end of the window of a month: the end of the invoice day in the following month, where it ends last.
pub fn window_end<'z>(
    month: Month,
    invoice_day: InvoiceDay,
    zones: impl Into<InvoiceZones<'z>>,
) -> Timestamp {
    let day_after = month.next().first_day().saturating_add(i64::from(invoice_day.get()).days());
    zones.into().day_has_begun(day_after).unwrap_or(Timestamp::MAX)
}
