//! Collects deliveries into batches and sorts out messages that are not a `JobDone`.

use std::time::Duration;

use bus::{Consumer, Delivery, Settlement, parts::Part};
use messages::{decode, job_done::JobDone, v1};

use crate::{batch_store::Arrived, done::not_after, results::Results};

/// Maximum number of company rows in a batch; at this size it accepts no further message.
const MAX_ROWS: usize = 500;
/// How long a batch waits for more after its first message.
const LINGER: Duration = Duration::from_millis(5);

/// Messages to store together, each with its delivery.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) arrived: Vec<Arrived>,
    pub(crate) deliveries: Vec<Delivery>,
}

impl Batch {
    /// The next batch; `None` only when the consumer has stopped. A message that is not a `JobDone` goes to the
    /// dead letters. A `JobDone` in parts is complete with its last part.
    pub(crate) async fn collect(consumer: &mut Consumer, results: &Results) -> Option<Self> {
        let mut batch = Self::default();
        while batch.arrived.is_empty() {
            let delivery = consumer.next().await?;
            batch.take(delivery, results).await;
        }
        while batch.rows() < MAX_ROWS {
            match tokio::time::timeout(LINGER, consumer.next()).await {
                Ok(Some(delivery)) => batch.take(delivery, results).await,
                Ok(None) | Err(_) => break,
            }
        }
        Some(batch)
    }

    pub(crate) async fn take(&mut self, mut delivery: Delivery, results: &Results) {
        let in_parts = match Part::read(&delivery.message) {
            None => None,
            Some(Err(error)) => return settle(delivery, Settlement::DeadLetter(error.to_string())).await,
            Some(Ok(part)) => match results.keep_part(&part).await {
                Ok(Some(whole)) => {
                    // From here on the delivery is the whole message, in a dead letter too: it begins with the id
                    // of its partner.
                    delivery.message.kind = Some(part.kind);
                    delivery.message.body = whole.into();
                    Some(part.whole)
                }
                Ok(None) => return settle(delivery, Settlement::Done).await,
                Err(error) => {
                    let reason = format!("the database refused it: {error}");
                    return settle(delivery, Settlement::DeadLetter(reason)).await;
                }
            },
        };
        let message = &delivery.message;
        let read = decode::<v1::JobDone>(message.kind.as_deref(), &message.body)
            .map_err(|error| error.to_string())
            .and_then(|done| JobDone::try_from(done).map_err(|error| error.to_string()));
        match read {
            Ok(mut done) => {
                if let Some(ahead) = not_after(&mut done, results.now()) {
                    tracing::warn!(
                        job = %done.job,
                        seconds_ahead = ahead.as_secs(),
                        "a program's clock is ahead; instants of the future are taken for now"
                    );
                }
                let traceparent = message.trace.traceparent.clone();
                self.arrived.push(Arrived { done, traceparent, in_parts });
                self.deliveries.push(delivery);
            }
            Err(reason) => {
                tracing::error!(%reason, "a message that is no JobDone goes to the dead letters");
                settle(delivery, Settlement::DeadLetter(reason)).await;
            }
        }
    }

    fn rows(&self) -> usize {
        // A JobDone with only a leftover counts as a row.
        self.arrived.iter().map(|arrived| arrived.done.companies.len().max(1)).sum()
    }
}

/// Settles a delivery. A delivery that was lost meanwhile comes again and is then found stored.
pub(crate) async fn settle(delivery: Delivery, how: Settlement) {
    if let Err(error) = delivery.settle(how).await {
        tracing::warn!(%error, "a delivery could not be settled; it comes again");
    }
}
