//! What a reading of all lines of a contract says of the contract.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{AccountId, ContractId, ServiceId, is_same_total};

/// A contract with all lines read.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractRead {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// When the lines were read.
    pub read_at: Timestamp,
    /// The total in the previous survey, if still valid.
    pub total_before: Option<f64>,
    /// By how much the attempt's changes moved the total; `None` if unknown.
    pub total_moved: Option<f64>,
    /// The name of its account, if that was found to be the mapped one.
    pub owner_name: Option<String>,
    /// The mapped account, if the contract was found among its contracts.
    pub owner_account: Option<AccountId>,
    /// The services that the reading looked for, each with its number of lines.
    pub found: BTreeMap<ServiceId, u32>,
    /// The sum of its lines before any change; `None` if one has no price.
    pub lines_total: Option<f64>,
}

impl ContractRead {
    /// Whether the lines added up to the total before any change; `None` without such a total. A line without a price
    /// leaves the sum unknown, so it is not the total.
    pub fn total_is_sum(&self) -> Option<bool> {
        let is_sum = |total| self.lines_total.is_some_and(|sum| is_same_total(sum, total));
        self.total_before.map(is_sum)
    }
}
