//! The section `[portal]`.

use std::{net::SocketAddr, time::Duration};

use serde::Deserialize;

/// What is configured of the portal itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalSettings {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether browsers reach it over plain http: for one on this very machine alone.
    pub plain_http: bool,
    /// How many proxies stand in front of it.
    pub proxies: usize,
    /// The scheduler's spread of partners that are due at one hour.
    #[serde(with = "runtime::duration")]
    pub spread: Duration,
}
