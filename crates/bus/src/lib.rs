//! The bus as the services see it, the topology as data, and the bus inside one process.
//!
//! Two buses pass one contract suite: [`InProcess`] here, and RabbitMQ in the crate `bus-rabbitmq`. Both keep a
//! message for which [`Bus::publish`] returned `Ok` until a consumer has settled it (RabbitMQ: on disk, by a quorum).

mod dead_letter;
mod error;
mod in_process;
mod message;
pub mod parts;
pub mod topology;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use dead_letter::dead_letter;
pub use error::{BusError, PublishError, RequestError};
pub use in_process::InProcess;
pub use message::{Incoming, Outgoing, TraceContext};
pub use topology::{EventTopic, Queue};

/// A bus that any number of tasks can share.
pub type SharedBus = Arc<dyn Bus>;

/// The operations that the services need from a bus.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Puts a message on a queue and returns once the broker has confirmed it.
    ///
    /// On a queue of [`Queue::takes_parts`] a message that is too large is sent in [`parts`], each confirmed.
    ///
    /// A message that reaches no queue, is refused, or is not confirmed in time is an error; the caller's ledger keeps it.
    async fn publish(&self, queue: Queue, message: Outgoing) -> Result<(), PublishError>;

    /// Sends an event to the listeners on the events exchange. No listener is not an error.
    async fn announce(&self, topic: EventTopic, message: Outgoing) -> Result<(), PublishError>;

    /// Sends a request to a queue and waits for the response, at most `timeout`.
    ///
    /// The caller does not know whether a request without a response was executed.
    async fn request(
        &self,
        queue: Queue,
        message: Outgoing,
        timeout: Duration,
    ) -> Result<Incoming, RequestError>;

    /// Takes messages from a queue, at most `prefetch` unsettled at a time, until `stop`.
    ///
    /// The consumer recovers by itself after a lost connection, a closed channel or a deleted queue.
    async fn consume(
        &self,
        queue: Queue,
        prefetch: u16,
        stop: CancellationToken,
    ) -> Result<Consumer, BusError>;

    /// Listens to events from now on, until `stop`. Events sent while the connection is lost are missed: a listener
    /// that needs them all reads them from the store.
    async fn listen(&self, topic: EventTopic, stop: CancellationToken) -> Result<Consumer, BusError>;

    /// Responds to a request that came with [`Incoming::reply_to`], in [`parts`] if the response is too large for one
    /// message: the caller receives it whole. A caller that has gone is not an error.
    async fn reply(&self, to: &Incoming, message: Outgoing) -> Result<(), PublishError>;

    /// Whether the bus is reachable now; readiness follows it.
    fn connected(&self) -> watch::Receiver<bool>;
}

/// Deliveries of one queue. Deliveries not handed out when it is dropped are delivered again, to the consumers of
/// that time.
pub struct Consumer {
    deliveries: tokio::sync::mpsc::Receiver<Delivery>,
    stop: CancellationToken,
    watch: Option<Box<dyn FnMut() -> OnSettled + Send>>,
}

/// Called once with [`Settlement::kind`] of a delivery, after the bus has accepted the settlement.
pub type OnSettled = Box<dyn FnOnce(&'static str) + Send>;

impl Consumer {
    /// A consumer fed through a channel until `stop`; for implementations of [`Bus`].
    pub fn new(deliveries: tokio::sync::mpsc::Receiver<Delivery>, stop: CancellationToken) -> Self {
        Self { deliveries, stop, watch: None }
    }

    /// Calls `watch` for each delivery when it is handed out, and the returned function when it is settled.
    #[must_use]
    pub fn watched(mut self, watch: impl FnMut() -> OnSettled + Send + 'static) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// The next delivery; `None` only after `stop`, and then at once: prefetched deliveries go back.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let mut delivery = tokio::select! {
                biased;
                () = self.stop.cancelled() => None,
                delivery = self.deliveries.recv() => delivery,
            }?;
            // Deliveries that the broker has taken back come again.
            if !delivery.lost.is_cancelled() {
                delivery.on_settled = self.watch.as_mut().map(|watch| watch());
                return Some(delivery);
            }
        }
    }
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The work is done; the message is forgotten.
    Done,
    /// The work could not be done now; the message is delivered again, at once and at its place. Each time counts
    /// against the broker's delivery limit: during an outage, hold the message and wait. An event is not kept and so
    /// does not come again.
    Again,
    /// The message can never be processed: it is published to the dead letters with this reason, then forgotten.
    DeadLetter(String),
}

impl Settlement {
    /// A word for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Again => "again",
            Self::DeadLetter(_) => "dead_letter",
        }
    }
}

/// One message in the hands of a consumer. It is settled once, by value; if dropped unsettled it is delivered again.
pub struct Delivery {
    /// The delivered message.
    pub message: Incoming,
    lost: CancellationToken,
    settle: Option<Box<dyn Settle>>,
    on_settled: Option<OnSettled>,
}

/// How an implementation settles a delivery.
#[async_trait]
pub trait Settle: Send {
    /// Settles the delivery. `Err` means that it was lost meanwhile and will come again.
    async fn settle(self: Box<Self>, message: &Incoming, how: Settlement) -> Result<(), BusError>;

    /// Called when the delivery is dropped unsettled.
    fn abandon(self: Box<Self>);
}

impl Delivery {
    /// A delivery; for implementations of [`Bus`]. `lost` is cancelled when its connection or channel is lost.
    pub fn new(message: Incoming, lost: CancellationToken, settle: Box<dyn Settle>) -> Self {
        Self { message, lost, settle: Some(settle), on_settled: None }
    }

    /// Cancelled when the broker has taken the delivery back: no write may begin after that.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Settles the delivery. `Err` means that it was lost meanwhile and will come again: not a fault of the caller.
    pub async fn settle(mut self, how: Settlement) -> Result<(), BusError> {
        let (Some(settle), on_settled) = (self.settle.take(), self.on_settled.take()) else { return Ok(()) };
        let kind = how.kind();
        settle.settle(&self.message, how).await?;
        if let Some(on_settled) = on_settled {
            on_settled(kind);
        }
        Ok(())
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(settle) = self.settle.take() {
            settle.abandon();
        }
    }
}
