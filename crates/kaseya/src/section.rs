//! The section `[kaseya]` of the configuration, and the client that it makes.

use std::sync::Arc;

use domain::Clock;
use egress::{Egress, EgressSettings, SetupError};

use crate::{Bms, BmsSettings};

/// The keys of the section; [`KaseyaSection::DEFAULTS`] describes each.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KaseyaSection {
    /// For development alone: allows plain http to loopback.
    pub allow_loopback_http: bool,
}

impl KaseyaSection {
    /// Its defaults as TOML, for a program's own.
    pub const DEFAULTS: &str = r#"
[kaseya]
# For development alone: allows plain http to loopback, for a simulated Kaseya.
allow_loopback_http = false
"#;

    /// The client of all Kaseyas.
    pub fn client(self, clock: Arc<dyn Clock>) -> Result<Bms, SetupError> {
        let egress = Egress::new(EgressSettings { allow_loopback_http: self.allow_loopback_http })?;
        Ok(Bms::new(egress, clock, BmsSettings::default()))
    }
}
