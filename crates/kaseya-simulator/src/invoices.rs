//! What is charged: invoices, and what is posted for them.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

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
    /// When it was handed to the books, if it was.
    #[serde(default)]
    pub posted_to_accounting: Option<Timestamp>,
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

/// What is going to be charged for one period of a contract: fixed, and not invoiced yet. No call shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// The account that is going to pay.
    pub account: i32,
    /// The period.
    pub period: InvoicedPeriod,
    /// What is going to be charged; nothing when all of it would be negative, for that comes as a correction later.
    pub lines: Vec<InvoiceLine>,
}
