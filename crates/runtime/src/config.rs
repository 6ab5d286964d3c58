//! Configuration in three layers: compiled-in defaults, one optional file, the environment.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format as _, Toml};
use figment::value::{Dict, Value};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config_error::ConfigError;
use crate::environment::{self, ENV_PREFIX};
use crate::service_links;

/// The defaults of the sections that this crate owns.
const OWN_DEFAULTS: &str = include_str!("defaults.toml");

/// A longer secret means a wrong path.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// The settings of one program, before each section's owner reads it.
///
/// Later layers win, key by key: the crate's own defaults, the program's defaults, the file, the environment
/// (`KASEYA_SYNC_SECTION__KEY`). Every section must be in the defaults, so that a misspelt one is refused.
#[derive(Debug, Clone)]
pub struct Config {
    figment: Figment,
}

impl Config {
    /// Merges the layers. The program's `defaults` are TOML text; its comments document each key.
    ///
    /// # Errors
    /// If the file cannot be read, a layer is not TOML, or a section is unknown.
    pub fn load(defaults: &str, file: Option<&Path>) -> Result<Self, ConfigError> {
        let compiled_in = Figment::new().merge(Toml::string(OWN_DEFAULTS)).merge(Toml::string(defaults));
        let known: BTreeSet<String> = keys(&compiled_in)?.into_iter().collect();

        let mut figment = compiled_in;
        if let Some(path) = file {
            // Opened here, so that a missing file is an error and the library does not search for it upwards.
            if let Err(source) = std::fs::File::open(path) {
                return Err(ConfigError::File { path: path.to_owned(), source });
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        let mut no_settings = service_links::in_environment();
        // Compose passes a variable that is not set as an empty one.
        no_settings.extend(environment::empty());
        let ours =
            Env::prefixed(ENV_PREFIX).filter(move |key| !no_settings.contains(&format!("{ENV_PREFIX}{key}")));
        figment = figment.merge(ours.split("__"));

        for section in keys(&figment)? {
            if !known.contains(&section) {
                return Err(ConfigError::unknown_section(&figment, section, known));
            }
        }
        Ok(Self { figment })
    }

    /// Only the crate's own defaults, for services inside a test, which must ignore the test's environment.
    ///
    /// # Errors
    /// If the defaults are not TOML.
    pub fn compiled_in() -> Result<Self, ConfigError> {
        let figment = Figment::new().merge(Toml::string(OWN_DEFAULTS));
        keys(&figment)?;
        Ok(Self { figment })
    }

    /// Allows a development switch that is on only if no other machine reaches the program. Other machines reach it
    /// if `[health]`, or an address among `reached_by`, is not loopback, or if a number among them says that
    /// proxies stand in front.
    ///
    /// # Errors
    /// If another machine reaches the program. The error names the key that allows it, and where the switch is set.
    pub fn take_development_switch(
        &self,
        switch: &'static str,
        reached_by: &[&'static str],
    ) -> Result<(), ConfigError> {
        let mut keys = reached_by.iter().chain(&["health.listen"]);
        match keys.find(|key| self.figment.find_value(key).is_ok_and(|value| is_reached(&value))) {
            Some(key) => Err(ConfigError::development_switch(&self.figment, switch, key)),
            None => Ok(()),
        }
    }

    /// Reads one section. `T` should refuse unknown fields, so that a misspelt key is named and not ignored.
    ///
    /// # Errors
    /// If a key is missing, unknown or of the wrong kind. The error says which key, from where, and what to do.
    pub fn section<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, ConfigError> {
        self.figment
            .focus(name)
            .extract()
            .map_err(|error| ConfigError::in_section(&self.figment, name, error))
    }
}

/// Whether the value is an address that other machines reach, or a number of proxies above 0.
fn is_reached(value: &Value) -> bool {
    match value {
        Value::String(_, address) => {
            address.parse().is_ok_and(|address: SocketAddr| !address.ip().is_loopback())
        }
        Value::Num(_, proxies) => proxies.to_u128_lossy().is_some_and(|proxies| proxies > 0),
        _ => false,
    }
}

fn keys(figment: &Figment) -> Result<Vec<String>, ConfigError> {
    let dict: Dict = figment.extract().map_err(|error| ConfigError::in_section(figment, "", error))?;
    Ok(dict.into_keys().collect())
}

/// The path of a file that holds one secret. The path may appear in logs; the content is read only when needed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretFile(PathBuf);

impl SecretFile {
    /// The secret at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the file each time, so that a rotated secret applies at the next use. One trailing line end is not
    /// part of it.
    ///
    /// # Errors
    /// If the file cannot be read, is not text, is empty, or is longer than a secret can be.
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        let fault = |why: String| ConfigError::Secret { path: self.0.clone(), why };
        let mut text = String::new();
        std::fs::File::open(&self.0)
            .and_then(|file| file.take(MAX_SECRET_BYTES + 1).read_to_string(&mut text))
            .map_err(|error| fault(error.to_string()))?;
        let secret =
            text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        if secret.is_empty() {
            return Err(fault("it is empty".to_owned()));
        }
        if text.len() as u64 > MAX_SECRET_BYTES {
            return Err(fault(format!("it is longer than {MAX_SECRET_BYTES} bytes")));
        }
        Ok(SecretString::from(secret))
    }
}
