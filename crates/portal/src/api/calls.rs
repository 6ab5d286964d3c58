//! The calls to a partner's Kaseya in the last hour.

use axum::{Json, extract::State};
use operations::calls_used::CallsUsed;

use super::{
    caller::{Caller, settings_of},
    problem::{Problem, Problems},
};
use crate::Portal;

/// Shows the calls of the last hour to the partner's Kaseya.
///
/// 404 before the connection is saved for the first time.
#[utoipa::path(get, path = "/calls", tag = "calls", responses((status = 200, body = CallsUsed), Problems))]
pub(crate) async fn show(State(portal): State<Portal>, caller: Caller) -> Result<Json<CallsUsed>, Problem> {
    let settings = settings_of(&portal, &caller.partner).await?;
    let used = portal.operations.calls_used(&settings).await?.ok_or(Problem::NotFound)?;
    Ok(Json(used))
}
