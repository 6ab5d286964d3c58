//! Changes that wait for a person.

use jiff::civil::Date;

use crate::{Brake, ContractId, HoldId, PairId, ServiceId};

/// A held change, as an attempt found it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldChange {
    /// The id for a new hold, used if its target has no hold yet.
    pub new_hold: HoldId,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The companies with counts in the number.
    pub companies: Vec<String>,
    /// The brake that holds the change.
    pub brake: Brake,
    /// The units that Kaseya shows.
    pub from_units: f64,
    /// The units that wait for approval.
    pub to_units: i32,
    /// The day from which the change counts.
    pub effective_date: Date,
    /// The id shared with the other half of a plan switch; `None` if the change is not part of one.
    pub pair: Option<PairId>,
}
