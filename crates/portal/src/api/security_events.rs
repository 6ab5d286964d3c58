//! Who came in, who was refused, who changed what (F8).

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Serialize;
use store::access::{
    Identity,
    security_events::{self, KeptEvent},
};
use utoipa::ToSchema;

use super::{
    caller::Administrator,
    problem::{Problem, Problems},
    request::{self, Cursor, Params},
    runs::Query,
};
use crate::Portal;

/// A page of security events, the newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecurityEvents {
    events: Vec<SecurityEvent>,
    /// Where the list goes on; null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// Something that somebody may have to answer for.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecurityEvent {
    at: Timestamp,
    /// What happened, such as signed_in, token_made or company_mapped.
    event: &'static str,
    /// The name of who did it.
    by: String,
    /// The token that it came in by.
    token_id: Option<String>,
    /// The identity provider that named it.
    issuer: Option<String>,
    /// As whom.
    subject: Option<String>,
    /// The client's address; null for a command of the operator.
    address: Option<String>,
    /// What it was about: an id, or an address of mail.
    object: String,
    /// What else is known, by event.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    trace_id: Option<String>,
}

impl From<KeptEvent> for SecurityEvent {
    fn from(kept: KeptEvent) -> Self {
        let identity = kept.by.identity.as_ref();
        let (token, issuer, subject) = identity.map(Identity::columns).unwrap_or_default();
        Self {
            at: kept.at,
            event: kept.event.kind.as_str(),
            by: kept.by.name,
            token_id: token.map(|token| token.to_string()),
            issuer: issuer.map(str::to_owned),
            subject: subject.map(str::to_owned),
            address: kept.by.address.map(|address| address.to_string()),
            object: kept.event.object,
            details: kept.event.details,
            trace_id: kept.by.trace_id,
        }
    }
}

/// Who came in, who was refused and who changed what, the newest first. For admins.
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
