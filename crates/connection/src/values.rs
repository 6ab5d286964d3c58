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
    /// The V2 base address, where it is not the host's usual one.
    pub v2_base: Option<String>,
    /// The V1 base address, where it is not the host's usual one.
    pub v1_base: Option<String>,
    /// The company name in Kaseya, unchanged.
    pub tenant: String,
    /// The user.
    pub user_name: String,
    /// Its password.
    pub password: SecretString,
}

/// Values that name no Kaseya.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAddress {
    /// The host is none.
    #[error("host: {0}")]
    Host(#[from] HostError),
    /// A base address is none.
    #[error("{0}")]
    Bases(#[from] BasesError),
    /// A route of the installation is none.
    #[error("{0}")]
    LineProfile(#[from] LineProfileError),
}

impl Values {
    /// Their marks, by which they are known again without being known.
    pub fn marks(&self, keys: &KeyRing) -> Vec<String> {
        let host = self.host.to_ascii_lowercase();
        let login = Login { host: &host, tenant: &self.tenant, user: &self.user_name };
        keys.marks(&login, &self.password)
    }

    /// Whether they are those that are stored: the credentials by their marks, for the same addresses.
    pub fn are_stored(&self, keys: &KeyRing, integration: &Integration) -> bool {
        self.lead_to_stored(integration)
            && self.marks(keys).iter().any(|mark| integration.password_marks.contains(mark))
    }

    /// Whether they lead to the addresses that are stored.
    pub fn lead_to_stored(&self, integration: &Integration) -> bool {
        (&self.v2_base, &self.v1_base) == (&integration.v2_base, &integration.v1_base)
    }

    /// What is really called.
    pub fn address(&self) -> KaseyaAddress {
        KaseyaAddress::new(&self.host, self.v2_base.as_deref(), self.v1_base.as_deref(), &self.tenant)
    }

    /// Those that are stored, opened; `None` where the key ring does not open them.
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

    /// What a session calls with.
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

    /// Where they lead, if it is allowed, with the line profile that jobs go by too.
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
