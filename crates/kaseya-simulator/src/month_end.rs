//! Month end: makes invoices per contract from the current units and their history.
//!
//! The vendor says that a change after invoicing gives an extra line on the next invoice, negative for a decrease,
//! and that no invoice consists of negative lines alone. The rest is guesses: periods are whole calendar months,
//! each contract has an invoice of its own, corrections use the line's current price, and cents are rounded per
//! line.

use std::{collections::BTreeMap, mem};

use jiff::{Timestamp, ToSpan, civil::Date};

use crate::{
    Billing, ChargeKind, Contract, ContractStatus, Invoice, InvoiceLine, InvoicedPeriod, Invoicing, Line,
    Posting, State, UnitWrite,
    proration::{Period, Timeline},
};

/// Quantities that differ by less than this are equal: sums of fractions of months are not exact.
const NOTHING: f64 = 1e-6;

impl State {
    /// Posts the month of this day: fixes the charges of each active Recurring Services contract with a period to
    /// be billed with this month. A later change becomes a correction on the next invoice.
    pub fn post(&mut self, month: Date) {
        let mut writes: BTreeMap<i32, Vec<&UnitWrite>> = BTreeMap::new();
        for write in &self.history {
            writes.entry(write.line).or_default().push(write);
        }
        let mut billed: BTreeMap<(i32, Date), f64> = BTreeMap::new();
        let invoiced = self.invoices.iter().flat_map(|invoice| &invoice.lines);
        for line in invoiced.chain(self.posted.iter().flat_map(|posting| &posting.lines)) {
            *billed.entry((line.line, line.period)).or_default() += line.quantity;
        }
        let mut earlier: BTreeMap<i32, Vec<Period>> = BTreeMap::new();
        for billed in self.billed_periods() {
            earlier
                .entry(billed.contract)
                .or_default()
                .push(Period { from: billed.from, until: billed.until });
        }
        let mut posted = Vec::new();
        for contract in &self.contracts {
            let before = earlier.get(&contract.id).map(Vec::as_slice).unwrap_or_default();
            let Some(period) = contract.period(month).filter(|period| !before.contains(period)) else {
                continue;
            };
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
            // What is left out here becomes a correction next time.
            if !lines.iter().any(|line| line.quantity > 0.0) {
                lines.clear();
            }
            let (account, contract) = (contract.account, contract.id);
            let period = InvoicedPeriod { contract, from: period.from, until: period.until };
            posted.push(Posting { account, period, lines });
        }
        self.posted.extend(posted);
    }

    /// The month end of this day's month: posts it, makes and stores an invoice for everything posted, and returns
    /// the new invoices. A second call makes none.
    pub fn invoice(&mut self, month: Date, at: Timestamp) -> Vec<Invoice> {
        self.post(month);
        let first = self.invoices.last().map_or(1, |last| last.id + 1);
        let postings = mem::take(&mut self.posted);
        self.invoiced.extend(postings.iter().map(|posting| posting.period));
        let charged = postings.into_iter().filter(|posting| !posting.lines.is_empty());
        let made: Vec<Invoice> = (first..)
            .zip(charged)
            .map(|(id, Posting { account, period: InvoicedPeriod { contract, from, until }, lines })| {
                Invoice { id, account, contract, made: at, posted_to_accounting: None, from, until, lines }
            })
            .collect();
        self.invoices.extend(made.iter().cloned());
        made
    }

    /// Posts and invoices what the tenant bills by itself at the start of a day.
    pub(crate) fn bill(&mut self, day: Date, at: Timestamp) {
        let Some(month) = day.first_of_month().yesterday().ok() else { return };
        let Invoicing { day: invoice_day, posting_day } = self.behaviour.invoicing;
        let is = |asked: Option<i8>| asked.is_some_and(|asked| day.day() == asked.min(day.days_in_month()));
        if is(posting_day) {
            self.post(month);
        }
        if is(invoice_day) {
            self.invoice(month, at);
        }
    }

    /// The invoiced periods, and those that are only posted.
    pub(crate) fn billed_periods(&self) -> impl Iterator<Item = &InvoicedPeriod> {
        self.invoiced.iter().chain(self.posted.iter().map(|posting| &posting.period))
    }
}

/// The units of a line over time: what it showed before each write, what was written, and what it shows now. A
/// manual edit that left the effective date unchanged counts from that date on.
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

    /// The period billed with this month, if any.
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
