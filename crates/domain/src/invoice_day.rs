//! The invoice day.

/// The day of the month on which Kaseya's invoices are made, 1 to 28.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoiceDay(i8);

impl InvoiceDay {
    /// `None` outside 1 to 28: later days do not exist in every month.
    pub fn new(day: i8) -> Option<Self> {
        (1..=28).contains(&day).then_some(Self(day))
    }

    /// The day of the month, 1 to 28.
    pub fn get(self) -> i8 {
        self.0
    }
}
