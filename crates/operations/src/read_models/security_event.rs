//! Something that somebody may have to answer for (F8).

use jiff::Timestamp;
use serde::Serialize;
use store::access::{Identity, security_events::KeptEvent};
use utoipa::ToSchema;

/// Something that somebody may have to answer for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SecurityEvent {
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
