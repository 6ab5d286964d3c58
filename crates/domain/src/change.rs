//! A change of one line.

use jiff::civil::Date;

use crate::{LineId, Rewrite};

/// One line's units, from and to, with its effective date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The line to change.
    pub line: LineId,
    /// The units that Kaseya shows.
    pub from: f64,
    /// The wanted units.
    pub to: u32,
    /// The day from which the change counts.
    pub effective_date: Date,
    /// Whether a person's approval covers it: the brakes let it pass, and so does the run's brake.
    pub approved: bool,
    /// Why it is sent again although Kaseya had our number before: at most once per line and period.
    pub rewrite: Option<Rewrite>,
}
