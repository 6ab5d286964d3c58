//! The section `[database]` of a program's configuration.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::{Settings, StoreError};

/// The keys of the section. The URL may hold a password, so it comes from a file.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSection {
    /// A file with `postgresql://user:password@host:port/database`.
    pub url_file: PathBuf,
    /// The most connections at a time.
    pub pool_size: usize,
    /// Allows `sslmode=disable` to another machine, for a network that nobody else is on.
    pub allow_plaintext: bool,
    /// The authorities that may vouch for the server, in a PEM file; the platform's own when absent.
    pub authorities: Option<PathBuf>,
}

impl DatabaseSection {
    /// Its defaults as TOML, for a program's own.
    pub const DEFAULTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/defaults.toml"));

    /// Reads the file. `application` is what the connections call themselves.
    pub fn settings(self, application: &str) -> Result<Settings, StoreError> {
        let url = std::fs::read_to_string(&self.url_file).map_err(|error| StoreError::Settings {
            reason: format!("database.url_file = {}: {error}", self.url_file.display()),
        })?;
        Ok(Settings {
            url: SecretString::from(url.trim()),
            url_file: Some(self.url_file),
            application: application.to_owned(),
            pool_size: self.pool_size,
            allow_plaintext: self.allow_plaintext,
            authorities: self.authorities,
            ..Settings::new("")
        })
    }
}
