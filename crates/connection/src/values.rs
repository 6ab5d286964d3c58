//! What a person types to connect a Kaseya.

use kaseya::{Bases, BasesError, Host, HostError};
use secrecy::SecretString;
use store::settings::Integration;
use vault::{KeyRing, Login};

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
}

impl Values {
    /// Their marks, by which they are known again without being known.
    pub fn marks(&self, keys: &KeyRing) -> Vec<String> {
        let host = self.counted_host();
        let login = Login { host: &host, tenant: &self.tenant, user: &self.user_name };
        keys.marks(&login, &self.password)
    }

    /// Whether they are those that are stored, by their marks.
    pub fn are_stored(&self, keys: &KeyRing, integration: &Integration) -> bool {
        self.marks(keys).iter().any(|mark| integration.password_marks.contains(mark))
    }

    /// The host as logins are counted by it.
    pub(crate) fn counted_host(&self) -> String {
        self.host.to_ascii_lowercase()
    }

    /// Where they lead.
    pub(crate) fn bases(&self) -> Result<Bases, NoAddress> {
        let host = Host::parse(&self.host)?;
        Ok(Bases::new(&host, self.v2_base.as_deref(), self.v1_base.as_deref())?)
    }
}
