//! Contracts that are being worked on.

use std::collections::BTreeSet;

use messages::v1::{self, ChangeResult};

use crate::{
    attempt::Interrupted,
    content::Contract,
    planned::{Planned, PlannedWrite},
};

/// A contract that is being worked on.
pub(crate) struct InHand<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) planned: Planned,
    pub(crate) written: Written,
}

/// What became of a contract's writes.
#[derive(Default)]
pub(crate) struct Written {
    /// Every granted change.
    pub(crate) changes: Vec<v1::ChangeDone>,
    /// The targets, by their places, whose change was not begun and has no result of its own.
    pub(crate) not_begun: BTreeSet<usize>,
    /// What kept the contract from being worked on to its end, if anything.
    pub(crate) interrupted: Option<Interrupted>,
    /// What each begun change has done to its line: its place among the planned writes, and whether that is known.
    pub(crate) begun: Vec<(usize, ChangeResult)>,
}

impl Written {
    /// By how much the changes have moved the contract's total; `None` when that is not known.
    pub(crate) fn total_moved(&self, writes: &[PlannedWrite]) -> Option<f64> {
        self.begun.iter().try_fold(0.0, |moved, (index, result)| match result {
            ChangeResult::Confirmed | ChangeResult::Sent => {
                let PlannedWrite { line, change, .. } = &writes[*index];
                Some(moved + (f64::from(change.to) - change.from) * line.unit_price?)
            }
            ChangeResult::Refused | ChangeResult::NotBegun => Some(moved),
            ChangeResult::Unsure | ChangeResult::Unspecified => None,
        })
    }
}
