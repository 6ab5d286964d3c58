//! What a tenant holds: accounts, services, contracts, their lines, and the history of their units.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Behaviour, Billing, ContractStatus, Invoice, InvoicedPeriod, Invoicing, Posting, UnitWrite};

/// Everything one tenant holds. Free to be edited by hand; only writes through the interface
/// are recorded in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The one login that is accepted.
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
    /// What was charged, oldest first.
    #[serde(default)]
    pub invoices: Vec<Invoice>,
    /// The periods that were invoiced.
    #[serde(default)]
    pub invoiced: Vec<InvoicedPeriod>,
    /// What is posted and not invoiced yet.
    #[serde(default)]
    pub posted: Vec<Posting>,
    /// How the tenant behaves where the real one's manner is not known.
    #[serde(default)]
    pub behaviour: Behaviour,
}

/// The login that is accepted; any other gets one and the same refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// Its password.
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
    /// Its name.
    pub name: String,
    /// Whether it is active; an inactive one is shown only when asked for.
    pub active: bool,
}

/// A sellable item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Kaseya's id.
    pub id: i32,
    /// Its name.
    pub name: String,
    /// A longer text.
    pub description: Option<String>,
    /// What one unit costs the partner.
    pub unit_cost: f64,
    /// What one unit is sold for.
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
    /// The account it belongs to.
    pub account: i32,
    /// Its name.
    pub name: String,
    /// Its type in Kaseya's words; units live on "Recurring Services".
    pub contract_type: String,
    /// Whether it bills.
    pub status: ContractStatus,
    /// How often it bills, in Kaseya's words.
    pub billing_cycle: String,
    /// Its first day.
    pub start: Date,
    /// Its last day, if it has one.
    pub end: Option<Date>,
    /// Whether it is the account's default.
    pub default: bool,
    /// When it bills a period.
    #[serde(default)]
    pub billing: Billing,
    /// What else its head says.
    #[serde(default)]
    pub terms: ContractTerms,
    /// Its services with their units.
    pub lines: Vec<Line>,
}

/// What the head of a contract says that nothing here depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ContractTerms {
    /// Its service level.
    pub sla_id: Option<i32>,
    /// The partner's own number.
    pub reference_number: Option<String>,
    /// A yes or no whose meaning nobody has published.
    pub issue_invoice_on: Option<bool>,
    /// Whether periods are the calendar's and not its own.
    pub fiscal_billing: Option<bool>,
    /// Whether changes are told by mail.
    pub notification_enabled: bool,
    /// To whom.
    pub notification_emails: Vec<String>,
}

/// A service on a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Kaseya's id of the line.
    pub id: i32,
    /// The service it sells.
    pub service: i32,
    /// The name on the invoice.
    pub service_name: Option<String>,
    /// The text on the invoice.
    pub service_description: Option<String>,
    /// How many; shown as a decimal, and by hand it can be one.
    pub units: f64,
    /// What one unit is sold for here.
    pub unit_price: f64,
    /// What one unit costs here.
    pub unit_cost: f64,
    /// From which day the units count.
    pub effective_date: Date,
    /// Its place on the invoice.
    pub sort_order: Option<i32>,
    /// Further fields that the line shows and that a write must send back.
    #[serde(default)]
    pub extras: Map<String, Value>,
    /// What was in force when units with an effective date to come were written.
    #[serde(default)]
    pub until_then: Option<InForce>,
    /// The number that Kaseya counts for this line itself: each midnight the units are that number again.
    #[serde(default)]
    pub counts_itself: Option<f64>,
}

/// Units and the day from which they count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InForce {
    /// How many.
    pub units: f64,
    /// From which day.
    pub effective_date: Date,
}

impl State {
    /// The contract of this id.
    pub fn contract(&self, id: i32) -> Option<&Contract> {
        place(&self.contracts, id, |contract| contract.id).map(|at| &self.contracts[at])
    }

    /// The contract of this id, to be edited by hand.
    pub fn contract_mut(&mut self, id: i32) -> Option<&mut Contract> {
        place(&self.contracts, id, |contract| contract.id).map(|at| &mut self.contracts[at])
    }

    /// The account of this id.
    pub fn account(&self, id: i32) -> Option<&Account> {
        place(&self.accounts, id, |account| account.id).map(|at| &self.accounts[at])
    }

    /// The service of this id.
    pub fn service(&self, id: i32) -> Option<&Service> {
        place(&self.services, id, |service| service.id).map(|at| &self.services[at])
    }

    /// The lines of a contract, if there is such a contract.
    pub fn lines(&self, contract: i32) -> Option<&[Line]> {
        self.contract(contract).map(|contract| contract.lines.as_slice())
    }

    /// A line of a contract, to be edited by hand: not recorded in the history.
    pub fn line_mut(&mut self, contract: i32, line: i32) -> Option<&mut Line> {
        self.contract_mut(contract)?.lines.iter_mut().find(|present| present.id == line)
    }
}

impl State {
    /// The tenant's calendar day at an instant; a zone that there is not counts as UTC.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)).date()
    }

    /// What a line shows on a day: the newest units, unless the tenant waits for their effective date.
    pub(crate) fn shown(&self, line: &Line, day: Date) -> InForce {
        if self.behaviour.lines.waits_for_effective_date { line.on(day) } else { line.newest() }
    }

    /// A contract's total as it shows on a day, to a hundredth of a cent.
    pub(crate) fn billing_price(&self, contract: &Contract, day: Date) -> f64 {
        total(contract.lines.iter().map(|line| self.shown(line, day).units * line.unit_price))
    }

    /// The instant at which a day begins.
    pub(crate) fn midnight(&self, day: Date) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        day.to_zoned(zone).ok().map(|midnight| midnight.timestamp())
    }

    /// Whether anything happens by itself when a day begins.
    pub(crate) fn lives_by_itself(&self) -> bool {
        let bills = self.behaviour.invoicing != Invoicing::default();
        let mut lines = self.contracts.iter().flat_map(|contract| &contract.lines);
        bills || lines.any(|line| line.counts_itself.is_some())
    }

    /// The nightly job: lines that count themselves show their own number again. The history keeps none of it.
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
    /// An id that no line has.
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

/// Where the row of this id stands: found at once among rows in the order of their ids, as they are nearly always,
/// and by looking through all of them otherwise.
fn place<T>(rows: &[T], id: i32, id_of: impl Fn(&T) -> i32) -> Option<usize> {
    rows.binary_search_by_key(&id, &id_of).ok().or_else(|| rows.iter().position(|row| id_of(row) == id))
}
