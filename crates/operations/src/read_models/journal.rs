//! An entry of the journal (B-04).

use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::statuses::history::{self, Addend};
use utoipa::ToSchema;

/// A change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct JournalEntry {
    pub(crate) entry: i64,
    pub(crate) run_id: String,
    /// What began that run.
    pub(crate) trigger: &'static str,
    pub(crate) contract_id: i32,
    pub(crate) contract: Option<String>,
    pub(crate) service_id: i32,
    pub(crate) service: Option<String>,
    pub(crate) from_units: f64,
    pub(crate) to_units: u32,
    /// The line's price as last seen.
    pub(crate) unit_price: Option<f64>,
    pub(crate) effective_date: Date,
    /// From which day Kaseya held these units when they were read; null while they were not.
    pub(crate) effective_date_read: Option<Date>,
    /// What the two changes of a plan switch have in common.
    pub(crate) pair_id: Option<String>,
    /// The counts that are in the number.
    pub(crate) addends: Vec<Added>,
    /// Whether a person had approved it.
    pub(crate) was_approved: bool,
    /// sent, confirmed, unsure or not_applied.
    pub(crate) standing: String,
    pub(crate) written_at: Timestamp,
    /// When Kaseya was seen to hold it.
    pub(crate) confirmed_at: Option<Timestamp>,
    /// What the confirmation rests on: read in Kaseya (read) or implied by the contract's total (implied_by_total). Null
    /// until it is confirmed.
    pub(crate) evidence: Option<&'static str>,
    /// When Kaseya showed that.
    pub(crate) evidence_at: Option<Timestamp>,
    /// The trace of its run, as W3C has it.
    pub(crate) traceparent: Option<String>,
}

/// What one count was in a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Added {
    pub(crate) company_id: String,
    product_id: String,
    users: Option<u32>,
    /// The day that was counted.
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
