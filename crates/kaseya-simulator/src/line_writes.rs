//! Writes of lines through the API, and their history.

use jiff::{Timestamp, civil::Date};
use serde_json::Map;

use crate::{Contract, ContractStatus, Line, State, UnitWrite};

/// Why a line was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteRefused {
    /// The contract was not found.
    #[error("there is no such contract")]
    UnknownContract,
    /// The contract has no line with this id.
    #[error("the contract has no such line")]
    UnknownLine,
    /// The catalogue has no service with this id.
    #[error("ServiceId is not valid")]
    UnknownService,
    /// A line's service never changes.
    #[error("the service of a line cannot be changed")]
    OtherService,
    /// Units must be whole numbers.
    #[error("Units must be a whole number")]
    Fraction,
    /// The tenant does not accept zero units.
    #[error("Units must not be zero")]
    Zero,
    /// The tenant does not accept negative units.
    #[error("Units must not be negative")]
    Negative,
    /// The tenant does not accept writes on an inactive contract.
    #[error("The contract is not active")]
    InactiveContract,
    /// The tenant does not accept writes on a contract that has ended.
    #[error("The contract has ended")]
    EndedContract,
    /// The tenant does not accept an effective date in a posted or invoiced period.
    #[error("EffectiveDate is in a period that is closed for billing")]
    BilledPeriod,
}

/// A line to add.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLine {
    /// The id of the service it sells.
    pub service: i32,
    /// The name on the invoice; if absent, the service's.
    pub service_name: Option<String>,
    /// The text on the invoice.
    pub service_description: Option<String>,
    /// The number of units.
    pub units: f64,
    /// The price of one unit on this line.
    pub unit_price: f64,
    /// The cost of one unit on this line.
    pub unit_cost: f64,
    /// The first day on which the units count.
    pub effective_date: Date,
    /// Its position on the invoice.
    pub sort_order: i32,
}

impl State {
    /// Replaces the line with the same id, as a write through the API does, and records it.
    ///
    /// # Errors
    /// The contract or line is unknown, the service is a different one, or the tenant does not accept the units,
    /// the contract or the effective date.
    pub fn write_line(
        &mut self,
        contract: i32,
        line: Line,
        at: Timestamp,
        user: &str,
    ) -> Result<(), WriteRefused> {
        let today = self.day(at);
        let owner = self.contract(contract).ok_or(WriteRefused::UnknownContract)?;
        self.may_be_written(owner, line.units, line.effective_date, today)?;
        let owner = self.contract_mut(contract).ok_or(WriteRefused::UnknownContract)?;
        let present =
            owner.lines.iter_mut().find(|present| present.id == line.id).ok_or(WriteRefused::UnknownLine)?;
        if present.service != line.service {
            return Err(WriteRefused::OtherService);
        }
        let write = UnitWrite {
            at,
            contract,
            line: line.id,
            from: present.units,
            from_effective_date: Some(present.effective_date),
            to: line.units,
            effective_date: line.effective_date,
            user: user.to_owned(),
        };
        let in_force = present.on(today);
        *present = line;
        present.until_then = (present.effective_date > today).then_some(in_force);
        self.history.push(write);
        Ok(())
    }

    /// Adds a service to a contract, as V2 does: a second line if it is there already, unless the tenant adds in
    /// place. Records the write and returns the line's id.
    ///
    /// # Errors
    /// The contract or the service is unknown, or the units are not accepted.
    pub fn add_line(
        &mut self,
        contract: i32,
        new: NewLine,
        at: Timestamp,
        user: &str,
    ) -> Result<i32, WriteRefused> {
        let owner = self.contract(contract).ok_or(WriteRefused::UnknownContract)?;
        let sold = self.service(new.service).ok_or(WriteRefused::UnknownService)?;
        let present = owner.lines.iter().find(|line| line.service == new.service);
        if let Some(present) = present.filter(|_| self.behaviour.lines.adds_in_place) {
            let (units, effective_date) = (new.units, new.effective_date);
            let line = Line { units, effective_date, until_then: None, ..present.clone() };
            let id = line.id;
            return self.write_line(contract, line, at, user).map(|()| id);
        }
        self.may_be_written(owner, new.units, new.effective_date, self.day(at))?;
        let line = Line {
            id: self.free_line_id(),
            service: new.service,
            service_name: new.service_name.or_else(|| Some(sold.name.clone())),
            service_description: new.service_description,
            units: new.units,
            unit_price: new.unit_price,
            unit_cost: new.unit_cost,
            effective_date: new.effective_date,
            sort_order: Some(new.sort_order),
            extras: Map::new(),
            until_then: None,
            counts_itself: None,
        };
        self.history.push(UnitWrite {
            at,
            contract,
            line: line.id,
            from: 0.0,
            from_effective_date: None,
            to: line.units,
            effective_date: line.effective_date,
            user: user.to_owned(),
        });
        let id = line.id;
        self.contract_mut(contract).ok_or(WriteRefused::UnknownContract)?.lines.push(line);
        Ok(id)
    }

    fn may_be_written(
        &self,
        contract: &Contract,
        units: f64,
        effective_date: Date,
        today: Date,
    ) -> Result<(), WriteRefused> {
        let rules = &self.behaviour.lines;
        let mut billed = self.billed_periods().filter(|period| period.contract == contract.id);
        if units < 0.0 && !rules.takes_negative {
            Err(WriteRefused::Negative)
        } else if units == 0.0 && rules.refuses_zero {
            Err(WriteRefused::Zero)
        } else if units.fract() != 0.0 {
            Err(WriteRefused::Fraction)
        } else if rules.refuses_inactive && contract.status == ContractStatus::Inactive {
            Err(WriteRefused::InactiveContract)
        } else if rules.refuses_ended && contract.end.is_some_and(|end| end < today) {
            Err(WriteRefused::EndedContract)
        } else if rules.refuses_billed_periods && billed.any(|period| effective_date < period.until) {
            Err(WriteRefused::BilledPeriod)
        } else {
            Ok(())
        }
    }
}
