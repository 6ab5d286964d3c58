//! An entry of the journal (B-04).

use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::statuses::history::{self, Addend};
use utoipa::ToSchema;

/// A change of a line's units, sent to Kaseya.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct JournalEntry {
    /// Position in the journal; later entries have higher numbers.
    pub(crate) entry: i64,
    pub(crate) run_id: String,
    /// Trigger of the run, as in `Run.trigger`.
    pub(crate) trigger: &'static str,
    pub(crate) contract_id: i32,
    /// Contract name at the last job. Null if unknown.
    pub(crate) contract: Option<String>,
    pub(crate) service_id: i32,
    /// Service name at the last job. Null if unknown.
    pub(crate) service: Option<String>,
    /// Units of the whole line before the change.
    pub(crate) from_units: f64,
    /// Units of the whole line after the change.
    pub(crate) to_units: u32,
    /// Unit price of the line as last seen. Null if unknown.
    pub(crate) unit_price: Option<f64>,
    /// First day with the new units, as sent.
    pub(crate) effective_date: Date,
    /// First day with these units as Kaseya showed it when they were read. Null until they are read.
    pub(crate) effective_date_read: Option<Date>,
    /// Id shared by the two changes of a plan switch. Null outside a plan switch.
    pub(crate) pair_id: Option<String>,
    /// Counts that make up the number.
    pub(crate) addends: Vec<Added>,
    /// Whether a person approved the change.
    pub(crate) was_approved: bool,
    /// `sent` (accepted by Kaseya), `confirmed` (a reading showed it), `unsure` (sent without a response) or
    /// `not_applied` (a later reading showed that it never took effect).
    pub(crate) standing: String,
    /// When it was sent.
    pub(crate) written_at: Timestamp,
    /// When Kaseya was seen to hold the new units. Null until confirmed.
    pub(crate) confirmed_at: Option<Timestamp>,
    /// Evidence of the confirmation: `read` (the line was read in Kaseya) or `implied_by_total` (implied by the
    /// contract's total). Null until confirmed.
    pub(crate) evidence: Option<&'static str>,
    /// When Kaseya showed that evidence. Null until confirmed.
    pub(crate) evidence_at: Option<Timestamp>,
    /// Trace context of the run, in the format of W3C `traceparent`.
    pub(crate) traceparent: Option<String>,
}

/// Share of one count in a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Added {
    pub(crate) company_id: String,
    product_id: String,
    /// Users counted. Null if unknown.
    users: Option<u32>,
    /// Day counted. Null if unknown.
    count_day: Option<Date>,
}

impl From<Addend> for Added {
    fn from(addend: Addend) -> Self {
        let Addend { company, product, users, count_day } = addend;
        Self { company_id: company, product_id: product, users, count_day }
    }
}

impl From<history::JournalEntry> for JournalEntry {
    fn from(entry: history::JournalEntry) -> Self {
        Self {
            entry: entry.entry,
            run_id: entry.run.to_string(),
            trigger: entry.trigger.as_str(),
            contract_id: entry.contract.0,
            contract: entry.contract_name,
            service_id: entry.service.0,
            service: entry.service_name,
            from_units: entry.from_units,
            to_units: entry.to_units,
            unit_price: entry.unit_price,
            effective_date: entry.effective_date,
            effective_date_read: entry.effective_date_read,
            pair_id: entry.pair.map(|pair| pair.to_string()),
            addends: entry.addends.into_iter().map(Added::from).collect(),
            was_approved: entry.was_approved,
            standing: entry.standing,
            written_at: entry.written_at,
            confirmed_at: entry.confirmed_at,
            evidence: entry.evidence.map(domain::Evidence::kind),
            evidence_at: entry.evidence.map(domain::Evidence::at),
            traceparent: entry.traceparent,
        }
    }
}
