//! Credentials on their way into the store: sealed, versioned, and never in the place of better ones.

use connection::{NotTried, Values};
use domain::{Entropy, PartnerId};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use store::{
    StoreError, Transaction,
    kaseya::logins::{self, LoginOf},
    settings::Integration,
};
use vault::{Associated, KeyRing};

/// What credentials are sealed with.
#[derive(Debug, Clone, Copy)]
pub struct Sealing<'a> {
    /// The keys.
    pub keys: &'a KeyRing,
    /// Randomness.
    pub entropy: &'a Entropy,
    /// The present instant.
    pub now: Timestamp,
}

/// Credentials as they are to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCredentials {
    /// The password, sealed.
    pub sealed_password: String,
    /// The marks of host, tenant, user and password.
    pub password_marks: Vec<String>,
    /// Since when the password is the stored one, if that is known.
    pub password_changed_at: Option<Timestamp>,
    /// Higher than before if they are others, or lead to another address.
    pub version: u32,
    /// Whether they are others than those that are stored.
    pub are_new: bool,
}

/// Seals credentials; those that are stored already stay as they are.
pub fn seal(
    partner: &PartnerId,
    values: &Values,
    stored: Option<&Integration>,
    sealing: Sealing<'_>,
) -> SealedCredentials {
    let Sealing { keys, entropy, now } = sealing;
    let before = stored.and_then(|stored| Some((stored, Values::stored(partner, stored, keys)?)));
    let same = before.filter(|(_, before)| {
        (&before.host, &before.tenant, &before.user_name) == (&values.host, &values.tenant, &values.user_name)
            && before.password.expose_secret() == values.password.expose_secret()
    });
    let (sealed_password, version, password_changed_at) = match same {
        Some((stored, _)) if values.lead_to_stored(stored) => {
            (stored.sealed_password.clone(), stored.credentials_version, stored.password_changed_at)
        }
        other => {
            let associated = Associated {
                partner: partner.as_str(),
                host: &values.host,
                v2_base: values.v2_base.as_deref(),
                v1_base: values.v1_base.as_deref(),
                tenant: &values.tenant,
                user: &values.user_name,
            };
            let sealed = keys.seal(&associated, &values.password, |bytes| entropy.fill(bytes));
            // What is proven for one address is not for another: a job that has begun there gets no permit any more.
            let version = stored.map_or(0, |stored| stored.credentials_version) + 1;
            let changed_at = other.map_or(Some(now), |(stored, _)| stored.password_changed_at);
            (sealed.as_str().to_owned(), version, changed_at)
        }
    };
    SealedCredentials {
        sealed_password,
        password_marks: values.marks(keys),
        password_changed_at,
        version,
        are_new: stored.is_none_or(|stored| stored.credentials_version != version),
    }
}

/// Whether these are tried before they are stored: all are that are others than those in force, the first too. Where Kaseya
/// refuses those in force there is nothing to lose.
pub fn are_tried_first(new: &Values, stored: Option<&Integration>, keys: &KeyRing) -> bool {
    stored.is_none_or(|stored| stored.credentials_refused.is_none() && !new.are_stored(keys, stored))
}

/// An error for credentials that Kaseya is known to refuse: no job could log in with them, and they are not stored.
pub async fn not_refused<E: From<StoreError> + From<NotTried>>(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    values: &Values,
    marks: &[String],
    now: Timestamp,
) -> Result<(), E> {
    let address = values.address();
    let of = LoginOf { address: &address, user: &values.user_name, partner };
    match logins::lock_account(tx, of, marks, now).await?.refused {
        Some(refused) => Err(NotTried::RefusedBefore { code: refused.code, at: refused.at }.into()),
        None => Ok(()),
    }
}
