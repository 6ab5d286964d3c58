//! What texts can tell of.

use domain::Brake;
use jiff::{Timestamp, civil::Date};

/// The facts of one case. All are optional: what is not known is not spoken of.
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
    /// What was found when Kaseya was read again, in our words.
    pub found: Option<String>,
    /// The trace id, for whoever asks us.
    pub trace_id: Option<String>,
    /// The users that were counted.
    pub users: Option<u32>,
    /// The line's units as Kaseya shows them.
    pub units_from: Option<f64>,
    /// The line's units as they are wanted.
    pub units_to: Option<u32>,
    /// The money per month at stake: of the change from and to, or of the users who are not billed.
    pub money_per_month: Option<Money>,
    /// The units that were last sent.
    pub last_sent_units: Option<u32>,
    /// The day on which Kaseya was last seen to hold our number.
    pub last_sent_day: Option<Date>,
    /// The newest count that there is, though it may be too old.
    pub last_count: Option<u32>,
    /// The day of that count.
    pub last_count_day: Option<Date>,
    /// When we try again by ourselves.
    pub next_try: Option<Timestamp>,
    /// The last day on which a person's decision is in time for the invoice.
    pub deadline: Option<Date>,
    /// From which day the change counts.
    pub effective_day: Option<Date>,
    /// The contract's last day.
    pub contract_end: Option<Date>,
    /// Which brake holds the change.
    pub brake: Option<Brake>,
    /// Whether a person has said no to this very number.
    pub dismissed: bool,
    /// Whether Kaseya took the change, so that it may be on the invoice.
    pub sent: bool,
    /// How many days old the password is.
    pub password_age_days: Option<u32>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// Hundredths: cents.
    pub cents: i64,
    /// The currency's ISO 4217 code, such as EUR; `None` where Kaseya did not tell it.
    pub currency: Option<String>,
}
