//! The calls to a partner's Kaseya in the last hour.

use axum::{Json, extract::State};
use operations::calls_used::CallsUsed;

use super::{
    caller::{Caller, settings_of},
    problem::{Problem, Problems},
};
use crate::Portal;

/// The calls of the last hour; unknown before the first save of the connection.
#[utoipa::path(get, path = "/calls", tag = "calls", responses((status = 200, body = CallsUsed), Problems))]
pub(crate) async fn show(State(portal): State<Portal>, caller: Caller) -> Result<Json<CallsUsed>, Problem> {
    let settings = settings_of(&portal, &caller.partner).await?;
    let used = portal.operations.calls_used(&settings).await?.ok_or(Problem::NotFound)?;
    Ok(Json(used))
}
