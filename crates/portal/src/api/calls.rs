//! The calls to a partner's Kaseya in the last hour.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    caller::{Caller, settings_of},
    problem::{Problem, Problems},
};
use crate::Portal;

/// The calls of the last hour, whichever partner made them: host and company name are what Kaseya counts by.
#[derive(Serialize, ToSchema)]
pub(crate) struct Calls {
    host: String,
    company_name: String,
    endpoints: Vec<Endpoint>,
    /// Calls that attempts still under way may make to V2.
    under_way_v2: u32,
    /// The same to V1.
    under_way_v1: u32,
}

/// One endpoint's hour.
#[derive(Serialize, ToSchema)]
pub(crate) struct Endpoint {
    /// Method and route.
    endpoint: String,
    calls: u32,
    /// Kaseya's limit, shared with the customer's other tools.
    limit: u32,
    /// Our share of it.
    ours: u32,
}

/// The calls of the last hour; unknown before the first save of the connection.
#[utoipa::path(get, path = "/calls", tag = "calls", responses((status = 200, body = Calls), Problems))]
pub(crate) async fn show(State(portal): State<Portal>, caller: Caller) -> Result<Json<Calls>, Problem> {
    let settings = settings_of(&portal, &caller.partner).await?;
    let used = portal.operations.calls_used(&settings).await?.ok_or(Problem::NotFound)?;
    let endpoints = used.endpoints.into_iter().map(|known| Endpoint {
        endpoint: known.endpoint,
        calls: known.calls,
        limit: known.limit,
        ours: known.ours,
    });
    Ok(Json(Calls {
        host: used.host,
        company_name: used.company_name,
        endpoints: endpoints.collect(),
        under_way_v2: used.under_way.v2,
        under_way_v1: used.under_way.v1,
    }))
}
