//! What all sessions of a process share.

use std::{sync::Arc, time::Duration};

use domain::{Backoff, Clock};
use egress::Egress;

use crate::{AllowedHosts, call_metrics::CallMetrics, door::Doors};

/// Settings of the client.
#[derive(Debug, Clone)]
pub struct BmsSettings {
    /// Backoff before a read is retried after a server error or a failed connection, at most twice.
    pub read_again: Backoff,
    /// The hosts that custom addresses may lead to.
    pub allowed_hosts: AllowedHosts,
}

impl Default for BmsSettings {
    fn default() -> Self {
        let read_again = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(2) };
        Self { read_again, allowed_hosts: AllowedHosts::default() }
    }
}

pub(crate) struct Shared {
    pub egress: Egress,
    pub clock: Arc<dyn Clock>,
    pub settings: BmsSettings,
    pub doors: Doors,
    pub metrics: Option<CallMetrics>,
}
