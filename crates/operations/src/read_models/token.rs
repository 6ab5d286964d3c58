//! A token that lets somebody in.

use jiff::Timestamp;
use serde::Serialize;
use store::access::tokens::ApiToken;
use utoipa::ToSchema;

/// A token, without what lets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Token {
    token_id: String,
    name: String,
    /// viewer, editor or admin.
    role: &'static str,
    created_at: Timestamp,
    created_by: String,
    /// To the minute.
    last_used_at: Option<Timestamp>,
    /// When its time is over.
    expires_at: Timestamp,
    /// Since when it lets nobody in any more.
    revoked_at: Option<Timestamp>,
}

impl From<ApiToken> for Token {
    fn from(known: ApiToken) -> Self {
        Self {
            token_id: known.token.to_string(),
            name: known.name,
            role: known.role.as_str(),
            created_at: known.created_at,
            created_by: known.created_by,
            last_used_at: known.last_used_at,
            expires_at: known.expires_at,
            revoked_at: known.revoked_at,
        }
    }
}
