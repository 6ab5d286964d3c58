//! The section `[kaseya]` of the configuration, and its client.

use std::sync::Arc;

use domain::Clock;
use egress::{Egress, EgressSettings, SetupError};

use crate::{AllowedHosts, Bms, BmsSettings};

/// The keys of the section; [`KaseyaSection::DEFAULTS`] describes each.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KaseyaSection {
    /// For development only: allows plain http to loopback.
    pub allow_loopback_http: bool,
    /// Hosts that custom addresses may lead to, in addition to those under the typed host's own domain;
    /// `.example.com` allows every host under it.
    pub allowed_hosts: Vec<String>,
}

impl KaseyaSection {
    /// The configuration name of the switch for development: no program that other machines can reach accepts it.
    pub const ALLOW_LOOPBACK_HTTP: &str = "kaseya.allow_loopback_http";

    /// The section's defaults as TOML, for a program's own defaults.
    pub const DEFAULTS: &str = include_str!("defaults.toml");

    /// The hosts that custom addresses may lead to.
    pub fn allowed_hosts(&self) -> AllowedHosts {
        AllowedHosts::and(&self.allowed_hosts).with_loopback_http(self.allow_loopback_http)
    }

    /// The client for all Kaseyas.
    pub fn client(self, clock: Arc<dyn Clock>) -> Result<Bms, SetupError> {
        let egress = Egress::new(EgressSettings { allow_loopback_http: self.allow_loopback_http })?;
        let settings = BmsSettings { allowed_hosts: self.allowed_hosts(), ..BmsSettings::default() };
        Ok(Bms::new(egress, clock, settings))
    }
}
