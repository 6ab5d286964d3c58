//! Changes that wait for a person.

use jiff::civil::Date;

use crate::{Brake, ContractId, HoldId, PairId, ServiceId, run::names};

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

names! {
    /// Where a hold stands.
    HoldState {
        /// It waits for a person.
        Open = "open",
        /// A person lets the change through.
        Approved = "approved",
        /// A person refuses the change.
        Dismissed = "dismissed",
        /// Nothing is held any more: the numbers moved on, or the target is gone.
        Gone = "gone",
        /// The approved change was sent.
        Used = "used",
    }
}

impl HoldState {
    /// Whether a hold in this state may come to stand in another one. A decision is asked for again once other numbers are
    /// held, and an approval can be taken back until it is used.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Open => matches!(next, Self::Approved | Self::Dismissed | Self::Gone),
            Self::Approved => matches!(next, Self::Open | Self::Dismissed | Self::Gone | Self::Used),
            Self::Dismissed => matches!(next, Self::Open | Self::Gone),
            Self::Gone | Self::Used => false,
        }
    }
}
