//! Whether a schedule syncs a month's last count before its invoice is made (S-29), in instants.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::{InvoiceDay, Month, MonthEnd, Schedule, local_time};

/// The next invoice, and the schedule's sync that it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoiceOutlook {
    /// The month that is invoiced.
    pub month: Month,
    /// When its last count is frozen at the latest.
    pub frozen_by: Timestamp,
    /// From when on its invoice may be made: the begin of the invoice day where the partner is.
    pub invoiced_from: Timestamp,
    /// The schedule's first sync after the count is frozen.
    pub synced_at: Timestamp,
}

impl InvoiceOutlook {
    /// What is to be expected of the next invoice day that has not begun; `spread` is the partner's own delay. `None` only
    /// beyond the calendar's end.
    pub fn next(
        schedule: &Schedule,
        spread: Duration,
        month_end: &MonthEnd,
        invoice_day: InvoiceDay,
        now: Timestamp,
    ) -> Option<Self> {
        let this_month = Month::of(schedule.zone().to_datetime(now).date());
        let [coming, after] = [this_month.previous(), this_month]
            .map(|month| Some((month, invoiced_from(month, schedule, invoice_day)?)));
        let (month, invoiced_from) = coming.filter(|(_, from)| *from > now).or(after)?;
        let frozen_by = month_end.cut_off(month);
        let spread = SignedDuration::try_from(spread).ok()?;
        let synced = schedule.after_instant(frozen_by.checked_sub(spread).ok()?)?;
        let synced_at = synced.due.checked_add(spread).ok()?;
        Some(Self { month, frozen_by, invoiced_from, synced_at })
    }

    /// Whether the invoice may be made before the schedule has synced the month's last count.
    pub fn is_missed(&self) -> bool {
        self.synced_at >= self.invoiced_from
    }
}

/// The begin of the invoice day that is for a month.
fn invoiced_from(month: Month, schedule: &Schedule, invoice_day: InvoiceDay) -> Option<Timestamp> {
    let day = month.next().first_day().checked_add((i64::from(invoice_day.get()) - 1).days()).ok()?;
    local_time::place(schedule.zone(), day.at(0, 0, 0, 0))
}

#[cfg(test)]
mod tests {
    use crate::{Frequency, Weekday};

    use super::*;

    fn outlook(frequency: Frequency, hour: i64, invoice_day: i8, now: &str) -> InvoiceOutlook {
        let schedule = Schedule::new(frequency, hour, "Europe/Rome").unwrap();
        let month_end = MonthEnd::new("Europe/Rome", 6).unwrap();
        let invoice_day = InvoiceDay::new(invoice_day).unwrap();
        let spread = Duration::from_secs(600);
        InvoiceOutlook::next(&schedule, spread, &month_end, invoice_day, now.parse().unwrap()).unwrap()
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
