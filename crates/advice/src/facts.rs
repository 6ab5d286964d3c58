//! The facts that texts can state.

use domain::Brake;
use jiff::{Timestamp, civil::Date};

/// The facts of one case. All are optional: a text leaves out an unknown fact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The company's name.
    pub company: Option<String>,
    /// The account's name.
    pub account: Option<String>,
    /// The contract's name.
    pub contract: Option<String>,
    /// The service's name.
    pub service: Option<String>,
    /// The provider's product.
    pub product: Option<String>,
    /// Kaseya's host.
    pub host: Option<String>,
    /// The right that the role lacks, in Kaseya's menu words.
    pub right: Option<String>,
    /// The account that the contract belongs to now.
    pub other_account: Option<String>,
    /// Kaseya's own words.
    pub kaseya_says: Option<String>,
    /// What the next reading of Kaseya found, in our words.
    pub found: Option<String>,
    /// The trace id, for support.
    pub trace_id: Option<String>,
    /// The number of counted users.
    pub users: Option<u32>,
    /// The line's units as Kaseya shows them.
    pub units_from: Option<f64>,
    /// The wanted units of the line.
    pub units_to: Option<u32>,
    /// The money per month at stake: for the change of units, or for the users who are not billed.
    pub money_per_month: Option<Money>,
    /// The last units sent.
    pub last_sent_units: Option<u32>,
    /// The day on which Kaseya last showed our number.
    pub last_sent_day: Option<Date>,
    /// The newest count, possibly too old.
    pub last_count: Option<u32>,
    /// The day of that count.
    pub last_count_day: Option<Date>,
    /// When we retry automatically.
    pub next_try: Option<Timestamp>,
    /// The last day on which a person's decision is in time for the invoice.
    pub deadline: Option<Date>,
    /// The day from which the change counts.
    pub effective_day: Option<Date>,
    /// The contract's last day.
    pub contract_end: Option<Date>,
    /// The brake that holds the change.
    pub brake: Option<Brake>,
    /// Whether a person has dismissed exactly this number.
    pub dismissed: bool,
    /// Whether Kaseya accepted the change, so that it may be on the invoice.
    pub sent: bool,
    /// The password's age in days.
    pub password_age_days: Option<u32>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// The amount in hundredths, e.g. cents.
    pub cents: i64,
    /// The currency's ISO 4217 code, e.g. EUR; `None` if Kaseya did not state it.
    pub currency: Option<String>,
}
