//! Marks show whether two sets of credentials are the same, and nothing else.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{KeyRing, cipher::KeyBytes};

/// The login that a password belongs to. It names no partner: Kaseya knows none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login<'a> {
    /// Kaseya's host, in lower case.
    pub host: &'a str,
    /// The tenant.
    pub tenant: &'a str,
    /// The user name.
    pub user: &'a str,
}

impl KeyRing {
    /// The marks of a login with its password: a keyed hash by each key of the ring, the writer's first. Without
    /// the ring no password can be tried against a mark. While a key stays in the ring, its marks stay comparable.
    pub fn marks(&self, login: &Login<'_>, password: &SecretString) -> Vec<String> {
        self.keys().all().map(|key| format!("{}.{}", key.id, mark(&key.bytes, login, password))).collect()
    }
}

fn mark(key: &KeyBytes, login: &Login<'_>, password: &SecretString) -> String {
    // Not the wrapping key itself: a key has one use.
    let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()), b"mark of credentials");
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()));
    for text in [login.host, login.tenant, login.user, password.expose_secret()] {
        // Prefix each text with its length, so that no two lists of texts give the same bytes.
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(context.sign())
}
