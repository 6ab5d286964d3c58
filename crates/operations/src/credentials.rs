//! Credentials on their way into the store: sealed, versioned, and never in place of better ones.

use connection::{NotTried, OpenCredentials, credentials};
use domain::{Credentials, Entropy, PartnerId};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use store::{
    Transaction,
    kaseya::logins::{self, LoginOf},
    settings::{Integration, StoredPassword},
};
use vault::KeyRing;

use crate::not_saved::NotSaved;

/// What sealing credentials needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealing<'a> {
    /// The keys.
    pub(crate) keys: &'a KeyRing,
    /// Randomness.
    pub(crate) entropy: &'a Entropy,
    /// The current time.
    pub(crate) now: Timestamp,
}

/// Credentials ready to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedCredentials {
    /// The credentials, their password sealed.
    pub(crate) credentials: Credentials<StoredPassword>,
    /// Higher than before if the credentials or their address changed.
    pub(crate) version: u32,
    /// Whether they differ from the stored credentials.
    pub(crate) are_new: bool,
}

/// Seals credentials. Credentials that are already stored stay as they are.
pub(crate) fn seal(
    partner: &PartnerId,
    values: &OpenCredentials,
    stored: Option<&Integration>,
    sealing: Sealing<'_>,
) -> SealedCredentials {
    let Sealing { keys, entropy, now } = sealing;
    let before =
        stored.and_then(|stored| Some((stored, credentials::open(partner, &stored.credentials, keys)?)));
    let same = before.filter(|(_, before)| {
        before.is_same_user(values) && before.password.expose_secret() == values.password.expose_secret()
    });
    let (sealed, version, changed_at) = match same {
        Some((stored, _)) if values.has_same_bases(&stored.credentials) => {
            let StoredPassword { sealed, changed_at, .. } = stored.credentials.password.clone();
            (sealed, stored.credentials_version, changed_at)
        }
        other => {
            let associated = credentials::associated(partner, values);
            let sealed = keys.seal(&associated, &values.password, |bytes| entropy.fill(bytes));
            // What is proven for one address is not proven for another: a job that began with the old address gets
            // no more permits.
            let version = stored.map_or(0, |stored| stored.credentials_version) + 1;
            let changed_at = other.map_or(Some(now), |(stored, _)| stored.credentials.password.changed_at);
            (sealed.as_str().to_owned(), version, changed_at)
        }
    };
    let password = StoredPassword { sealed, marks: credentials::marks(values, keys), changed_at };
    SealedCredentials {
        credentials: values.with_password(password),
        version,
        are_new: stored.is_none_or(|stored| stored.credentials_version != version),
    }
}

/// Fails for credentials that Kaseya is known to refuse: no job could log in with them, so they are not stored.
pub(crate) async fn not_refused(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    values: &OpenCredentials,
    marks: &[String],
    now: Timestamp,
) -> Result<(), NotSaved> {
    let address = values.address();
    let of = LoginOf { address: &address, user: &values.user_name, partner };
    match logins::lock_account(tx, of, marks, now).await?.refused {
        Some(refused) => Err(NotTried::RefusedBefore { code: refused.code, at: refused.at }.into()),
        None => Ok(()),
    }
}
