//! Marks: whether two sets of credentials are the same can be told from them, and nothing else.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{KeyRing, cipher::KeyBytes};

/// Whom a password is for, whoever of ours uses it: Kaseya knows no partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login<'a> {
    /// Kaseya's host, in small letters.
    pub host: &'a str,
    /// The tenant.
    pub tenant: &'a str,
    /// The user name.
    pub user: &'a str,
}

impl KeyRing {
    /// The marks of a login with its password: a keyed hash by each key of the ring, the writer's first. Without the ring
    /// no password can be tried against one. As long as a key stays in the ring its marks are known again.
    pub fn marks(&self, login: &Login<'_>, password: &SecretString) -> Vec<String> {
        self.keys().map(|key| format!("{}.{}", key.id, mark(&key.bytes, login, password))).collect()
    }
}

fn mark(key: &KeyBytes, login: &Login<'_>, password: &SecretString) -> String {
    // Not the wrapping key itself: a key has one use.
    let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()), b"mark of credentials");
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()));
    for text in [login.host, login.tenant, login.user, password.expose_secret()] {
        // Each text behind its length, so that no two lists of texts come out alike.
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(context.sign())
}
