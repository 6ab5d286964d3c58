//! A change with a person's decision (G-12).

use jiff::civil::Date;

use crate::{Brake, Brakes, Change, Month};

/// What a person approved or dismissed: the units before and after, and the month of the change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecidedChange {
    /// The brake that held the change.
    pub brake: Brake,
    /// The units that the line showed.
    pub from: f64,
    /// The wanted units.
    pub to: u32,
    /// The day from which the change would count: the decision ends with that day's month.
    pub effective_date: Date,
}

impl DecidedChange {
    /// Whether the decision approves this change: the same units before, the same month, and a number within the
    /// brakes' tolerance of the approved one.
    pub fn approves(&self, brakes: &Brakes, change: &Change) -> bool {
        self.is_about(change.from, change.effective_date) && brakes.approval_stands(self.to, change.to)
    }

    /// Whether the decision dismisses exactly this change.
    pub fn dismisses(&self, change: &Change) -> bool {
        self.is_about(change.from, change.effective_date) && self.to == change.to
    }

    /// Whether the decision is about a change from these units with this effective date.
    pub fn is_about(&self, from: f64, effective_date: Date) -> bool {
        self.from == from && self.is_for_month_of(effective_date)
    }

    /// Whether a change with this effective date belongs to the decision's month.
    pub fn is_for_month_of(&self, effective_date: Date) -> bool {
        Month::of(self.effective_date) == Month::of(effective_date)
    }
}
