//! Publishing with a confirm for each message.
//!
//! A channel carries one publish at a time, so that a confirm and a returned message can only be about that one: with
//! several on a channel lapin hands the returned message to whichever confirm comes next. Many channels go side by
//! side; one whose publish ended without a clear answer is thrown away with whatever still arrives on it.

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

/// How long one publish may take, the wait for a connection included.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);
/// How many publishes are under way at once; others wait their turn.
const CHANNELS: usize = 32;

/// Where a message is sent.
#[derive(Debug)]
pub(crate) struct Route {
    exchange: &'static str,
    routing_key: String,
    /// Whether it is a fault when no queue takes it.
    must_arrive: bool,
    /// The most bytes that are taken where it leads.
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

    /// By the exchange of answers, so that a stranger's reply-to leads nowhere else.
    pub(crate) fn answer(asker: &str) -> Self {
        Self {
            exchange: REPLIES_EXCHANGE,
            routing_key: asker.to_owned(),
            must_arrive: false,
            most: MAX_MESSAGE_BYTES,
        }
    }
}

/// A channel that waits for its next publish, with the connection it belongs to.
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

    /// Publishes and waits for the confirm; all of it within [`CONFIRM_TIMEOUT`].
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
        // Until here nothing was sent; afterwards the message may be there although we do not hear of it.
        let (_turn, alive, channel) = tokio::select! {
            ready = connected => ready?,
            () = &mut deadline => return Err(disconnected("no connection that takes publishes")),
        };
        let published = tokio::select! {
            published = send(&channel, &route, properties, &body) => published,
            () = alive.lost.cancelled() => Err(disconnected("the connection was lost")),
            () = &mut deadline => Err(PublishError::NotConfirmed),
        };
        // These are clear answers on a channel that lives on; after any other it is dropped, and so closed.
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
        // A list of channels is whole at any time.
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

/// Refuses what no consumer would take.
fn check_size(body: &[u8], most: usize) -> Result<(), PublishError> {
    if body.len() > most {
        return Err(PublishError::TooLarge(body.len(), most));
    }
    Ok(())
}
