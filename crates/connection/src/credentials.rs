//! Credentials in clear: what a person types to connect a Kaseya, or what a stored password opens to.

use domain::{Credentials, PartnerId};
use kaseya::{Access, AllowedHosts, Bases, BasesError, Host, HostError, LineProfile, LineProfileError};
use secrecy::SecretString;
use store::settings::{Integration, StoredPassword};
use vault::{Associated, KeyRing, Login, Sealed};

/// Credentials with the password in clear.
pub type OpenCredentials = Credentials<SecretString>;

/// The credentials do not name a valid Kaseya address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAddress {
    /// The host is invalid.
    #[error("host: {0}")]
    Host(#[from] HostError),
    /// A base address is invalid.
    #[error("{0}")]
    Bases(#[from] BasesError),
    /// A route of the installation is invalid.
    #[error("{0}")]
    LineProfile(#[from] LineProfileError),
}

/// What a sealed password is bound to: it opens for these credentials only.
pub fn associated<'a, P>(partner: &'a PartnerId, credentials: &'a Credentials<P>) -> Associated<'a> {
    Associated {
        partner: partner.as_str(),
        host: &credentials.host,
        v2_base: credentials.v2_base.as_deref(),
        v1_base: credentials.v1_base.as_deref(),
        tenant: &credentials.tenant,
        user: &credentials.user_name,
    }
}

/// Opens stored credentials; `None` if the key ring does not open them.
pub fn open(
    partner: &PartnerId,
    stored: &Credentials<StoredPassword>,
    keys: &KeyRing,
) -> Option<OpenCredentials> {
    let sealed = Sealed::from_text(&*stored.password.sealed);
    let password = keys.open(&associated(partner, stored), &sealed).ok()?;
    Some(stored.with_password(password))
}

/// The marks of credentials: equal credentials have equal marks, and the marks do not reveal them.
pub fn marks(credentials: &OpenCredentials, keys: &KeyRing) -> Vec<String> {
    let host = credentials.host.to_ascii_lowercase();
    let login = Login { host: &host, tenant: &credentials.tenant, user: &credentials.user_name };
    keys.marks(&login, &credentials.password)
}

/// Whether these are the stored credentials, by their marks, for the same addresses.
pub fn are_stored(credentials: &OpenCredentials, stored: &Integration, keys: &KeyRing) -> bool {
    credentials.has_same_bases(&stored.credentials)
        && marks(credentials, keys).iter().any(|mark| stored.credentials.password.marks.contains(mark))
}

/// The access of a session.
pub(crate) fn access(
    partner: &PartnerId,
    credentials: &OpenCredentials,
    bases: Bases,
    credentials_version: u32,
) -> Access {
    Access {
        partner: partner.clone(),
        bases,
        tenant: credentials.tenant.clone(),
        user_name: credentials.user_name.clone(),
        password: credentials.password.clone(),
        credentials_version,
    }
}

/// The base addresses, if allowed, with the line profile that jobs use too.
pub(crate) fn bases(
    credentials: &OpenCredentials,
    line_profile: Option<&str>,
    allowed: &AllowedHosts,
) -> Result<Bases, NoAddress> {
    let host = Host::parse(&credentials.host)?;
    let bases = Bases::new(&host, credentials.v2_base.as_deref(), credentials.v1_base.as_deref(), allowed)?;
    Ok(bases.with_line_profile(LineProfile::stored(line_profile)?))
}
