//! The state that all sessions with the same credentials share: tokens, and refusals.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{ErrorCode, PartnerId};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Access, Bases, Words};

/// A token this close to its end is no longer used.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Which user logs in where, with which credentials.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    partner: PartnerId,
    bases: Bases,
    tenant: String,
    user_name: String,
    credentials_version: u32,
    /// A keyed hash of this process. It tells apart passwords with the same version, as after a restore.
    password_mark: u64,
}

/// All known doors. Doors of old credentials stay: they keep a refused login from being tried again, and are few.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    hasher: RandomState,
    known: Mutex<HashMap<Key, Arc<Door>>>,
}

impl Doors {
    pub fn find(&self, access: &Access) -> Arc<Door> {
        let key = Key {
            partner: access.partner.clone(),
            bases: access.bases.clone(),
            tenant: access.tenant.clone(),
            user_name: access.user_name.clone(),
            credentials_version: access.credentials_version,
            password_mark: self.hasher.hash_one(access.password.expose_secret()),
        };
        // Entries are complete even if other code panics.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_default())
    }
}

/// One caller at a time: it holds the lock during a login, and all others wait for the outcome.
#[derive(Debug, Default)]
pub(crate) struct Door(pub tokio::sync::Mutex<Inside>);

#[derive(Debug, Default)]
pub(crate) struct Inside {
    pub v2: Option<V2Tokens>,
    pub v1: Option<Token>,
    pub v2_refused: Option<Refusal>,
    pub v1_refused: Option<Refusal>,
    issued: u64,
}

impl Inside {
    /// Issues a token under a number of its own.
    pub fn issue(&mut self, secret: SecretString, expires: Timestamp) -> Token {
        self.issued += 1;
        Token { number: self.issued, secret, expires }
    }
}

/// A refused login is not tried again with the same credentials.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub code: ErrorCode,
    pub words: Option<Words>,
    /// The exception for a locked user: one try, when the lock must be over.
    pub again_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct V2Tokens {
    pub access: Token,
    pub refresh: Option<(SecretString, Timestamp)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub number: u64,
    pub secret: SecretString,
    pub expires: Timestamp,
}

impl Token {
    pub fn lasts(&self, now: Timestamp) -> bool {
        lasts(self.expires, now)
    }
}

pub(crate) fn lasts(expires: Timestamp, now: Timestamp) -> bool {
    now.duration_until(expires) > MARGIN
}
