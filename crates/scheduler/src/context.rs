//! The clients and settings that every part of the scheduler uses.

use std::{sync::Arc, time::Duration};

use bus::SharedBus;
use domain::{Clock, Entropy};
use store::Store;

/// The channel on which Postgres says that the ledger has changed.
pub(crate) const LEDGER: &str = "ledger";

/// The scheduler's own settings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulerSettings {
    /// Partners that are due at the same hour are spread over this time; under an hour.
    #[serde(with = "runtime::duration")]
    pub spread: Duration,
    /// How long a started job belongs to its worker without a heartbeat.
    #[serde(with = "runtime::duration")]
    pub lease: Duration,
    /// How long a permit to write is valid.
    #[serde(with = "runtime::duration")]
    pub permit: Duration,
    /// How long a worker works before it hands back the rest of its job.
    #[serde(with = "runtime::duration")]
    pub slice: Duration,
    /// How often to look at the tables when nothing wakes the scheduler.
    #[serde(with = "runtime::duration")]
    pub poll: Duration,
    /// How long a ticket may stay unstarted before it is emitted again.
    #[serde(with = "runtime::duration")]
    pub ticket_timeout: Duration,
    /// How long a request waits for its report, unless the request expires earlier.
    #[serde(with = "runtime::duration")]
    pub report_wait: Duration,
    /// How many jobs may be started on one host, over all tenants.
    pub slots_per_host: i64,
}

impl Default for SchedulerSettings {
    fn default() -> Self {
        Self {
            spread: Duration::from_secs(15 * 60),
            lease: Duration::from_secs(60),
            permit: Duration::from_secs(30),
            slice: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            ticket_timeout: Duration::from_secs(60),
            report_wait: Duration::from_secs(120),
            slots_per_host: 4,
        }
    }
}

/// The clients and settings that every part of the scheduler uses. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub store: Store,
    /// The message bus.
    pub bus: SharedBus,
    /// The source of the present time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness and of ids.
    pub entropy: Entropy,
    /// The scheduler's own settings.
    pub settings: SchedulerSettings,
}
