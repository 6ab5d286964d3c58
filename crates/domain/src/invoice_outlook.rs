//! Whether a month's last count is in Kaseya before its invoice is made (S-29), in instants: through the schedule or
//! through the month-end run.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};

use crate::{InvoiceDay, InvoiceZones, Month, MonthEnd, Schedule};

/// The next invoice, and the scheduled sync that it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoiceOutlook {
    /// The invoiced month.
    pub month: Month,
    /// The instant by which its last count is frozen.
    pub frozen_by: Timestamp,
    /// The earliest instant of its invoice: the start of the invoice day in the partner's zone, or in Kaseya's if it
    /// begins there first.
    pub invoiced_from: Timestamp,
    /// The schedule's first sync after the count is frozen.
    pub synced_at: Timestamp,
    /// The instant by which the month-end run pushes it; `None` if that run is off.
    pub pushed_at: Option<Timestamp>,
}

/// How a month's last count reaches Kaseya.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceTiming {
    /// The schedule brings it in time.
    Schedule,
    /// The schedule is too late; the month-end run is in time.
    MonthEnd,
    /// Neither is in time.
    Missed,
}

impl InvoiceOutlook {
    /// The outlook for the next invoice day that has not begun; `spread` is the partner's own delay. `None` only
    /// beyond the calendar's end.
    pub fn next(
        schedule: &Schedule,
        spread: Duration,
        month_end: &MonthEnd,
        invoice_day: InvoiceDay,
        month_end_run: bool,
        kaseya_zone: Option<&TimeZone>,
        now: Timestamp,
    ) -> Option<Self> {
        let zones = InvoiceZones::new(schedule.zone(), kaseya_zone);
        let this_month = Month::of(schedule.zone().to_datetime(now).date());
        // If Kaseya is ahead, the invoice day of this month may begin before the month is over.
        let (month, invoiced_from) = [this_month.previous(), this_month, this_month.next()]
            .into_iter()
            .filter_map(|month| Some((month, invoiced_from(month, zones, invoice_day)?)))
            .find(|(_, from)| *from > now)?;
        let frozen_by = month_end.cut_off(month);
        let spread = SignedDuration::try_from(spread).ok()?;
        let synced = schedule.after_instant(frozen_by.checked_sub(spread).ok()?)?;
        let synced_at = synced.due.checked_add(spread).ok()?;
        Some(Self {
            month,
            frozen_by,
            invoiced_from,
            synced_at,
            pushed_at: month_end_run.then_some(frozen_by),
        })
    }

    /// The instant by which the count is on its way to Kaseya.
    pub fn arrives_at(&self) -> Timestamp {
        self.pushed_at.map_or(self.synced_at, |pushed| pushed.min(self.synced_at))
    }

    /// How the count reaches Kaseya.
    pub fn timing(&self) -> InvoiceTiming {
        if self.synced_at < self.invoiced_from {
            InvoiceTiming::Schedule
        } else if self.arrives_at() < self.invoiced_from {
            InvoiceTiming::MonthEnd
        } else {
            InvoiceTiming::Missed
        }
    }

    /// Whether the invoice may be made before the month's last count is in Kaseya.
    pub fn is_missed(&self) -> bool {
        self.timing() == InvoiceTiming::Missed
    }

    /// The first invoice day that begins after the count has arrived; `None` if no day of the month does.
    pub fn first_day_in_time<'z>(&self, zones: impl Into<InvoiceZones<'z>>) -> Option<InvoiceDay> {
        let zones = zones.into();
        let begins_later = |day: &InvoiceDay| {
            invoiced_from(self.month, zones, *day).is_some_and(|from| from > self.arrives_at())
        };
        (1..=28).filter_map(InvoiceDay::new).find(begins_later)
    }
}

/// The start of the invoice day of a month.
fn invoiced_from(month: Month, zones: InvoiceZones, invoice_day: InvoiceDay) -> Option<Timestamp> {
    let day = month.next().first_day().checked_add((i64::from(invoice_day.get()) - 1).days()).ok()?;
    zones.day_begins(day)
}

