//! The section `[kaseya]` of the configuration, and the client that it makes.

use std::sync::Arc;

use domain::Clock;
use egress::{Egress, EgressSettings, SetupError};

use crate::{AllowedHosts, Bms, BmsSettings};

/// The keys of the section; [`KaseyaSection::DEFAULTS`] describes each.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KaseyaSection {
    /// For development alone: allows plain http to loopback.
    pub allow_loopback_http: bool,
    /// Hosts that own addresses may lead to, beside those under the typed host's own domain; `.example.com` stands for all
    /// under it.
    pub allowed_hosts: Vec<String>,
}

impl KaseyaSection {
    /// The switch for development, as the configuration names it: no program takes it that other machines reach.
    pub const ALLOW_LOOPBACK_HTTP: &str = "kaseya.allow_loopback_http";

    /// Its defaults as TOML, for a program's own.
    pub const DEFAULTS: &str = include_str!("defaults.toml");

    /// Where own addresses may lead.
    pub fn allowed_hosts(&self) -> AllowedHosts {
        AllowedHosts::and(&self.allowed_hosts).with_loopback_http(self.allow_loopback_http)
    }

    /// The client of all Kaseyas.
    pub fn client(self, clock: Arc<dyn Clock>) -> Result<Bms, SetupError> {
        let egress = Egress::new(EgressSettings { allow_loopback_http: self.allow_loopback_http })?;
        let settings = BmsSettings { allowed_hosts: self.allowed_hosts(), ..BmsSettings::default() };
        Ok(Bms::new(egress, clock, settings))
    }
}
