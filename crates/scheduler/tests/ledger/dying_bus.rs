//! A bus on which a publisher dies at a chosen point, or is refused for a while.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bus::{
    Bus, BusError, Consumer, EventTopic, InProcess, Incoming, Outgoing, PublishError, Queue, RequestError,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The point.
#[derive(Debug)]
pub(crate) enum Point {
    /// Does not die: this many more publishes are refused, as by a full queue.
    Refused(AtomicU32),
    BeforePublish,
    AfterPublish,
}

/// The bus of a scheduler that gets as far as the point. Where it dies, its publish never returns.
pub(crate) struct DyingBus {
    pub(crate) inner: InProcess,
    pub(crate) point: Point,
    pub(crate) reached: CancellationToken,
}

impl DyingBus {
    async fn die(&self) -> Result<(), PublishError> {
        self.reached.cancel();
        std::future::pending().await
    }
}

#[async_trait]
impl Bus for DyingBus {
    async fn publish(&self, queue: Queue, message: Outgoing) -> Result<(), PublishError> {
        match &self.point {
            Point::Refused(left) => {
                if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                    self.reached.cancel();
                    return Err(PublishError::Refused);
                }
                self.inner.publish(queue, message).await
            }
            Point::BeforePublish => self.die().await,
            Point::AfterPublish => {
                self.inner.publish(queue, message).await?;
                self.die().await
            }
        }
    }

    async fn announce(&self, topic: EventTopic, message: Outgoing) -> Result<(), PublishError> {
        self.inner.announce(topic, message).await
    }

    async fn request(
        &self,
        queue: Queue,
        message: Outgoing,
        timeout: Duration,
    ) -> Result<Incoming, RequestError> {
        self.inner.request(queue, message, timeout).await
    }

    async fn consume(
        &self,
        queue: Queue,
        prefetch: u16,
        stop: CancellationToken,
    ) -> Result<Consumer, BusError> {
        self.inner.consume(queue, prefetch, stop).await
    }

    async fn listen(&self, topic: EventTopic, stop: CancellationToken) -> Result<Consumer, BusError> {
        self.inner.listen(topic, stop).await
    }

    async fn reply(&self, to: &Incoming, message: Outgoing) -> Result<(), PublishError> {
        self.inner.reply(to, message).await
    }

    fn connected(&self) -> watch::Receiver<bool> {
        self.inner.connected()
    }
}
