//! A contract as Kaseya shows it, without its lines.

use jiff::{Timestamp, civil::Date};

use crate::ContractId;

/// A contract as a survey or a look-up showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenContract {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// When Kaseya showed the contract.
    pub seen_at: Timestamp,
    /// The contract's fields; `None` if Kaseya does not show the contract.
    pub shown: Option<ShownContract>,
}

/// What Kaseya shows of a contract apart from its lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShownContract {
    /// The contract's name in Kaseya.
    pub name: String,
    /// The name of its account; `None` if the contract was only looked up.
    pub account_name: Option<String>,
    /// Its type in Kaseya's words; `None` if the contract was only looked up.
    pub contract_type: Option<String>,
    /// Whether the contract is active; `None` if Kaseya's words do not tell.
    pub active: Option<bool>,
    /// Its billing cycle in Kaseya's words; `None` if the contract was only looked up.
    pub billing_cycle: Option<String>,
    /// The contract's first day.
    pub start: Option<Date>,
    /// The contract's last day, if it has one.
    pub end: Option<Date>,
    /// The total of all its lines; `None` if the contract was only looked up.
    pub total: Option<f64>,
}
