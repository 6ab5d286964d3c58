//! What is looked up in Kaseya while somebody waits for it (S-23, S-37, S-38): by the stored credentials, counted with the
//! workers' calls.

use axum::{
    Json,
    extract::{Path, State},
};
use connection::{NotRead, NotTried};
use domain::AccountId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    caller::Editor,
    problem::{Problem, Problems},
    request::Params,
};
use crate::Portal;

/// Search by name.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Part of the name. Empty for all.
    #[serde(default)]
    name: String,
}

/// Services found in Kaseya.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundServices {
    /// Only active services.
    services: Vec<FoundService>,
}

/// A service in Kaseya.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundService {
    /// Service id in Kaseya.
    service_id: i32,
    name: String,
}

/// Finds active services in Kaseya by a part of their name.
#[utoipa::path(get, path = "/kaseya/services", tag = "kaseya", params(Part),
    responses((status = 200, body = FoundServices), Problems))]
pub(crate) async fn services(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Params(Part { name }): Params<Part>,
) -> Result<Json<FoundServices>, Problem> {
    let found = portal.connections.services(&caller.partner, &name).await.map_err(problem)?;
    let services = found.into_iter().map(|known| FoundService { service_id: known.id.0, name: known.name });
    Ok(Json(FoundServices { services: services.collect() }))
}

/// Accounts found in Kaseya.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundAccounts {
    /// Active and inactive accounts.
    accounts: Vec<FoundAccount>,
}

/// An account in Kaseya.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundAccount {
    /// Account id in Kaseya.
    account_id: i32,
    name: String,
    is_active: bool,
}

/// Finds accounts in Kaseya by a part of their name, inactive ones included.
#[utoipa::path(get, path = "/kaseya/accounts", tag = "kaseya", params(Part),
    responses((status = 200, body = FoundAccounts), Problems))]
pub(crate) async fn accounts(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Params(Part { name }): Params<Part>,
) -> Result<Json<FoundAccounts>, Problem> {
    let found = portal.connections.accounts(&caller.partner, &name).await.map_err(problem)?;
    let accounts = found.into_iter().map(|known| FoundAccount {
        account_id: known.id.0,
        name: known.name,
        is_active: known.is_active,
    });
    Ok(Json(FoundAccounts { accounts: accounts.collect() }))
}

/// The account.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfAccount {
    /// Name of the account. It is needed to find the types of its contracts.
    name: String,
}

/// Contracts of an account in Kaseya.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundContracts {
    /// Contracts that can be chosen come first.
    contracts: Vec<FoundContract>,
}

/// A contract in Kaseya.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundContract {
    /// Contract id in Kaseya.
    contract_id: i32,
    name: String,
    /// Contract type in Kaseya's words. Null if Kaseya does not show it.
    contract_type: Option<String>,
    is_active: bool,
    /// Last day of the contract. Null if it has none.
    end: Option<Date>,
    /// Why it cannot be chosen: `CON-01`, `CON-02` or `CON-03`. Null if it can be chosen.
    refused: Option<&'static str>,
    /// Whether it can be chosen and ends within 30 days.
    ends_soon: bool,
}

/// Lists the contracts of an account, each with the reason if it cannot be chosen.
#[utoipa::path(get, path = "/kaseya/accounts/{account}/contracts", tag = "kaseya", params(("account" = i32, Path), OfAccount),
    responses((status = 200, body = FoundContracts), Problems))]
pub(crate) async fn contracts(
    State(portal): State<Portal>,
    Editor(caller): Editor,
    Path((_, account)): Path<(String, String)>,
    Params(OfAccount { name }): Params<OfAccount>,
) -> Result<Json<FoundContracts>, Problem> {
    let account = account.parse().map(AccountId).map_err(|_| Problem::NotFound)?;
    let found = portal.connections.contracts(&caller.partner, account, &name).await.map_err(problem)?;
    let contracts = found.into_iter().map(|known| FoundContract {
        contract_id: known.id.0,
        name: known.name,
        contract_type: known.contract_type,
        is_active: known.is_active,
        end: known.end,
        refused: known.refused.map(domain::ErrorCode::as_str),
        ends_soon: known.ends_soon,
    });
    Ok(Json(FoundContracts { contracts: contracts.collect() }))
}

pub(crate) fn problem(error: NotRead) -> Problem {
    match error {
        NotRead::Store(error) | NotRead::NotTried(NotTried::Store(error)) => Problem::Database(error),
        other => Problem::NotRead(other),
    }
}
