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

/// Page of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// `next` of the previous page.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// A page of companies without a mapping.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unmapped {
    /// Companies with the most users first.
    companies: Vec<Suggested>,
    /// Cursor of the next page. Null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// A company without a mapping.
#[derive(Serialize, ToSchema)]
pub(crate) struct Suggested {
    company_id: String,
    name: String,
    /// Active accounts with a similar name, likeliest first, at most 5.
    accounts: Vec<Likely>,
}

/// An account that may be the company's.
#[derive(Serialize, ToSchema)]
pub(crate) struct Likely {
    /// Account id in Kaseya.
    account_id: i32,
    name: String,
    /// Likeness of the names, 60 to 100. 100 if they differ only in case, accents, legal form and word order.
    score: u8,
}

impl From<Suggestion> for Likely {
    fn from(suggestion: Suggestion) -> Self {
        let Suggestion { account, name, score } = suggestion;
        Self { account_id: account.0, name, score }
    }
}

/// Lists companies without a mapping, 20 a page, each with the accounts in Kaseya that may be theirs.
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
