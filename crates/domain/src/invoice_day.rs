//! The invoice day.

use std::ops::RangeInclusive;

/// The day of the month on which Kaseya's invoices are made, 1 to 28.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoiceDay(i8);

impl InvoiceDay {
    /// The first day of the month.
    pub const FIRST: Self = Self(1);

    /// The days that exist in every month.
    pub const RANGE: RangeInclusive<i8> = 1..=28;

    /// `None` outside 1 to 28: later days do not exist in every month.
    pub fn new(day: i8) -> Option<Self> {
        Self::RANGE.contains(&day).then_some(Self(day))
    }

    /// The day of the month, 1 to 28.
    pub fn get(self) -> i8 {
        self.0
    }
}
