//! The configuration sections that this crate owns, and those that programs share; a `defaults.toml` describes each key.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::config::SecretFile;

/// `[bus]` of every program that reaches the broker. The address may contain a password, so it comes from a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusSection {
    /// A file with `amqp://user:password@host:port/vhost`, or `amqps://…`.
    pub uri_file: SecretFile,
}

/// `[vault]` of every program that seals or opens passwords.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultSection {
    /// The file with the key ring.
    pub key_ring_file: PathBuf,
}

/// `[log]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    pub filter: String,
    pub format: LogFormat,
}

/// The format of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For a person at a terminal.
    Text,
}

/// `[telemetry]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportSettings {
    pub otlp_endpoint: Option<String>,
    #[serde(with = "crate::duration")]
    pub flush_timeout: Duration,
}

/// `[health]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthSettings {
    pub listen: Option<SocketAddr>,
}

/// `[shutdown]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShutdownSettings {
    #[serde(with = "crate::duration")]
    pub grace: Duration,
    #[serde(with = "crate::duration")]
    pub abandon: Duration,
}
