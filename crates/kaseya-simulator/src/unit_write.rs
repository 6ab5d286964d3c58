//! The history of units.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// One write of a line through the interface, also when it changed nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitWrite {
    /// When it was applied.
    pub at: Timestamp,
    /// On which contract.
    pub contract: i32,
    /// Which line.
    pub line: i32,
    /// The units before.
    pub from: f64,
    /// From which day the units before counted.
    #[serde(default)]
    pub from_effective_date: Option<Date>,
    /// The units after.
    pub to: f64,
    /// From which day.
    pub effective_date: Date,
    /// Who wrote it.
    pub user: String,
}