#[cfg(test)]
mod tests {
    use crate::{Frequency, Weekday};

    use super::*;

    fn outlook(frequency: Frequency, hour: i64, invoice_day: i8, now: &str) -> InvoiceOutlook {
        outlook_with(frequency, hour, invoice_day, false, now)
    }

    fn outlook_with(
        frequency: Frequency,
        hour: i64,
        invoice_day: i8,
        month_end_run: bool,
        now: &str,
    ) -> InvoiceOutlook {
        let schedule = Schedule::new(frequency, hour, "Europe/Rome").unwrap();
        let month_end = MonthEnd::new("Europe/Rome", 6).unwrap();
        let invoice_day = InvoiceDay::new(invoice_day).unwrap();
        let spread = Duration::from_secs(600);
        let now = now.parse().unwrap();
        InvoiceOutlook::next(&schedule, spread, &month_end, invoice_day, month_end_run, None, now).unwrap()
    }

    #[test]
    fn case_c6_the_defaults_of_a_new_partner_are_missed_whatever_the_schedule() {
        let zone = TimeZone::get("Europe/Rome").unwrap();
        for hour in 0..24 {
            let defaults = outlook_with(Frequency::Daily, hour, 1, true, "2026-11-23T10:00:00Z");
            assert_eq!(
                (defaults.timing(), defaults.pushed_at),
                (InvoiceTiming::Missed, Some(defaults.frozen_by))
            );
            assert_eq!(defaults.first_day_in_time(&zone), InvoiceDay::new(2), "{hour}");
        }
        // The suggested day is in time.
        let second = outlook_with(Frequency::Daily, 12, 2, true, "2026-11-23T10:00:00Z");
        assert_eq!(second.timing(), InvoiceTiming::Schedule);
        let weekly = outlook_with(Frequency::Weekly(Weekday::Monday), 2, 2, true, "2026-11-23T10:00:00Z");
        assert_eq!(weekly.timing(), InvoiceTiming::MonthEnd);
        // Without the run only the schedule brings it: on Monday the 7th.
        let weekly = outlook(Frequency::Weekly(Weekday::Monday), 2, 2, "2026-11-23T10:00:00Z");
        assert_eq!(
            (weekly.timing(), weekly.first_day_in_time(&zone)),
            (InvoiceTiming::Missed, InvoiceDay::new(8))
        );
    }

    #[test]
    fn s_29_a_sync_between_freeze_and_invoice_day_is_in_time_and_told_in_instants() {
        let daily = outlook(Frequency::Daily, 2, 5, "2026-11-23T10:00:00Z");
        let instants = [daily.frozen_by, daily.invoiced_from, daily.synced_at].map(|at| at.to_string());
        assert_eq!(instants, ["2026-12-01T05:00:00Z", "2026-12-04T23:00:00Z", "2026-12-02T01:10:00Z"]);
        assert_eq!((daily.month.to_string().as_str(), daily.is_missed()), ("2026-11", false));
    }

    #[test]
    fn s_29_a_weekly_sync_after_the_invoice_day_and_an_invoice_day_before_the_freeze_are_missed() {
        // 1 December 2026 is a Tuesday.
        assert!(outlook(Frequency::Weekly(Weekday::Monday), 2, 5, "2026-11-23T10:00:00Z").is_missed());
        assert!(!outlook(Frequency::Weekly(Weekday::Thursday), 2, 5, "2026-11-23T10:00:00Z").is_missed());
        assert!(outlook(Frequency::Daily, 2, 1, "2026-11-23T10:00:00Z").is_missed());
    }

    #[test]
    fn s_29_once_the_invoice_day_has_begun_the_next_one_counts() {
        let before = outlook(Frequency::Daily, 2, 5, "2026-12-04T22:59:59Z");
        let after = outlook(Frequency::Daily, 2, 5, "2026-12-04T23:00:00Z");
        assert_eq!((before.month.to_string(), after.month.to_string()), ("2026-11".into(), "2026-12".into()));
    }
}
