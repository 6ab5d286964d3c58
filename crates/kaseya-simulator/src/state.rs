//! The content of a tenant: accounts, services, contracts, their lines, and the history of their units.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Behaviour, Billing, ContractStatus, Invoice, InvoicedPeriod, Invoicing, Posting, UnitWrite};

/// The complete content of one tenant. It may be edited by hand; the history records only writes through the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The only login that is accepted.
    pub login: Login,
    /// The tenant's IANA time zone, which decides what "today" is.
    pub time_zone: String,
    /// The clients.
    pub accounts: Vec<Account>,
    /// The catalogue of sellable items.
    pub services: Vec<Service>,
    /// The agreements with their lines.
    pub contracts: Vec<Contract>,
    /// Every write of a line, oldest first.
    #[serde(default)]
    pub history: Vec<UnitWrite>,
    /// The invoices, oldest first.
    #[serde(default)]
    pub invoices: Vec<Invoice>,
    /// The invoiced periods.
    #[serde(default)]
    pub invoiced: Vec<InvoicedPeriod>,
    /// Posted, but not invoiced yet.
    #[serde(default)]
    pub posted: Vec<Posting>,
    /// The tenant's behaviour where the real one's is not known.
    #[serde(default)]
    pub behaviour: Behaviour,
}

/// The accepted login. Every other login gets the same refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// The company name in Kaseya.
    pub tenant: String,
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Kaseya's id.
    pub id: i32,
    /// The account's name.
    pub name: String,
    /// Whether it is active; an inactive account is shown only on request.
    pub active: bool,
}

/// A sellable item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Kaseya's id.
    pub id: i32,
    /// The service's name.
    pub name: String,
    /// A longer text.
    pub description: Option<String>,
    /// The partner's cost of one unit.
    pub unit_cost: f64,
    /// The price of one unit.
    pub unit_price: f64,
    /// Whether it may still be sold.
    pub active: bool,
    /// Whether tax is added.
    pub taxable: bool,
}

/// An agreement with an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Kaseya's id.
    pub id: i32,
    /// The id of the account it belongs to.
    pub account: i32,
    /// The contract's name.
    pub name: String,
    /// Its type in Kaseya's words; units exist on "Recurring Services".
    pub contract_type: String,
    /// Whether it bills.
    pub status: ContractStatus,
    /// How often it bills, in Kaseya's words.
    pub billing_cycle: String,
    /// Its first day.
    pub start: Date,
    /// Its last day; absent if open-ended.
    pub end: Option<Date>,
    /// Whether it is the account's default.
    pub default: bool,
    /// When it bills a period.
    #[serde(default)]
    pub billing: Billing,
    /// The other fields of its head.
    #[serde(default)]
    pub terms: ContractTerms,
    /// Its services with their units.
    pub lines: Vec<Line>,
}

/// Fields of a contract's head that nothing here depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ContractTerms {
    /// Its service level.
    pub sla_id: Option<i32>,
    /// The partner's own number.
    pub reference_number: Option<String>,
    /// A yes or no without a published meaning.
    pub issue_invoice_on: Option<bool>,
    /// Whether periods follow the calendar instead of the contract.
    pub fiscal_billing: Option<bool>,
    /// Whether changes are announced by email.
    pub notification_enabled: bool,
    /// The recipients.
    pub notification_emails: Vec<String>,
}

/// A service on a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Kaseya's id of the line.
    pub id: i32,
    /// The id of the service it sells.
    pub service: i32,
    /// The name on the invoice.
    pub service_name: Option<String>,
    /// The text on the invoice.
    pub service_description: Option<String>,
    /// The number of units; shown as a decimal, and a manual edit can make it one.
    pub units: f64,
    /// The price of one unit on this line.
    pub unit_price: f64,
    /// The cost of one unit on this line.
    pub unit_cost: f64,
    /// The first day on which the units count.
    pub effective_date: Date,
    /// Its position on the invoice.
    pub sort_order: Option<i32>,
    /// Extra fields that the line shows and that a write must send back.
    #[serde(default)]
    pub extras: Map<String, Value>,
    /// What was in force when units with a future effective date were written.
    #[serde(default)]
    pub until_then: Option<InForce>,
    /// The number that Kaseya counts for this line itself: every midnight the units become that number again.
    #[serde(default)]
    pub counts_itself: Option<f64>,
}

