//! Credentials on their way into the store: sealed, versioned, and never in place of better ones.

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

/// What sealing credentials needs.
#[derive(Debug, Clone, Copy)]
pub struct Sealing<'a> {
    /// The keys.
    pub keys: &'a KeyRing,
    /// Randomness.
    pub entropy: &'a Entropy,
    /// The current time.
    pub now: Timestamp,
}

/// Credentials ready to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCredentials {
    /// The sealed password.
    pub sealed_password: String,
    /// The marks of host, tenant, user and password.
    pub password_marks: Vec<String>,
    /// When the stored password was set, if known.
    pub password_changed_at: Option<Timestamp>,
    /// Higher than before if the credentials or their address changed.
    pub version: u32,
    /// Whether they differ from the stored credentials.
    pub are_new: bool,
}

/// Seals credentials. Credentials that are already stored stay as they are.
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
            // What is proven for one address is not proven for another: a job that began with the old address gets
            // no more permits.
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

/// Whether to try these credentials before storing them: yes if they differ from those in force or are the first.
/// If Kaseya refuses those in force, there is nothing to lose.
pub fn are_tried_first(new: &Values, stored: Option<&Integration>, keys: &KeyRing) -> bool {
    stored.is_none_or(|stored| stored.credentials_refused.is_none() && !new.are_stored(keys, stored))
}

/// Fails for credentials that Kaseya is known to refuse: no job could log in with them, so they are not stored.
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
