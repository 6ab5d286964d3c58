//! Who may come in by the portal and its interface: tokens, members, and who is signed in.

pub mod admins;
pub mod attempts;
pub mod members;
pub mod sessions;
pub mod tokens;

use domain::{PartnerId, Role};
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
