//! The journal (B-04): every change that reached Kaseya or may have, the newest first.

use axum::{Json, extract::State, http::HeaderMap, response::Response};
use domain::CompanyId;
use jiff::Timestamp;
use operations::read_models::JournalEntry;
use serde::{Deserialize, Serialize};
use store::statuses::history::{self, JournalQuery};
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
    entries: Vec<JournalEntry>,
    /// Where the list goes on; null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
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
    Ok(Json(Journal { entries: entries.into_iter().map(JournalEntry::from).collect(), next }))
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
