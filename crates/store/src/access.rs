//! Access to the portal and its API: tokens, members, and sessions.

pub mod admins;
pub mod attempts;
pub mod idempotency;
pub mod members;
pub mod security_events;
pub mod sessions;
pub mod tokens;

use std::net::IpAddr;

use domain::{PartnerId, Role, TokenId};
use jiff::SignedDuration;

/// The last use is stored at most this often, because a page makes many calls.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A partner that the caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The partner.
    pub partner: PartnerId,
    /// The partner's name.
    pub name: String,
    /// The caller's role there.
    pub role: Role,
}

/// How a caller proved its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// With a token.
    Token(TokenId),
    /// Through an identity provider.
    Person {
        /// The provider's issuer URL.
        issuer: String,
        /// The provider's subject id of the person.
        subject: String,
    },
}

impl Identity {
    /// The token, or else issuer and subject.
    pub fn columns(&self) -> (Option<uuid::Uuid>, Option<&str>, Option<&str>) {
        match self {
            Self::Token(token) => (Some(token.0), None, None),
            Self::Person { issuer, subject } => (None, Some(issuer), Some(subject)),
        }
    }
}

/// The author of an action, as stored with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The name shown on pages.
    pub name: String,
    /// How it proved its identity; `None` for commands of the operator, and for a caller that was refused.
    pub identity: Option<Identity>,
    /// The client's address; `None` for a command.
    pub address: Option<IpAddr>,
    /// The trace id of the call; `None` without a trace.
    pub trace_id: Option<String>,
}
