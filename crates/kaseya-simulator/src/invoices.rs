//! Charges: invoices, and the postings for them.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// When a contract bills a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Billing {
    /// After its end.
    #[default]
    Arrears,
    /// Before its start.
    Advance,
}

/// The charges to an account for one contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    /// Kaseya's id.
    pub id: i32,
    /// The id of the account that pays.
    pub account: i32,
    /// The contract's id.
    pub contract: i32,
    /// When it was created.
    pub made: Timestamp,
    /// When it was handed over to accounting; absent if it was not.
    #[serde(default)]
    pub posted_to_accounting: Option<Timestamp>,
    /// The first day of its period.
    pub from: Date,
    /// The first day after its period.
    pub until: Date,
    /// The charges.
    pub lines: Vec<InvoiceLine>,
}

/// One charge on an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLine {
    /// The id of the contract's line.
    pub line: i32,
    /// The id of the service it sells.
    pub service: i32,
    /// The reason for the charge.
    pub kind: ChargeKind,
    /// The first day of the charged period: this invoice's or an earlier one's.
    pub period: Date,
    /// The first day charged.
    pub from: Date,
    /// Units times the fraction of the period.
    pub quantity: f64,
    /// The price of one unit.
    pub unit_price: f64,
    /// Quantity times price, in whole cents.
    pub amount: f64,
}

/// The reason for a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChargeKind {
    /// The units at the start of the period.
    Recurring,
    /// A change within the period.
    Proration,
    /// A change in a period that was already invoiced.
    Correction,
}

/// A period of a contract that has been invoiced, even if nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoicedPeriod {
    /// The contract's id.
    pub contract: i32,
    /// The first day.
    pub from: Date,
    /// The first day after the period.
    pub until: Date,
}

/// The charges for one period of a contract: fixed, but not invoiced yet. No call shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// The id of the account that will pay.
    pub account: i32,
    /// The period.
    pub period: InvoicedPeriod,
    /// The charges; empty if all of them would be negative, since they come as a correction later.
    pub lines: Vec<InvoiceLine>,
}
