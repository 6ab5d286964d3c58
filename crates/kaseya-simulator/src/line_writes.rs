//! Lines written through the interfaces, and the history of that.

use jiff::{Timestamp, civil::Date};
use serde_json::Map;

use crate::{Contract, ContractStatus, Line, State, UnitWrite};

/// Why a line was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteRefused {
    /// There is no such contract.
    #[error("there is no such contract")]
    UnknownContract,
    /// The contract has no such line.
    #[error("the contract has no such line")]
    UnknownLine,
    /// The catalogue has no such service.
    #[error("ServiceId is not valid")]
    UnknownService,
    /// A line sells one service for ever.
    #[error("the service of a line cannot be changed")]
    OtherService,
    /// Units are whole numbers.
    #[error("Units must be a whole number")]
    Fraction,
    /// The tenant takes no zero.
    #[error("Units must not be zero")]
    Zero,
    /// The tenant takes no negative units.
    #[error("Units must not be negative")]
    Negative,
    /// The tenant takes no writes on a contract that is not active.
    #[error("The contract is not active")]
    InactiveContract,
    /// The tenant takes no writes on a contract that has ended.
    #[error("The contract has ended")]
    EndedContract,
    /// The tenant takes no effective date in a period that is posted or invoiced.
    #[error("EffectiveDate is in a period that is closed for billing")]
    BilledPeriod,
}

/// A line that is to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLine {
    /// The service it sells.
    pub service: i32,
    /// The name on the invoice; without one the service's.
    pub service_name: Option<String>,
    /// The text on the invoice.
    pub service_description: Option<String>,
    /// How many.
    pub units: f64,
    /// What one unit is sold for here.
    pub unit_price: f64,
    /// What one unit costs here.
    pub unit_cost: f64,
    /// From which day the units count.
    pub effective_date: Date,
    /// Its place on the invoice.
    pub sort_order: i32,
}

impl State {
    /// Replaces the line of the same id, as a write through the interface does, and records it.
    ///
    /// # Errors
    /// When contract or line is unknown, the service is another, or the units, the contract or the
    /// effective date are not such as the tenant takes.
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

    /// Adds a service to a contract, as V2 does: a second line when it is there already, unless the tenant adds in place;
    /// records it, and gives the line's id.
    ///
    /// # Errors
    /// When the contract or the service is unknown, or the units are not taken.
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
