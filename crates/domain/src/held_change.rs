//! Changes that wait for a person.

use jiff::civil::Date;

use crate::{Brake, ContractId, HoldId, PairId, ServiceId};

/// A held change, as an attempt found it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldChange {
    /// The identifier it gets if no hold stands for its target yet.
    pub new_hold: HoldId,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The companies whose counts are in it.
    pub companies: Vec<String>,
    /// Which brake.
    pub brake: Brake,
    /// What Kaseya shows.
    pub from_units: f64,
    /// What waits.
    pub to_units: i32,
    /// From which day.
    pub effective_date: Date,
    /// What it has in common with the other half of a plan switch.
    pub pair: Option<PairId>,
}
