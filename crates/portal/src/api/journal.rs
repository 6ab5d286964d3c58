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

/// Filter and page of the journal.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Only entries with users of this company.
    #[param(value_type = Option<String>)]
    company: Option<CompanyId>,
    /// Only entries sent at this instant or later.
    from: Option<Timestamp>,
    /// Only entries sent before this instant.
    until: Option<Timestamp>,
    /// `next` of the previous page.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Page size, 1 to 1000. Default 100.
    size: Option<u32>,
}

/// A page of the journal, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Journal {
    entries: Vec<JournalEntry>,
    /// Cursor of the next page. Null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// Lists the journal, newest first: every change that reached Kaseya or may have reached it.
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

/// Exports the whole journal as CSV.
///
/// Separator and decimal sign follow the language of `Accept-Language`. Times are in the partner's time zone.
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
