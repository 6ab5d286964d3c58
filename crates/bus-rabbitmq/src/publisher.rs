//! Publishing with a confirm for each message.
//!
//! A channel carries one publish at a time, so that a confirm and a returned message can only belong to that publish:
//! with several on a channel lapin assigns the returned message to whichever confirm comes next. Many channels work
//! in parallel; a channel is discarded if its publish ended without a clear result, with anything that still arrives
//! on it.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use bus::{
    EventTopic, PublishError, Queue,
    topology::{EVENTS_EXCHANGE, MAX_MESSAGE_BYTES, REPLIES_EXCHANGE},
};
use bytes::Bytes;
use lapin::{
    BasicProperties, Channel, Confirmation, ErrorKind,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    protocol::{AMQPErrorKind, AMQPSoftError},
};
use tokio::sync::Semaphore;

use crate::{
    link::{Alive, Link},
    properties::short,
};

/// How long one publish may take, including the wait for a connection.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);
/// How many publishes may be in progress at once; others wait.
const CHANNELS: usize = 32;

/// The destination of a message.
#[derive(Debug)]
pub(crate) struct Route {
    exchange: &'static str,
    routing_key: String,
    /// Whether it is an error if no queue takes the message.
    must_arrive: bool,
    /// The maximum size accepted at the destination, in bytes.
    most: usize,
}

impl Route {
    pub(crate) fn to(queue: Queue) -> Self {
        Self {
            exchange: queue.exchange(),
            routing_key: queue.name().to_owned(),
            must_arrive: true,
            most: queue.max_bytes(),
        }
    }

    pub(crate) fn event(topic: EventTopic) -> Self {
        Self {
            exchange: EVENTS_EXCHANGE,
            routing_key: topic.routing_key().to_owned(),
            must_arrive: false,
            most: MAX_MESSAGE_BYTES,
        }
    }

    /// Through the exchange of replies, so that an external sender's reply-to leads nowhere else.
    pub(crate) fn answer(asker: &str) -> Self {
        Self {
            exchange: REPLIES_EXCHANGE,
            routing_key: asker.to_owned(),
            must_arrive: false,
            most: MAX_MESSAGE_BYTES,
        }
    }
}

/// A channel that waits for its next publish, with its connection.
type Idle = (Weak<Alive>, Channel);

pub(crate) struct Publisher {
    link: Link,
    turns: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

impl Publisher {
    pub(crate) fn new(link: Link) -> Self {
        Self { link, turns: Semaphore::new(CHANNELS), idle: Mutex::default() }
    }

    /// Publishes and waits for the confirm, all within [`CONFIRM_TIMEOUT`].
    pub(crate) async fn publish(
        &self,
        route: Route,
        properties: BasicProperties,
        body: Bytes,
    ) -> Result<(), PublishError> {
        check_size(&body, route.most)?;
        let deadline = tokio::time::sleep(CONFIRM_TIMEOUT);
        tokio::pin!(deadline);
        let connected = async {
            let turn = self.turns.acquire().await;
            let alive = self.link.get().await.ok_or_else(|| disconnected("the bus is closed"))?;
            alive.blocked.clone().wait_for(|blocked| !blocked).await.map_err(disconnected)?;
            let channel = self.channel(&alive).await?;
            Ok::<_, PublishError>((turn, alive, channel))
        };
        // Nothing was sent up to here; afterwards the message may have arrived without our knowledge.
        let (_turn, alive, channel) = tokio::select! {
            ready = connected => ready?,
            () = &mut deadline => return Err(disconnected("no connection that takes publishes")),
        };
        let published = tokio::select! {
            published = send(&channel, &route, properties, &body) => published,
            () = alive.lost.cancelled() => Err(disconnected("the connection was lost")),
            () = &mut deadline => Err(PublishError::NotConfirmed),
        };
        // These are clear results on a channel that stays usable; after any other result it is dropped and so closed.
        if matches!(published, Ok(()) | Err(PublishError::Refused | PublishError::Unroutable(_)))
            && channel.status().connected()
        {
            self.idle().push((Arc::downgrade(&alive), channel));
        }
        published
    }

    async fn channel(&self, alive: &Arc<Alive>) -> Result<Channel, PublishError> {
        while let Some((of, channel)) = self.take_idle() {
            if std::ptr::eq(of.as_ptr(), Arc::as_ptr(alive)) && channel.status().connected() {
                return Ok(channel);
            }
        }
        let channel = alive.connection.create_channel().await.map_err(disconnected)?;
        channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(disconnected)?;
        Ok(channel)
    }

    fn take_idle(&self) -> Option<Idle> {
        self.idle().pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        // A list of channels is consistent at any time.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(
    channel: &Channel,
    route: &Route,
    properties: BasicProperties,
    body: &[u8],
) -> Result<(), PublishError> {
    let id = properties.message_id().clone();
    let options = BasicPublishOptions { mandatory: route.must_arrive, ..BasicPublishOptions::default() };
    let confirmation = channel
        .basic_publish(route.exchange.into(), short(&route.routing_key), options, body, properties)
        .await
        .map_err(|error| failed(route, &error))?
        .await
        .map_err(|error| failed(route, &error))?;
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)) => {
            if returned.delivery.properties.message_id() == &id {
                Err(PublishError::Unroutable(format!("{} ({})", route.exchange, returned.reply_text)))
            } else {
                Err(PublishError::NotConfirmed)
            }
        }
        Confirmation::Nack(None) => Err(PublishError::Refused),
        Confirmation::NotRequested => Err(PublishError::NotConfirmed),
    }
}

fn failed(route: &Route, error: &lapin::Error) -> PublishError {
    if let ErrorKind::ProtocolError(fault) = error.kind()
        && let AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND | AMQPSoftError::ACCESSREFUSED) = fault.kind()
    {
        return PublishError::Unroutable(format!("{} ({error})", route.exchange));
    }
    disconnected(error)
}

fn disconnected(why: impl std::fmt::Display) -> PublishError {
    PublishError::Disconnected(why.to_string())
}

/// Refuses a message that no consumer would accept.
fn check_size(body: &[u8], most: usize) -> Result<(), PublishError> {
    if body.len() > most {
        return Err(PublishError::TooLarge(body.len(), most));
    }
    Ok(())
}
