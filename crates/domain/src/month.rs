//! Calendar months.

use std::fmt;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

impl Month {
    /// The month of a day.
    pub fn of(day: Date) -> Self {
        Self(day.first_of_month())
    }

    /// The month before the month of an instant.
    pub fn last(now: Timestamp, zone: &TimeZone) -> Self {
        Self::of(zone.to_datetime(now).date()).previous()
    }

    /// Parses the written form, e.g. `2026-02`.
    pub fn parse(text: &str) -> Option<Self> {
        let month = Self(format!("{text}-01").parse().ok()?);
        (month.to_string() == text).then_some(month)
    }

    /// The first day of the month.
    pub fn first_day(self) -> Date {
        self.0
    }

    /// The last day of the month: the 28th, 29th, 30th or 31st.
    pub fn last_day(self) -> Date {
        self.0.last_of_month()
    }

    /// The following month.
    pub fn next(self) -> Self {
        Self::of(self.0.saturating_add(1.month()))
    }

    /// The preceding month.
    pub fn previous(self) -> Self {
        Self::of(self.0.saturating_sub(1.month()))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}
