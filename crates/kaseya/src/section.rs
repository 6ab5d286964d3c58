//! The section `[kaseya]` of the configuration, and the client that it makes.

use std::sync::Arc;

use domain::Clock;
use egress::{Egress, EgressSettings, SetupError};

use crate::{Bms, BmsSettings, LineRoutes};

/// The keys of the section; [`KaseyaSection::DEFAULTS`] describes each.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KaseyaSection {
    /// For development alone: allows plain http to loopback.
    pub allow_loopback_http: bool,
    /// The guessed V1 route of a contract's lines.
    pub lines_route: String,
    /// The guessed V1 route of one line.
    pub line_route: String,
}

impl KaseyaSection {
    /// Its defaults as TOML, for a program's own.
    pub const DEFAULTS: &str = r#"
[kaseya]
# For development alone: allows plain http to loopback, for a simulated Kaseya.
allow_loopback_http = false
# The guessed V1 routes of a contract's lines, below V1's base.
lines_route = "/finance/contracts/{contractId}/services"
line_route = "/finance/contracts/{contractId}/services/{lineId}"
"#;

    /// The client of all Kaseyas.
    pub fn client(self, clock: Arc<dyn Clock>) -> Result<Bms, SetupError> {
        let egress = Egress::new(EgressSettings { allow_loopback_http: self.allow_loopback_http })?;
        let line_routes = LineRoutes { lines: self.lines_route, line: self.line_route };
        Ok(Bms::new(egress, clock, BmsSettings { line_routes, ..BmsSettings::default() }))
    }
}
