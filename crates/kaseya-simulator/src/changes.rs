//! What a person does in Kaseya's pages, done to the state.

use crate::{Change, DataError, Line, State};

/// A change of what does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} {id}")]
pub struct NoSuchThing {
    /// Of what kind.
    pub kind: &'static str,
    /// Its id.
    pub id: i32,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is of what does not exist.
    #[error(transparent)]
    NoSuchThing(#[from] NoSuchThing),
    /// The state cannot be kept.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl State {
    /// Does what a person did.
    ///
    /// # Errors
    /// When it is done to what does not exist; nothing is changed then.
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

/// Takes the first row out that is so.
fn take<T>(rows: &mut Vec<T>, so: impl Fn(&T) -> bool) -> Option<T> {
    rows.iter().position(so).map(|place| rows.remove(place))
}
