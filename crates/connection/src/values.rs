//! What a person types to connect a Kaseya.

use domain::{KaseyaAddress, PartnerId};
use kaseya::{Access, AllowedHosts, Bases, BasesError, Host, HostError, LineProfile, LineProfileError};
use secrecy::SecretString;
use store::settings::Integration;
use vault::{Associated, KeyRing, Login, Sealed};

/// What a person types to connect a Kaseya.
#[derive(Debug, Clone)]
pub struct Values {
    /// Kaseya's host.
    pub host: String,
    /// The V2 base address, if not the host's usual one.
    pub v2_base: Option<String>,
    /// The V1 base address, if not the host's usual one.
    pub v1_base: Option<String>,
    /// The company name in Kaseya, exactly as typed.
    pub tenant: String,
    /// The user name.
    pub user_name: String,
    /// The user's password.
    pub password: SecretString,
}

/// The values do not name a valid Kaseya address.
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

impl Values {
    /// The marks of the values: equal values have equal marks, and the marks do not reveal the values.
    pub fn marks(&self, keys: &KeyRing) -> Vec<String> {
        let host = self.host.to_ascii_lowercase();
        let login = Login { host: &host, tenant: &self.tenant, user: &self.user_name };
        keys.marks(&login, &self.password)
    }

    /// Whether these are the stored values: the same credentials, by their marks, for the same addresses.
    pub fn are_stored(&self, keys: &KeyRing, integration: &Integration) -> bool {
        self.lead_to_stored(integration)
            && self.marks(keys).iter().any(|mark| integration.password_marks.contains(mark))
    }

    /// Whether the values lead to the stored addresses.
    pub fn lead_to_stored(&self, integration: &Integration) -> bool {
        (&self.v2_base, &self.v1_base) == (&integration.v2_base, &integration.v1_base)
    }

    /// The address that is actually called.
    pub fn address(&self) -> KaseyaAddress {
        KaseyaAddress::new(&self.host, self.v2_base.as_deref(), self.v1_base.as_deref(), &self.tenant)
    }

    /// The stored values, opened; `None` if the key ring does not open them.
    pub fn stored(partner: &PartnerId, stored: &Integration, keys: &KeyRing) -> Option<Self> {
        let associated = Associated {
            partner: partner.as_str(),
            host: &stored.host,
            v2_base: stored.v2_base.as_deref(),
            v1_base: stored.v1_base.as_deref(),
            tenant: &stored.tenant,
            user: &stored.user_name,
        };
        let password = keys.open(&associated, &Sealed::from_text(&*stored.sealed_password)).ok()?;
        Some(Self {
            host: stored.host.clone(),
            v2_base: stored.v2_base.clone(),
            v1_base: stored.v1_base.clone(),
            tenant: stored.tenant.clone(),
            user_name: stored.user_name.clone(),
            password,
        })
    }

    /// The access of a session.
    pub(crate) fn access(&self, partner: &PartnerId, bases: Bases, credentials_version: u32) -> Access {
        Access {
            partner: partner.clone(),
            bases,
            tenant: self.tenant.clone(),
            user_name: self.user_name.clone(),
            password: self.password.clone(),
            credentials_version,
        }
    }

    /// The base addresses, if allowed, with the line profile that jobs use too.
    pub(crate) fn bases(
        &self,
        line_profile: Option<&str>,
        allowed: &AllowedHosts,
    ) -> Result<Bases, NoAddress> {
        let host = Host::parse(&self.host)?;
        let bases = Bases::new(&host, self.v2_base.as_deref(), self.v1_base.as_deref(), allowed)?;
        Ok(bases.with_line_profile(LineProfile::stored(line_profile)?))
    }
}
