//! What every part of the scheduler works with.

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
    /// Partners that are due at one hour are spread over this time; under an hour.
    #[serde(with = "runtime::duration")]
    pub spread: Duration,
    /// How long a started job is its worker's without a sign of life.
    #[serde(with = "runtime::duration")]
    pub lease: Duration,
    /// How long a permit to write holds.
    #[serde(with = "runtime::duration")]
    pub permit: Duration,
    /// After how long a worker hands back what is left of its job.
    #[serde(with = "runtime::duration")]
    pub slice: Duration,
    /// How often the tables are looked at where nothing wakes the scheduler.
    #[serde(with = "runtime::duration")]
    pub poll: Duration,
    /// A ticket that nobody has started for this long is emitted again.
    #[serde(with = "runtime::duration")]
    pub ticket_timeout: Duration,
    /// How long a request waits for its report, unless it expires before.
    #[serde(with = "runtime::duration")]
    pub report_wait: Duration,
    /// How many jobs of one host may be started, all tenants together.
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

/// What every part of the scheduler works with. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The tables.
    pub store: Store,
    /// The bus.
    pub bus: SharedBus,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Entropy,
    /// The scheduler's own settings.
    pub settings: SchedulerSettings,
}
