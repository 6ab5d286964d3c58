//! Something that somebody may have to answer for (F8).

use jiff::Timestamp;
use serde::Serialize;
use store::access::{Identity, security_events::KeptEvent};
use utoipa::ToSchema;

/// A security event: a sign-in, a refusal or a change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SecurityEvent {
    /// When it happened.
    at: Timestamp,
    /// Kind of event, e.g. `signed_in`, `token_made` or `companies_mapped`.
    event: &'static str,
    /// Name of the person, token or operator who caused it.
    by: String,
    /// Token that the caller used. Null if the caller did not use one.
    token_id: Option<String>,
    /// Identity provider that identified the person. Null without one.
    issuer: Option<String>,
    /// Id of the person at the identity provider. Null without one.
    subject: Option<String>,
    /// IP address of the client. Null for a command of the operator.
    address: Option<String>,
    /// Object of the event: an id or an email address.
    object: String,
    /// Further facts. Their names depend on the event.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// Trace id of the request. Null without a trace.
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
