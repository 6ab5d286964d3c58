//! The history of units.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// One write of a line through the API, even if it changed nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitWrite {
    /// When it was applied.
    pub at: Timestamp,
    /// The contract's id.
    pub contract: i32,
    /// The line's id.
    pub line: i32,
    /// The units before.
    pub from: f64,
    /// The first day on which the units before counted.
    #[serde(default)]
    pub from_effective_date: Option<Date>,
    /// The units after.
    pub to: f64,
    /// The first day on which the units after count.
    pub effective_date: Date,
    /// The user that wrote it.
    pub user: String,
}
