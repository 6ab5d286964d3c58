//! The bus on RabbitMQ, 3.10 or newer.
//!
//! Two connections, one to publish and one to consume: a broker that runs out of memory stops a connection that
//! publishes, acknowledgements included. Each has a supervisor of ours that connects, keeps it, and after a loss tries
//! again with growing, jittered waits; lapin's own recovery is off, because it does not heal a channel closed alone.
//!
//! Properties that lapin cannot read do not cost the connection: its stream is filtered (see `frame_filter`).
//!
//! Silent failures count as faults here: a publish without confirm, an acknowledgement that was never sent, a
//! consumer that has ended, a peer that sends nothing.

mod consumer;
mod declare;
mod error;
mod filtered_stream;
mod frame_filter;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod link;
mod properties;
mod publisher;
mod replies;
mod socket;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bus::{
    Bus, BusError, Consumer, EventTopic, Incoming, Outgoing, PublishError, Queue, RequestError,
    parts::in_parts,
    topology::{EVENTS_EXCHANGE, REPLIES_EXCHANGE},
};
use domain::Entropy;
use tokio::sync::{OnceCell, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    consumer::{Consuming, Source},
    link::{Broker, Link},
    publisher::{CONFIRM_TIMEOUT, Publisher, Route},
    replies::Replies,
};
pub use crate::{declare::declare_topology, error::ConnectError, link::ReadUri};

/// The bus on RabbitMQ. Dropping it closes its connections.
pub struct RabbitMq {
    publisher: Arc<Publisher>,
    consuming: Link,
    /// The reply queue is declared on the first request, so a program that never asks needs no permission for it.
    replies: OnceCell<Replies>,
    entropy: Entropy,
    connected: watch::Receiver<bool>,
    closed: CancellationToken,
    _close: DropGuard,
}

impl RabbitMq {
    /// A bus that connects by itself and retries; readiness follows [`Bus::connected`]. `name` appears in the
    /// broker's list of connections. Must be called inside a tokio runtime.
    pub fn connect(uri: &str, name: &str, entropy: Entropy) -> Result<Arc<Self>, ConnectError> {
        Ok(Self::keep(Broker::new(uri, entropy.clone())?, name, entropy))
    }

    /// The same, with a URI that is read again for each connection.
    pub fn connect_by(read: ReadUri, name: &str, entropy: Entropy) -> Result<Arc<Self>, ConnectError> {
        let uri = read().unwrap_or_default();
        Ok(Self::keep(Broker::new(&uri, entropy.clone())?.reading(read), name, entropy))
    }

    fn keep(broker: Broker, name: &str, entropy: Entropy) -> Arc<Self> {
        let closed = CancellationToken::new();
        let publishing = Link::keep(broker.clone(), format!("{name} publishes"), closed.clone());
        let consuming = Link::keep(broker, format!("{name} consumes"), closed.clone());
        let connected = link::both(publishing.alive(), consuming.alive());
        Arc::new(Self {
            publisher: Arc::new(Publisher::new(publishing)),
            consuming,
            replies: OnceCell::new(),
            entropy,
            connected,
            _close: closed.clone().drop_guard(),
            closed,
        })
    }

    fn consuming(&self, source: Source, prefetch: u16, stop: CancellationToken) -> Consuming {
        Consuming {
            link: self.consuming.clone(),
            publisher: self.publisher.clone(),
            source,
            prefetch: prefetch.max(1),
            stop,
            closed: self.closed.clone(),
        }
    }

    async fn replies(&self) -> &Replies {
        self.replies
            .get_or_init(|| async {
                let queue = format!("{REPLIES_EXCHANGE}.{}", properties::random_uuid(&self.entropy));
                let own = Source::Own {
                    routing_key: queue.clone(),
                    queue: queue.clone(),
                    exchange: REPLIES_EXCHANGE,
                };
                Replies::collect(queue, self.consuming(own, replies::PREFETCH, self.closed.clone()))
            })
            .await
    }
}

#[async_trait]
impl Bus for RabbitMq {
    async fn publish(&self, queue: Queue, message: Outgoing) -> Result<(), PublishError> {
        for message in queue.messages(message)? {
            self.publisher.publish(Route::to(queue), properties::of(&message), message.body).await?;
        }
        Ok(())
    }

    async fn announce(&self, topic: EventTopic, message: Outgoing) -> Result<(), PublishError> {
        self.publisher.publish(Route::event(topic), properties::of(&message), message.body).await
    }

    async fn request(
        &self,
        queue: Queue,
        message: Outgoing,
        timeout: Duration,
    ) -> Result<Incoming, RequestError> {
        let correlation_id = properties::random_uuid(&self.entropy).to_string();
        let deadline = tokio::time::sleep(timeout);
        tokio::pin!(deadline);
        let prepare = async {
            let mut answer = self.replies().await.expect_answer(correlation_id.clone());
            answer.ready().await;
            answer
        };
        let mut answer = tokio::select! {
            answer = prepare => answer,
            () = &mut deadline => {
                return Err(PublishError::Disconnected("answers cannot arrive".to_owned()).into());
            }
        };
        let messages = queue.messages(message)?;
        let ask = async {
            for message in messages {
                let properties = properties::of(&message)
                    .with_reply_to(answer.queue().into())
                    .with_correlation_id(correlation_id.as_str().into());
                self.publisher.publish(Route::to(queue), properties, message.body).await?;
            }
            answer.wait().await.ok_or(RequestError::TimedOut)
        };
        tokio::select! {
            answered = ask => answered,
            () = &mut deadline => Err(RequestError::TimedOut),
        }
    }

    async fn consume(
        &self,
        queue: Queue,
        prefetch: u16,
        stop: CancellationToken,
    ) -> Result<Consumer, BusError> {
        if self.closed.is_cancelled() {
            return Err(BusError::Closed);
        }
        Ok(self.consuming(Source::Shared(queue), prefetch, stop).start().0)
    }

    async fn listen(&self, topic: EventTopic, stop: CancellationToken) -> Result<Consumer, BusError> {
        if self.closed.is_cancelled() {
            return Err(BusError::Closed);
        }
        let own = Source::Own {
            queue: format!("{EVENTS_EXCHANGE}.{}", properties::random_uuid(&self.entropy)),
            exchange: EVENTS_EXCHANGE,
            routing_key: topic.routing_key().to_owned(),
        };
        let (consumer, mut listening) = self.consuming(own, consumer::EVENTS_PREFETCH, stop).start();
        // Listening begins here if the broker is reachable at all.
        let _ = tokio::time::timeout(CONFIRM_TIMEOUT, listening.wait_for(|listening| *listening)).await;
        Ok(consumer)
    }

    async fn reply(&self, to: &Incoming, message: Outgoing) -> Result<(), PublishError> {
        let (Some(asker), Some(correlation_id)) = (&to.reply_to, &to.correlation_id) else { return Ok(()) };
        for message in in_parts(message)? {
            let properties = properties::of(&message).with_correlation_id(properties::short(correlation_id));
            self.publisher.publish(Route::answer(asker), properties, message.body).await?;
        }
        Ok(())
    }

    fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }
}
