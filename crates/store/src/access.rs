//! Who may come in by the portal and its interface: tokens, members, and who is signed in.

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

/// When somebody was last seen is written down no more often than this: a page makes many calls.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A partner that somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The partner.
    pub partner: PartnerId,
    /// Its name.
    pub name: String,
    /// As what.
    pub role: Role,
}

/// By what somebody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// By a token.
    Token(TokenId),
    /// By an identity provider's word.
    Person {
        /// The provider.
        issuer: String,
        /// Whom it has named.
        subject: String,
    },
}

impl Identity {
    /// The token, or else the provider and whom it has named.
    pub fn columns(&self) -> (Option<uuid::Uuid>, Option<&str>, Option<&str>) {
        match self {
            Self::Token(token) => (Some(token.0), None, None),
            Self::Person { issuer, subject } => (None, Some(issuer), Some(subject)),
        }
    }
}

/// Who does something, as it is kept with what is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// As pages show it.
    pub name: String,
    /// By what it came in; `None` for commands of the operator, and for who was not let in.
    pub identity: Option<Identity>,
    /// The client's address; `None` for a command.
    pub address: Option<IpAddr>,
    /// The trace of the call.
    pub trace_id: Option<String>,
}