/// Units and the day from which they count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InForce {
    /// The number of units.
    pub units: f64,
    /// The first day on which they count.
    pub effective_date: Date,
}

impl State {
    /// The contract with this id.
    pub fn contract(&self, id: i32) -> Option<&Contract> {
        place(&self.contracts, id, |contract| contract.id).map(|at| &self.contracts[at])
    }

    /// The contract with this id, for manual edits.
    pub fn contract_mut(&mut self, id: i32) -> Option<&mut Contract> {
        place(&self.contracts, id, |contract| contract.id).map(|at| &mut self.contracts[at])
    }

    /// The account with this id.
    pub fn account(&self, id: i32) -> Option<&Account> {
        place(&self.accounts, id, |account| account.id).map(|at| &self.accounts[at])
    }

    /// The service with this id.
    pub fn service(&self, id: i32) -> Option<&Service> {
        place(&self.services, id, |service| service.id).map(|at| &self.services[at])
    }

    /// The lines of a contract; `None` if the contract is not found.
    pub fn lines(&self, contract: i32) -> Option<&[Line]> {
        self.contract(contract).map(|contract| contract.lines.as_slice())
    }

    /// A line of a contract, for manual edits, which the history does not record.
    pub fn line_mut(&mut self, contract: i32, line: i32) -> Option<&mut Line> {
        self.contract_mut(contract)?.lines.iter_mut().find(|present| present.id == line)
    }
}

impl State {
    /// The tenant's calendar day at a given time; an unknown zone counts as UTC.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)).date()
    }

    /// What a line shows on a day: the newest units, unless the tenant waits for their effective date.
    pub(crate) fn shown(&self, line: &Line, day: Date) -> InForce {
        if self.behaviour.lines.waits_for_effective_date { line.on(day) } else { line.newest() }
    }

    /// A contract's total as shown on a day, to a hundredth of a cent.
    pub(crate) fn billing_price(&self, contract: &Contract, day: Date) -> f64 {
        total(contract.lines.iter().map(|line| self.shown(line, day).units * line.unit_price))
    }

    /// The time at which a day begins.
    pub(crate) fn midnight(&self, day: Date) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        day.to_zoned(zone).ok().map(|midnight| midnight.timestamp())
    }

    /// Whether anything happens by itself at the start of a day.
    pub(crate) fn lives_by_itself(&self) -> bool {
        let bills = self.behaviour.invoicing != Invoicing::default();
        let mut lines = self.contracts.iter().flat_map(|contract| &contract.lines);
        bills || lines.any(|line| line.counts_itself.is_some())
    }

    /// The nightly job: lines that count themselves show their own number again. The history does not record it.
    pub fn pass_night(&mut self) {
        for line in self.contracts.iter_mut().flat_map(|contract| &mut contract.lines) {
            if let Some(own) = line.counts_itself {
                line.units = own;
                line.until_then = None;
            }
        }
    }
}

impl State {
    /// An unused line id.
    pub(crate) fn free_line_id(&self) -> i32 {
        let lines = self.contracts.iter().flat_map(|contract| &contract.lines);
        lines.map(|line| line.id).max().unwrap_or_default().saturating_add(1)
    }
}

impl Line {
    fn newest(&self) -> InForce {
        InForce { units: self.units, effective_date: self.effective_date }
    }

    /// What is in force on a day.
    pub(crate) fn on(&self, day: Date) -> InForce {
        self.until_then.filter(|_| day < self.effective_date).unwrap_or_else(|| self.newest())
    }
}

fn total(amounts: impl Iterator<Item = f64>) -> f64 {
    (amounts.sum::<f64>() * 10_000.0).round() / 10_000.0
}

impl Contract {
    /// The total of all its services at their prices, to a hundredth of a cent.
    pub fn billing_price(&self) -> f64 {
        total(self.lines.iter().map(|line| line.units * line.unit_price))
    }
}

/// The index of the row with this id. Rows are nearly always sorted by id, so a binary search comes first;
/// otherwise all rows are scanned.
fn place<T>(rows: &[T], id: i32, id_of: impl Fn(&T) -> i32) -> Option<usize> {
    rows.binary_search_by_key(&id, &id_of).ok().or_else(|| rows.iter().position(|row| id_of(row) == id))
}
