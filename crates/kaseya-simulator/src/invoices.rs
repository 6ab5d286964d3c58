//! A month end: invoices per contract, made from the units as they stand and their history.
//!
//! The vendor says that a change after invoicing gives an extra line on the next invoice, negative for a decrease, and
//! that no invoice is made of negative lines alone. That periods are whole months of the calendar, that each contract
//! has an invoice of its own, that corrections take the line's present price, and cents are rounded per line: guesses.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Contract, ContractStatus, Line, State, UnitWrite,
    proration::{Period, Timeline},
};

/// Below this, two quantities are one: sums of parts of months are not exact.
const NOTHING: f64 = 1e-6;

/// When a contract bills a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Billing {
    /// After its end.
    #[default]
    Arrears,
    /// Before its beginning.
    Advance,
}

/// What was charged to an account for one contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    /// Kaseya's id.
    pub id: i32,
    /// The account that pays.
    pub account: i32,
    /// The contract.
    pub contract: i32,
    /// When it was made.
    pub made: Timestamp,
    /// The first day of its period.
    pub from: Date,
    /// The first day after its period.
    pub until: Date,
    /// What is charged.
    pub lines: Vec<InvoiceLine>,
}

/// One charge on an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLine {
    /// The line of the contract.
    pub line: i32,
    /// The service it sells.
    pub service: i32,
    /// Why it is there.
    pub kind: ChargeKind,
    /// The first day of the period that it charges, this invoice's or an earlier one's.
    pub period: Date,
    /// The first day that is charged.
    pub from: Date,
    /// Units times the part of the period.
    pub quantity: f64,
    /// What one unit is sold for.
    pub unit_price: f64,
    /// Quantity times price, in whole cents.
    pub amount: f64,
}

/// Why a charge is on an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChargeKind {
    /// The units at the period's beginning.
    Recurring,
    /// A change inside the period.
    Proration,
    /// A change in a period that had been invoiced before.
    Correction,
}

/// A period of a contract that has been invoiced, also when nothing was to be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoicedPeriod {
    /// The contract.
    pub contract: i32,
    /// The first day.
    pub from: Date,
    /// The first day after it.
    pub until: Date,
}

impl State {
    /// The month end of the month that this day is in: makes and keeps an invoice for each active Recurring Services
    /// contract that has a period to be billed with this month, and gives the new ones. Doing it again makes none.
    pub fn invoice(&mut self, month: Date, at: Timestamp) -> Vec<Invoice> {
        let mut made = Vec::new();
        let mut periods = Vec::new();
        let mut writes: BTreeMap<i32, Vec<&UnitWrite>> = BTreeMap::new();
        for write in &self.history {
            writes.entry(write.line).or_default().push(write);
        }
        let mut billed: BTreeMap<(i32, Date), f64> = BTreeMap::new();
        for line in self.invoices.iter().flat_map(|invoice| &invoice.lines) {
            *billed.entry((line.line, line.period)).or_default() += line.quantity;
        }
        let mut earlier: BTreeMap<i32, Vec<Period>> = BTreeMap::new();
        for invoiced in &self.invoiced {
            let period = Period { from: invoiced.from, until: invoiced.until };
            earlier.entry(invoiced.contract).or_default().push(period);
        }
        let mut id = self.invoices.last().map_or(1, |last| last.id + 1);
        for contract in &self.contracts {
            let before = earlier.get(&contract.id).map(Vec::as_slice).unwrap_or_default();
            let Some(period) = contract.period(month).filter(|period| !before.contains(period)) else {
                continue;
            };
            periods.push(InvoicedPeriod { contract: contract.id, from: period.from, until: period.until });
            let mut lines = Vec::new();
            for line in &contract.lines {
                let history = writes.get(&line.id).map(Vec::as_slice).unwrap_or_default();
                let timeline = timeline(contract, line, history);
                for (index, charge) in timeline.charges(period, contract.runs()).into_iter().enumerate() {
                    let kind = if index == 0 { ChargeKind::Recurring } else { ChargeKind::Proration };
                    lines.push(charged(line, kind, period.from, charge.from, charge.quantity));
                }
                for period in before {
                    let due = timeline.quantity(*period, contract.runs());
                    let quantity = due - billed.get(&(line.id, period.from)).copied().unwrap_or_default();
                    lines.push(charged(line, ChargeKind::Correction, period.from, period.from, quantity));
                }
            }
            lines.retain(|line| line.quantity.abs() > NOTHING);
            // What is left out here is a correction next time.
            if lines.iter().any(|line| line.quantity > 0.0) {
                let (account, contract) = (contract.account, contract.id);
                let Period { from, until } = period;
                made.push(Invoice { id, account, contract, made: at, from, until, lines });
                id += 1;
            }
        }
        self.invoiced.extend(periods);
        self.invoices.extend(made.iter().cloned());
        made
    }
}

/// The units of a line over time: what it showed before each write, what was written, and what it shows now. An edit
/// by hand that left the effective date as it was counts from that date on.
fn timeline(contract: &Contract, line: &Line, history: &[&UnitWrite]) -> Timeline {
    let mut timeline = Timeline::new(0.0);
    for write in history {
        timeline.set(write.from_effective_date.unwrap_or(contract.start), write.from);
        timeline.set(write.effective_date, write.to);
    }
    timeline.set(line.effective_date, line.units);
    timeline
}

fn charged(line: &Line, kind: ChargeKind, period: Date, from: Date, quantity: f64) -> InvoiceLine {
    let amount = (quantity * line.unit_price * 100.0).round() / 100.0;
    let (id, service, unit_price) = (line.id, line.service, line.unit_price);
    InvoiceLine { line: id, service, kind, period, from, quantity, unit_price, amount }
}

impl Contract {
    /// The days on which it runs.
    fn runs(&self) -> Period {
        let until = self.end.map_or(Date::MAX, |end| end.saturating_add(1.day()));
        Period { from: self.start, until }
    }

    /// The period that is billed with this month, if one is.
    fn period(&self, month: Date) -> Option<Period> {
        let months = match self.billing_cycle.as_str() {
            "Monthly" => 1,
            "Quarterly" => 3,
            "Yearly" => 12,
            _ => return None,
        };
        let bills = self.status == ContractStatus::Active && self.contract_type == "Recurring Services";
        let next = month.first_of_month().saturating_add(1.month());
        let count = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
        if !bills || (count(next) - count(self.start)).rem_euclid(months) != 0 {
            return None;
        }
        Some(match self.billing {
            Billing::Arrears => Period { from: next.saturating_sub(months.months()), until: next },
            Billing::Advance => Period { from: next, until: next.saturating_add(months.months()) },
        })
    }
}
