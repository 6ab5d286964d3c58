//! The journal (B-04): every change that reached Kaseya or may have, the newest first.

use axum::{Json, extract::State, http::HeaderMap, response::Response};
use domain::CompanyId;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use store::statuses::history::{self, Addend, JournalEntry, JournalQuery};
use utoipa::ToSchema;

use super::{
    caller::Caller,
    problem::{Problem, Problems},
    request::{self, Cursor, Params, language},
};
use crate::{Portal, download::download};

/// Which entries.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Those with this company's users in them.
    #[param(value_type = Option<String>)]
    company: Option<CompanyId>,
    /// Not sent before this.
    from: Option<Timestamp>,
    /// Sent before this.
    until: Option<Timestamp>,
    /// Where the list goes on: the `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// How many, at most 1000; 100 where nothing is said.
    size: Option<u32>,
}

/// A page of the journal.
#[derive(Serialize, ToSchema)]
pub(crate) struct Journal {
    entries: Vec<Entry>,
    /// Where the list goes on; null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// A change.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entry {
    entry: i64,
    run_id: String,
    /// What began that run.
    trigger: &'static str,
    contract_id: i32,
    contract: Option<String>,
    service_id: i32,
    service: Option<String>,
    from_units: f64,
    to_units: u32,
    /// The line's price as last seen.
    unit_price: Option<f64>,
    effective_date: Date,
    /// From which day Kaseya held these units when they were read; null while they were not.
    effective_date_read: Option<Date>,
    /// What the two changes of a plan switch have in common.
    pair_id: Option<String>,
    /// The counts that are in the number.
    addends: Vec<Added>,
    /// Whether a person had approved it.
    was_approved: bool,
    /// sent, confirmed, unsure or not_applied.
    standing: String,
    written_at: Timestamp,
    /// When Kaseya was seen to hold it.
    confirmed_at: Option<Timestamp>,
    /// What the confirmation rests on: read in Kaseya (read) or implied by the contract's total (implied_by_total). Null
    /// until it is confirmed.
    evidence: Option<&'static str>,
    /// The trace of its run, as W3C has it.
    traceparent: Option<String>,
}

/// What one count was in a number.
#[derive(Serialize, ToSchema)]
pub(crate) struct Added {
    company_id: String,
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

impl From<JournalEntry> for Entry {
    fn from(entry: JournalEntry) -> Self {
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
            traceparent: entry.traceparent,
        }
    }
}

/// The journal, the newest first.
#[utoipa::path(get, path = "/journal", tag = "journal", params(Query),
    responses((status = 200, body = Journal), Problems))]
pub(crate) async fn list(
    State(portal): State<Portal>,
    caller: Caller,
    Params(asked): Params<Query>,
) -> Result<Json<Journal>, Problem> {
    let size = request::size(asked.size)?;
    let query = JournalQuery {
        company: asked.company.as_ref(),
        from: asked.from,
        until: asked.until,
        before: asked.cursor.map(|Cursor(entry)| entry),
        size,
    };
    let partner = &caller.partner;
    let entries = portal
        .operations
        .store
        .transaction("api_journal", |tx| {
            let query = &query;
            Box::pin(async move { history::journal_page(tx, partner, query).await })
        })
        .await?;
    let next = request::next(&entries, size, |entry| entry.entry);
    Ok(Json(Journal { entries: entries.into_iter().map(Entry::from).collect(), next }))
}

/// The whole journal as CSV, with the separator and the decimal sign of the language of `Accept-Language`, and instants in the
/// partner's zone.
#[utoipa::path(get, path = "/journal.csv", tag = "journal",
    params(("Accept-Language" = Option<String>, Header, description = "en or it.")),
    responses((status = 200, body = String, content_type = "text/csv"), Problems))]
pub(crate) async fn sheet(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sheet = portal.operations.journal_sheet(&caller.partner, language(&headers)).await?;
    Ok(download("journal.csv", sheet.ok_or(Problem::NotFound)?))
}
