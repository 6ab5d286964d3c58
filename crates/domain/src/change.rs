//! A change of one line.

use jiff::civil::Date;

use crate::{LineId, Rewrite};

/// One line's units, from and to, with its effective date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Which line.
    pub line: LineId,
    /// What Kaseya shows.
    pub from: f64,
    /// What is wanted.
    pub to: u32,
    /// From which day.
    pub effective_date: Date,
    /// Whether a person's approval covers it: the brakes let it pass, the run's too.
    pub approved: bool,
    /// Why it is sent again, where Kaseya had our number before: at most once per line and period.
    pub rewrite: Option<Rewrite>,
}
