//! A contract as Kaseya shows it beside its lines.

use jiff::{Timestamp, civil::Date};

use crate::ContractId;

/// A contract as a survey or a look-up showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenContract {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// When.
    pub seen_at: Timestamp,
    /// What was shown; `None` when Kaseya does not show it.
    pub shown: Option<ShownContract>,
}

/// What Kaseya shows of a contract beside its lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShownContract {
    /// Its name.
    pub name: String,
    /// The name of its account; `None` where it was only looked up.
    pub account_name: Option<String>,
    /// Its type in Kaseya's words; `None` where it was only looked up.
    pub contract_type: Option<String>,
    /// Whether it is active; `None` where Kaseya's words do not tell.
    pub active: Option<bool>,
    /// How often it bills in Kaseya's words; `None` where it was only looked up.
    pub billing_cycle: Option<String>,
    /// Its first day.
    pub start: Option<Date>,
    /// Its last day, if it has one.
    pub end: Option<Date>,
    /// The total of all its lines; `None` where it was only looked up.
    pub total: Option<f64>,
}
