//! What the results service works with.

use std::{sync::Arc, time::Duration};

use bus::{SharedBus, parts::Part};
use domain::{Backoff, Clock, Entropy, FailureClass};
use runtime::metrics::Meter;
use store::{
    Store, StoreError,
    messages::parts::{self, MessagePart},
};
use tokio::sync::Notify;

use crate::result_metrics::ResultMetrics;

/// The settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultsSettings {
    /// Maximum number of messages taken and not yet stored. Two batches' worth keeps the database busy.
    pub prefetch: u16,
    /// How often to check the outbox of events without being woken.
    #[serde(with = "runtime::duration")]
    pub announce_every: Duration,
}

/// Waits between retries while the database is unavailable.
pub(crate) const RETRY: Backoff =
    Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

/// The results service.
#[derive(Clone)]
pub struct Results {
    pub(crate) store: Store,
    pub(crate) bus: SharedBus,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) settings: ResultsSettings,
    pub(crate) stored: Arc<Notify>,
    pub(crate) metrics: Option<ResultMetrics>,
}

impl Results {
    /// A service that does nothing until [`Results::run`].
    pub fn new(
        store: Store,
        bus: SharedBus,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        settings: ResultsSettings,
    ) -> Self {
        Self { store, bus, clock, entropy, settings, stored: Arc::new(Notify::new()), metrics: None }
    }

    /// The same service, with its results counted by instruments of `meter`.
    #[must_use]
    pub fn measured(self, meter: &Meter) -> Self {
        Self { metrics: Some(ResultMetrics::new(meter)), ..self }
    }

    /// The installation's time.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Stores a part of a `JobDone` that is too large for one message, and returns the whole with its last part.
    /// The transaction that stores the whole deletes the parts.
    pub(crate) async fn keep_part(&self, part: &Part) -> Result<Option<Vec<u8>>, StoreError> {
        let part =
            MessagePart { whole: part.whole, place: part.place, parts: part.parts, bytes: &part.bytes };
        let mut failures = 0;
        loop {
            let now = self.clock.now();
            let kept = self.store.transaction("keep_part", |tx| Box::pin(parts::add(tx, &part, now))).await;
            match kept {
                Err(error) if error.class() != FailureClass::Poison => {
                    tracing::warn!(%error, failures, "a part of a result waits for the database");
                    tokio::time::sleep(RETRY.wait(failures, self.entropy.fraction())).await;
                    failures += 1;
                }
                kept => return kept,
            }
        }
    }
}
