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

    /// The month before the one of an instant.
    pub fn last(now: Timestamp, zone: &TimeZone) -> Self {
        Self::of(zone.to_datetime(now).date()).previous()
    }

    /// Reads what it is written as, such as `2026-02`.
    pub fn parse(text: &str) -> Option<Self> {
        let month = Self(format!("{text}-01").parse().ok()?);
        (month.to_string() == text).then_some(month)
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        self.0
    }

    /// Its last day: the 28th, 29th, 30th or 31st.
    pub fn last_day(self) -> Date {
        self.0.last_of_month()
    }

    /// The month after it.
    pub fn next(self) -> Self {
        Self::of(self.0.saturating_add(1.month()))
    }

    /// The month before it.
    pub fn previous(self) -> Self {
        Self::of(self.0.saturating_sub(1.month()))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}
