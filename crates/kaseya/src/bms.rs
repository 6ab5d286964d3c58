//! The client for all Kaseyas of a process.

use std::{fmt, sync::Arc};

use domain::Clock;
use egress::Egress;
use opentelemetry::metrics::Meter;

use crate::{
    Access, AllowedHosts, BmsSettings, Limits, Session, call_metrics::CallMetrics, door::Doors,
    shared::Shared,
};

/// The client. Clones share tokens and the refused logins.
#[derive(Clone)]
pub struct Bms(Arc<Shared>);

impl Bms {
    /// A client without any token. It also allows what the guard of `egress` allows for development.
    pub fn new(egress: Egress, clock: Arc<dyn Clock>, settings: BmsSettings) -> Self {
        let allowed_hosts = settings.allowed_hosts.with_loopback_http(egress.allows_loopback_http());
        let settings = BmsSettings { allowed_hosts, ..settings };
        Self(Arc::new(Shared { egress, clock, settings, doors: Doors::default(), metrics: None }))
    }

    /// The same client without any token or refused login.
    pub fn afresh(&self) -> Self {
        self.with_metrics(self.0.metrics.clone())
    }

    /// The same client without any token or refused login, with its calls counted by instruments of `meter`.
    pub fn measured(&self, meter: &Meter) -> Self {
        self.with_metrics(Some(CallMetrics::new(meter)))
    }

    fn with_metrics(&self, metrics: Option<CallMetrics>) -> Self {
        let Shared { egress, clock, settings, .. } = &*self.0;
        let (egress, clock, settings) = (egress.clone(), Arc::clone(clock), settings.clone());
        Self(Arc::new(Shared { egress, clock, settings, doors: Doors::default(), metrics }))
    }

    /// The hosts that custom addresses may lead to.
    pub fn allowed_hosts(&self) -> &AllowedHosts {
        &self.0.settings.allowed_hosts
    }

    /// One job's session. It makes no call before its first use.
    pub fn session(&self, access: Access, limits: Limits) -> Session {
        let door = self.0.doors.find(&access);
        Session::new(Arc::clone(&self.0), door, access, limits)
    }
}

impl fmt::Debug for Bms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bms").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
