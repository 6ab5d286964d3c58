//! A change as a person decided about it (G-12).

use jiff::civil::Date;

use crate::{Brake, Brakes, Change, Month};

/// What a person approved or dismissed: this from, this to, and the month that the change is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecidedChange {
    /// Which brake held it.
    pub brake: Brake,
    /// What the line showed.
    pub from: f64,
    /// What was wanted.
    pub to: u32,
    /// From which day it was to count: the decision ends with that day's month.
    pub effective_date: Date,
}

impl DecidedChange {
    /// Whether the decision is an approval of this change: the same from and month, and a number within the brakes'
    /// tolerance of the approved one.
    pub fn approves(&self, brakes: &Brakes, change: &Change) -> bool {
        self.is_about(change.from, change.effective_date) && brakes.approval_stands(self.to, change.to)
    }

    /// Whether the decision is a dismissal of this very change.
    pub fn dismisses(&self, change: &Change) -> bool {
        self.is_about(change.from, change.effective_date) && self.to == change.to
    }

    /// Whether a change from these units, counting from this day, is the one that was decided about.
    pub fn is_about(&self, from: f64, effective_date: Date) -> bool {
        self.from == from && self.is_for_month_of(effective_date)
    }

    /// Whether a change that counts from this day is for the decision's month.
    pub fn is_for_month_of(&self, effective_date: Date) -> bool {
        Month::of(self.effective_date) == Month::of(effective_date)
    }
}
