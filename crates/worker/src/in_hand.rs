//! Contracts in hand.

use std::collections::BTreeSet;

use domain::{IntentResult, SettledIntent};
use messages::job_content::Contract;

use crate::{
    attempt::Interrupted,
    planned::{Planned, PlannedWrite},
};

/// A contract in hand.
pub(crate) struct InHand<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) planned: Planned,
    pub(crate) written: Written,
}

/// The results of a contract's writes.
#[derive(Default)]
pub(crate) struct Written {
    /// The result of every granted change.
    pub(crate) changes: Vec<SettledIntent>,
    /// The targets, by their places, with a change that did not start and no result of their own.
    pub(crate) not_begun: BTreeSet<usize>,
    /// What interrupted the contract, if anything.
    pub(crate) interrupted: Option<Interrupted>,
    /// The effect of each started change: its place among the planned writes, and how sure the effect is.
    pub(crate) begun: Vec<(usize, IntentResult)>,
}

impl Written {
    /// By how much the changes have moved the contract's total; `None` if unknown.
    pub(crate) fn total_moved(&self, writes: &[PlannedWrite]) -> Option<f64> {
        self.begun.iter().try_fold(0.0, |moved, (index, result)| match result {
            IntentResult::Confirmed | IntentResult::Sent => {
                let PlannedWrite { line, change, .. } = &writes[*index];
                Some(moved + (f64::from(change.to) - change.from) * line.unit_price?)
            }
            IntentResult::Refused | IntentResult::NotBegun => Some(moved),
            IntentResult::Unsure => None,
        })
    }
}
