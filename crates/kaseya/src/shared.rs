//! What all sessions of a process share.

use std::{sync::Arc, time::Duration};

use domain::{Backoff, Clock};
use egress::Egress;

use crate::{AllowedHosts, door::Doors};

/// What can be set.
#[derive(Debug, Clone)]
pub struct BmsSettings {
    /// How long to wait before a read that met a server error or no connection is sent again, twice at most.
    pub read_again: Backoff,
    /// Where own addresses may lead.
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
}
