//! Who came in, who was refused, who changed what (F8).

use axum::{Json, extract::State};
use operations::read_models::SecurityEvent;
use serde::Serialize;
use store::access::security_events;
use utoipa::ToSchema;

use super::{
    caller::Administrator,
    problem::{Problem, Problems},
    request::{self, Cursor, Params},
    runs::Query,
};
use crate::Portal;

/// A page of security events, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecurityEvents {
    events: Vec<SecurityEvent>,
    /// Cursor of the next page. Null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// Lists sign-ins, refusals and changes, newest first. Admins only.
#[utoipa::path(get, path = "/security-events", tag = "access", params(Query),
    responses((status = 200, body = SecurityEvents), Problems))]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Administrator(caller): Administrator,
    Params(asked): Params<Query>,
) -> Result<Json<SecurityEvents>, Problem> {
    let size = request::size(asked.size)?;
    let (partner, before) = (&caller.partner, asked.cursor.map(|Cursor(number)| number));
    let kept = portal
        .operations
        .store
        .transaction("api_security_events", |tx| {
            Box::pin(security_events::of_partner(tx, partner, before, size))
        })
        .await?;
    let next = request::next(&kept, size, |event| event.number);
    Ok(Json(SecurityEvents { events: kept.into_iter().map(SecurityEvent::from).collect(), next }))
}
