//! The section `[database]` of a program's configuration.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::{Settings, StoreError};

/// The keys of the section. The URL may hold a password, so it comes from a file.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSection {
    /// A file that contains `postgresql://user:password@host:port/database`.
    pub url_file: PathBuf,
    /// Maximum number of connections.
    pub pool_size: usize,
    /// Allows `sslmode=disable` to another machine, for a private network.
    pub allow_plaintext: bool,
    /// Certificate authorities trusted for the server, a PEM file. `None` uses the platform's.
    pub authorities: Option<PathBuf>,
}

impl DatabaseSection {
    /// The section's defaults as TOML, to be included in a program's own.
    pub const DEFAULTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/defaults.toml"));

    /// Reads the file. `application` becomes the connections' `application_name`.
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
