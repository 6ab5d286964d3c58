//! The service: consumes `JobDone`, stores, settles, announces.

use std::time::Duration;

use bus::{BusError, Consumer, Delivery, Queue, Settlement};
use domain::FailureClass;
use runtime::{Health, Intake, Progress};
use store::StoreError;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    batch::{Batch, settle},
    batch_store::{Arrived, Stored, store_batch},
    results::{RETRY, Results},
};

/// A batch in hand that is not retried for this long is stuck.
const STUCK: Duration = Duration::from_secs(300);

impl Results {
    /// Works until `stop` and reports progress to `health`. What is in hand at `stop` is still stored and settled.
    pub async fn run(&self, stop: CancellationToken, health: &Health) -> Result<(), BusError> {
        let consumer = self.bus.consume(Queue::Results, self.settings.prefetch, stop.clone()).await?;
        tokio::join!(self.store_until_stopped(consumer, Shown::on(health)), self.announce_until(stop));
        Ok(())
    }

    /// Stores one `JobDone` and settles it, then announces the pending events: what [`Results::run`] does, without
    /// its loops.
    pub async fn handle(&self, delivery: Delivery, health: &Health) {
        let mut batch = Batch::default();
        batch.take(delivery, self).await;
        if !batch.arrived.is_empty() {
            self.store_and_settle(batch, &Shown::on(health)).await;
        }
        while self.announce().await {}
    }

    async fn store_until_stopped(&self, mut consumer: Consumer, shown: Shown) {
        shown.progress.idle();
        while let Some(batch) = Batch::collect(&mut consumer, self).await {
            let span = tracing::info_span!("store results", messages = batch.arrived.len());
            self.store_and_settle(batch, &shown).instrument(span).await;
            shown.progress.idle();
        }
    }

    /// Stores a batch in one transaction. If the database refuses the batch as invalid, each message is stored on
    /// its own, so that only the bad one goes to the dead letters.
    async fn store_and_settle(&self, batch: Batch, shown: &Shown) {
        match self.store_patiently(&batch.arrived, shown).await {
            Ok(stored) => {
                for (stored, delivery) in stored.into_iter().zip(batch.deliveries) {
                    settle(delivery, settlement(stored)).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "a batch was refused; its messages are stored one by one");
                for (arrived, delivery) in batch.arrived.into_iter().zip(batch.deliveries) {
                    let how = match self.store_patiently(std::slice::from_ref(&arrived), shown).await {
                        Ok(stored) => stored.into_iter().next().map_or(Settlement::Done, settlement),
                        Err(error) => Settlement::DeadLetter(format!("the database refused it: {error}")),
                    };
                    settle(delivery, how).await;
                }
            }
        }
        self.stored.notify_one();
    }

    /// Retries until the batch is stored or refused because of its content. While something of ours is at fault the
    /// messages wait here, unsettled; a consumer that is killed meanwhile loses nothing.
    async fn store_patiently(&self, batch: &[Arrived], shown: &Shown) -> Result<Vec<Stored>, StoreError> {
        let mut failures = 0;
        loop {
            // Waiting for the database counts as progress: a restart would not bring it back.
            shown.progress.mark();
            let now = self.clock.now();
            let stored = self
                .store
                .transaction("store_results", |tx| Box::pin(store_batch(tx, batch, &self.entropy, now)))
                .await;
            let error = match stored {
                Ok(stored) => {
                    shown.intake.goes_on();
                    if let Some(metrics) = &self.metrics {
                        metrics.stored(batch, &stored);
                    }
                    return Ok(stored);
                }
                Err(error) => error,
            };
            match error.class() {
                FailureClass::Transient | FailureClass::LimitedUntil(_) | FailureClass::Permanent => {
                    tracing::warn!(%error, failures, "results wait for a fault of ours to end");
                    shown.intake.waits(error.to_string());
                    tokio::time::sleep(RETRY.wait(failures, self.entropy.fraction())).await;
                    failures += 1;
                }
                FailureClass::Poison => {
                    shown.intake.goes_on();
                    return Err(error);
                }
            }
        }
    }
}

/// A message that the ledger disagrees with is refused because of its content.
fn settlement(stored: Stored) -> Settlement {
    match stored {
        Ok(()) => Settlement::Done,
        Err(disagreement) => {
            tracing::error!(%disagreement, "a JobDone that the ledger does not confirm goes to the dead letters");
            Settlement::DeadLetter(format!("the ledger does not confirm it: {disagreement}"))
        }
    }
}

/// What `/livez` and `/readyz` see of the service.
struct Shown {
    progress: Progress,
    intake: Intake,
}

impl Shown {
    fn on(health: &Health) -> Self {
        Self { progress: health.progress("results", STUCK), intake: health.intake("results") }
    }
}
