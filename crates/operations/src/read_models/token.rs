//! A token that lets somebody in.

use jiff::Timestamp;
use serde::Serialize;
use store::access::tokens::ApiToken;
use utoipa::ToSchema;

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Token {
    token_id: String,
    /// User or purpose of the token.
    name: String,
    /// `viewer`, `editor`, `admin` or `provider`.
    role: &'static str,
    created_at: Timestamp,
    /// Name of the person, token or operator who created it.
    created_by: String,
    /// When it was last used, to the minute. Null if never.
    last_used_at: Option<Timestamp>,
    /// When the token expires.
    expires_at: Timestamp,
    /// When the token was revoked. Null if it was not.
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
