//! Applies a person's actions on Kaseya's pages to the state.

use crate::{Change, DataError, Line, State};

/// The object of a change was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} {id}")]
pub struct NoSuchThing {
    /// The kind of object.
    pub kind: &'static str,
    /// Its id.
    pub id: i32,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Its object was not found.
    #[error(transparent)]
    NoSuchThing(#[from] NoSuchThing),
    /// The state cannot be stored.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl State {
    /// Applies a person's action.
    ///
    /// # Errors
    /// Its object was not found; nothing is changed then.
    pub fn apply(&mut self, change: &Change) -> Result<(), NoSuchThing> {
        let none_of = |kind, id| move || NoSuchThing { kind, id };
        match *change {
            Change::ContractEnds { contract: id, on } => {
                self.contract_mut(id).ok_or_else(none_of("contract", id))?.end = Some(on);
            }
            Change::ContractBecomes { contract: id, status } => {
                self.contract_mut(id).ok_or_else(none_of("contract", id))?.status = status;
            }
            Change::ContractMoves { contract: id, account } => {
                self.account(account).ok_or_else(none_of("account", account))?;
                self.contract_mut(id).ok_or_else(none_of("contract", id))?.account = account;
            }
            Change::ContractGoes { contract: id } => {
                take(&mut self.contracts, |contract| contract.id == id)
                    .ok_or_else(none_of("contract", id))?;
            }
            Change::LineTwice { contract, line: id } => {
                let free = self.free_line_id();
                let line = self.line_mut(contract, id).ok_or_else(none_of("line", id))?;
                let second = Line { id: free, ..line.clone() };
                self.contract_mut(contract).ok_or_else(none_of("contract", contract))?.lines.push(second);
            }
            Change::LineGoes { contract, line: id } => {
                let lines = &mut self.contract_mut(contract).ok_or_else(none_of("contract", contract))?.lines;
                take(lines, |line| line.id == id).ok_or_else(none_of("line", id))?;
            }
            Change::Units { contract, line: id, units } => {
                self.line_mut(contract, id).ok_or_else(none_of("line", id))?.units = units;
            }
            Change::Price { contract, line: id, unit_price } => {
                self.line_mut(contract, id).ok_or_else(none_of("line", id))?.unit_price = unit_price;
            }
            Change::CountsItself { contract, line: id, units } => {
                self.line_mut(contract, id).ok_or_else(none_of("line", id))?.counts_itself = units;
            }
            Change::AccountBecomes { account: id, active } => {
                let account = self.accounts.iter_mut().find(|account| account.id == id);
                account.ok_or_else(none_of("account", id))?.active = active;
            }
            Change::AccountGoes { account: id } => {
                take(&mut self.accounts, |account| account.id == id).ok_or_else(none_of("account", id))?;
            }
            Change::ServiceBecomes { service: id, active } => {
                let service = self.services.iter_mut().find(|service| service.id == id);
                service.ok_or_else(none_of("service", id))?.active = active;
            }
            Change::ServiceGoes { service: id } => {
                take(&mut self.services, |service| service.id == id).ok_or_else(none_of("service", id))?;
            }
            Change::Password(ref password) => self.login.password.clone_from(password),
        }
        Ok(())
    }
}

/// Removes and returns the first matching row.
fn take<T>(rows: &mut Vec<T>, so: impl Fn(&T) -> bool) -> Option<T> {
    rows.iter().position(so).map(|place| rows.remove(place))
}
