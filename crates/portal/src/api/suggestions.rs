//! Which accounts companies might be, by the names (B-09). Nothing is mapped by it.

use axum::{Json, extract::State};
use operations::suggestions::{self, Suggestion, UNMAPPED};
use serde::{Deserialize, Serialize};
use store::statuses::listing::Filter;
use utoipa::ToSchema;

use super::{
    caller::Editor,
    looking_up,
    problem::{Problem, Problems},
    request::{Cursor, Params},
};
use crate::Portal;

/// Where the list goes on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Where the list goes on: the `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// A page of companies without a mapping.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unmapped {
    /// Those with the most users first.
    companies: Vec<Suggested>,
    /// Where the list goes on; null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// A company without a mapping.
#[derive(Serialize, ToSchema)]
pub(crate) struct Suggested {
    company_id: String,
    name: String,
    /// The likeliest first; none where no active account's name is much like it.
    accounts: Vec<Likely>,
}

/// An account that a company might be.
#[derive(Serialize, ToSchema)]
pub(crate) struct Likely {
    account_id: i32,
    name: String,
    /// How alike the names are, of 100; 100 when they differ in nothing but case, accents, legal form and order.
    score: u8,
}

impl From<Suggestion> for Likely {
    fn from(suggestion: Suggestion) -> Self {
        let Suggestion { account, name, score } = suggestion;
        Self { account_id: account.0, name, score }
    }
}

/// Companies without a mapping, 20 a page, each with Kaseya's accounts that it might be.
#[utoipa::path(get, path = "/account-suggestions", tag = "companies", params(Query),
    responses((status = 200, body = Unmapped), Problems))]
pub(crate) async fn account_suggestions(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Params(Query { cursor }): Params<Query>,
) -> Result<Json<Unmapped>, Problem> {
    let offset = cursor.map_or(Ok(0), |Cursor(offset)| u32::try_from(offset));
    let offset = offset.map_err(|_| Problem::Query("cursor: it is another list's".to_owned()))?;
    let partner = &caller.partner;
    let read = portal.operations.unmapped_companies(partner, offset).await?;
    let (_, listed) = read.ok_or(Problem::NotFound)?;
    let accounts = portal.connections.accounts(partner, "").await.map_err(looking_up::problem)?;
    let end = offset.saturating_add(UNMAPPED);
    let next = (end < listed.counts.of(Filter::Unmapped)).then_some(Cursor(end.into()));
    let companies = listed.companies.into_iter().map(|listed| Suggested {
        accounts: suggestions::suggest(&listed.company.name, &accounts)
            .into_iter()
            .map(Likely::from)
            .collect(),
        company_id: listed.id.to_string(),
        name: listed.company.name,
    });
    Ok(Json(Unmapped { companies: companies.collect(), next }))
}
