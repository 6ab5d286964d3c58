//! The companies, searched, filtered and sorted, a page at a time.

use axum::{Json, extract::State, http::HeaderMap, response::Response};
use domain::Month;
use operations::read_models::{Company, Numbers};
use serde::{Deserialize, Serialize};
use store::{StoreError, settings, statuses::listing};
use utoipa::ToSchema;

use super::{
    caller::Caller,
    problem::{Problem, Problems},
    request::{self, Cursor, Params, language, named},
};
use crate::{
    Portal,
    company_query::{FILTERS, SORTS},
    download::download,
};

/// Filter and order of the companies in a file.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SheetQuery {
    /// Part of the company's name or id, or of the name of its account or contract. Case and accents are ignored.
    #[serde(default)]
    search: String,
    /// `all`, `needs-person`, `unmapped`, `failed`, `held`, `changed`, `not-billed`, `closed` or `never`. Default
    /// `all`.
    filter: Option<String>,
    /// `company`, `account`, `contract`, `state`, `last-sync` or `users`. Default `company`.
    sort: Option<String>,
    /// Reverses the order. Default false.
    #[serde(default)]
    descending: bool,
}

/// Filter, order and page of a list of companies.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Part of the company's name or id, or of the name of its account or contract. Case and accents are ignored.
    #[serde(default)]
    search: String,
    /// `all`, `needs-person`, `unmapped`, `failed`, `held`, `changed`, `not-billed`, `closed` or `never`. Default
    /// `all`.
    filter: Option<String>,
    /// `company`, `account`, `contract`, `state`, `last-sync` or `users`. Default `company`.
    sort: Option<String>,
    /// Reverses the order. Default false.
    #[serde(default)]
    descending: bool,
    /// `next` of the previous page.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Page size, 1 to 1000. Default 100.
    size: Option<u32>,
}

/// A page of companies.
#[derive(Serialize, ToSchema)]
pub(crate) struct Companies {
    /// What all user numbers count: `users` (active users) or `licences` (assigned licences). A count of the other
    /// kind is treated as missing.
    count_basis: &'static str,
    companies: Vec<Company>,
    /// Number of companies that the search finds, in total and by filter.
    found: Numbers,
    /// Cursor of the next page. Null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// Lists companies: searched, filtered and sorted, a page at a time.
#[utoipa::path(get, path = "/companies", tag = "companies", params(Query),
    responses((status = 200, body = Companies), Problems))]
pub(crate) async fn list(
    State(portal): State<Portal>,
    caller: Caller,
    Params(asked): Params<Query>,
) -> Result<Json<Companies>, Problem> {
    let size = request::size(asked.size)?;
    let offset = asked.cursor.map_or(Ok(0), |Cursor(offset)| u32::try_from(offset));
    let offset = offset.map_err(|_| Problem::Query("cursor: it is another list's".to_owned()))?;
    let query = listing::Query {
        search: asked.search.trim(),
        filter: named(FILTERS, "filter", asked.filter.as_deref())?,
        sort: named(SORTS, "sort", asked.sort.as_deref())?,
        descending: asked.descending,
        offset,
        size,
    };
    let (partner, now) = (&caller.partner, portal.operations.clock.now());
    let read = portal
        .operations
        .store
        .transaction("api_companies", |tx| {
            let query = &query;
            Box::pin(async move {
                let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                let last_month = Month::last(now, &zones.count);
                let listed = listing::page(tx, partner, query, last_month, now).await?;
                Ok::<_, StoreError>(Some((zones.count_basis, listed)))
            })
        })
        .await?;
    let (basis, listed) = read.ok_or(Problem::NotFound)?;
    let end = offset.saturating_add(size);
    let next = (end < listed.counts.of(query.filter)).then_some(Cursor(end.into()));
    Ok(Json(Companies {
        count_basis: basis.as_str(),
        companies: listed.companies.into_iter().map(|company| Company::of(company, basis)).collect(),
        found: Numbers::of(listed.counts, &listed.readiness),
        next,
    }))
}

/// Exports the status of the companies found as CSV.
///
/// A row per company, contract and product, with sentences in the language of `Accept-Language`.
#[utoipa::path(get, path = "/companies.csv", tag = "companies", params(SheetQuery),
    responses((status = 200, body = String, content_type = "text/csv"), Problems))]
pub(crate) async fn sheet(
    State(portal): State<Portal>,
    caller: Caller,
    headers: HeaderMap,
    Params(asked): Params<SheetQuery>,
) -> Result<Response, Problem> {
    let query = listing::Query {
        search: asked.search.trim(),
        filter: named(FILTERS, "filter", asked.filter.as_deref())?,
        sort: named(SORTS, "sort", asked.sort.as_deref())?,
        descending: asked.descending,
        offset: 0,
        size: request::MOST,
    };
    let sheet = portal.operations.status_sheet(&caller.partner, &query, language(&headers)).await?;
    Ok(download("status.csv", sheet.ok_or(Problem::NotFound)?))
}
