//! A contract's terms: its type, its billing cycle and its first day.
//!
//! Only the survey's pages show them. If this run's survey has not shown the contract, an earlier survey's terms
//! stand, because terms hardly change. If no survey has, or its terms block a change, the contract is requested
//! again by its names before anybody is notified.

use domain::{ShownContract, is_not_monthly, is_recurring_services};
use jiff::civil::Date;
use kaseya::BmsError;
use messages::job_content::Contract;

use crate::attempt::Attempt;

/// A contract's terms, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms<'a> {
    contract_type: Option<&'a str>,
    billing_cycle: Option<&'a str>,
    start: Option<Date>,
    /// Whether this run has shown them.
    seen_now: bool,
}

impl<'a> Terms<'a> {
    /// From what this run showed of the contract, otherwise from what an earlier run showed.
    pub(crate) fn at_hand(contract: &'a Contract, shown: &'a ShownContract) -> Self {
        let last = contract.last_shown();
        let cycle = shown.billing_cycle.as_deref();
        Self {
            contract_type: shown
                .contract_type
                .as_deref()
                .or(last.and_then(|last| last.contract_type.as_deref())),
            billing_cycle: cycle.or(last.and_then(|last| last.billing_cycle.as_deref())),
            start: shown.start.or(last.and_then(|last| last.start)),
            // A look-up shows no account.
            seen_now: shown.account_name.is_some(),
        }
    }

    pub(crate) fn start(&self) -> Option<Date> {
        self.start
    }

    /// The billing cycle, if it is not monthly and no person has chosen how the contract is billed.
    pub(crate) fn cycle_to_choose(&self, contract: &Contract) -> Option<&'a str> {
        self.billing_cycle.filter(|cycle| !contract.billing_chosen && is_not_monthly(cycle))
    }

    /// Whether to request them again before a change.
    pub(crate) fn are_in_doubt(&self, contract: &Contract) -> bool {
        let in_order =
            self.contract_type.is_some_and(is_recurring_services) && self.cycle_to_choose(contract).is_none();
        !self.seen_now && !in_order
    }
}

/// The contract with its terms, as Kaseya shows it now; `None` if it is not found under its names.
pub(crate) async fn ask(
    attempt: &Attempt<'_>,
    contract: &Contract,
    shown: &ShownContract,
) -> Result<Option<ShownContract>, BmsError> {
    let name = if shown.name.is_empty() { &contract.name } else { &shown.name };
    let account_name = contract.owner_name.as_deref().or(contract.account_name.as_deref());
    let found = attempt.session.surveyed_contract(contract.id, name, account_name).await?;
    if found.is_none() {
        tracing::warn!(contract_id = contract.id.0, "the contract's terms are not found under its names");
    }
    // Its total is left to the surveys: the total expected of the next survey is based on the one before.
    Ok(found.map(|found| {
        let found = ShownContract::from(found);
        ShownContract { active: found.active.or(shown.active), total: None, ..found }
    }))
}
