//! Consumers that recover by themselves.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bus::{
    BusError, Consumer, Delivery, Incoming, Queue, Settle, Settlement, dead_letter,
    topology::{MAX_LETTER_BYTES, MAX_MESSAGE_BYTES, MAX_UNREAD_EVENTS},
};
use futures::StreamExt as _;
use lapin::{
    Channel,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
        QueueBindOptions, QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};
use tokio_util::sync::CancellationToken;

use crate::{
    frame_filter,
    link::{Alive, Link},
    properties,
    publisher::{Publisher, Route},
};

/// How long an acknowledgement may take to be sent.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);
/// How many events are fetched ahead.
pub(crate) const EVENTS_PREFETCH: u16 = 100;

/// The source of a consumer's messages.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A queue of the topology.
    Shared(Queue),
    /// An exclusive queue of this process, which the broker removes with its connection.
    Own { queue: String, exchange: &'static str, routing_key: String },
}

impl Source {
    fn queue(&self) -> &str {
        match self {
            Self::Shared(queue) => queue.name(),
            Self::Own { queue, .. } => queue,
        }
    }

    /// The origin that a dead letter states.
    fn origin(&self) -> String {
        match self {
            Self::Shared(queue) => queue.name().to_owned(),
            Self::Own { exchange, routing_key, .. } => format!("{exchange}:{routing_key}"),
        }
    }
}

/// The parts that a consumer is made from.
pub(crate) struct Consuming {
    pub(crate) link: Link,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) source: Source,
    pub(crate) prefetch: u16,
    pub(crate) stop: CancellationToken,
    pub(crate) closed: CancellationToken,
}

impl Consuming {
    /// Consumes in the background; the second result shows whether it consumes at the moment.
    pub(crate) fn start(self) -> (Consumer, watch::Receiver<bool>) {
        let (deliver, deliveries) = mpsc::channel(usize::from(self.prefetch));
        let (consuming, follows) = watch::channel(false);
        let consumer = Consumer::new(deliveries, self.stop.clone());
        tokio::spawn(async move {
            let supervise = async {
                let mut failures = 0_u32;
                while let Some(alive) = self.link.get().await {
                    match self.consume(&alive, &deliver, &consuming, &mut failures).await {
                        Ok(()) => return,
                        Err(error) => {
                            tracing::warn!(
                                queue = self.source.queue(),
                                failures,
                                "the consumer has ended: {error}"
                            );
                        }
                    }
                    consuming.send_replace(false);
                    self.link.back_off(failures).await;
                    failures = failures.saturating_add(1);
                }
            };
            tokio::select! {
                () = self.closed.cancelled() => {}
                () = deliver.closed() => {}
                () = supervise => {}
            }
        });
        (consumer, follows)
    }

    /// Consumes on one channel until `stop` (`Ok`) or until anything fails.
    async fn consume(
        &self,
        alive: &Arc<Alive>,
        deliver: &mpsc::Sender<Delivery>,
        consuming: &watch::Sender<bool>,
        failures: &mut u32,
    ) -> Result<(), lapin::Error> {
        let channel = alive.connection.create_channel().await?;
        channel.basic_qos(self.prefetch, BasicQosOptions { global: false }).await?;
        self.declare_own(&channel).await?;
        let tag = String::new();
        let mut deliveries = channel
            .basic_consume(
                self.source.queue().into(),
                tag.into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        *failures = 0;
        consuming.send_replace(true);
        // The deliveries of this channel are lost with the connection, or with the channel alone.
        let lost = alive.lost.child_token();
        loop {
            let next = tokio::select! {
                next = deliveries.next() => next,
                () = alive.lost.cancelled() => None,
                () = self.stop.cancelled() => {
                    // Deliveries in hand can still be settled: each holds the channel.
                    channel.basic_cancel(deliveries.tag(), BasicCancelOptions::default()).await?;
                    return Ok(());
                }
            };
            let delivery = match next {
                Some(Ok(delivery)) => delivery,
                Some(Err(error)) => {
                    lost.cancel();
                    return Err(error);
                }
                None => {
                    lost.cancel();
                    return Err(std::io::Error::other(
                        "the broker has cancelled it, or the connection is gone",
                    )
                    .into());
                }
            };
            let unfit = self.unfit(&delivery);
            let taken = Taken {
                acker: delivery.acker,
                kept: matches!(self.source, Source::Shared(_)),
                origin: self.source.origin(),
                publisher: self.publisher.clone(),
                runtime: Handle::current(),
                _channel: channel.clone(),
            };
            let message = properties::incoming(&delivery.properties, delivery.data, delivery.redelivered);
            let delivery = Delivery::new(message, lost.clone(), Box::new(taken));
            if let Some(reason) = unfit {
                tokio::spawn(put_aside(delivery, reason));
            } else if deliver.send(delivery).await.is_err() {
                return Ok(());
            }
        }
    }

    /// Why a message cannot be handed out at all, if it cannot.
    fn unfit(&self, delivery: &lapin::message::Delivery) -> Option<String> {
        // A dead letter does not become a dead letter again.
        if matches!(self.source, Source::Shared(Queue::DeadLetters)) {
            return None;
        }
        let size = delivery.data.len();
        // Counts may be larger: the sender of an oversized report gets a response, and its readable counts are
        // billed.
        let counts = matches!(self.source, Source::Shared(Queue::Counts));
        let most = if counts { MAX_LETTER_BYTES } else { MAX_MESSAGE_BYTES };
        if size > most {
            return Some(format!("the message has {size} bytes, more than the {most} that consumers take"));
        }
        frame_filter::unreadable(&delivery.properties)
    }

    async fn declare_own(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let Source::Own { queue, exchange, routing_key } = &self.source else { return Ok(()) };
        let options =
            QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
        let mut arguments = FieldTable::default();
        arguments.insert("x-max-length".into(), AMQPValue::LongInt(MAX_UNREAD_EVENTS.into()));
        channel.queue_declare(queue.as_str().into(), options, arguments).await?;
        channel
            .queue_bind(
                queue.as_str().into(),
                (*exchange).into(),
                routing_key.as_str().into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
    }
}

/// Makes a dead letter of a message that no consumer accepts; the other messages continue.
async fn put_aside(delivery: Delivery, reason: String) {
    if let Err(error) = delivery.settle(Settlement::DeadLetter(reason)).await {
        tracing::warn!("a message that cannot be taken stays where it is: {error}");
    }
}

/// A message that waits at the broker for our settlement.
struct Taken {
    acker: lapin::Acker,
    /// Whether the broker keeps the message when we give it back; an event is not kept.
    kept: bool,
    origin: String,
    publisher: Arc<Publisher>,
    /// Gives back dropped messages, wherever they are dropped.
    runtime: Handle,
    /// The channel must live until its last delivery is settled.
    _channel: Channel,
}

impl Taken {
    async fn acknowledge(&self) -> Result<(), BusError> {
        let sent = tokio::time::timeout(SETTLE_TIMEOUT, self.acker.ack(BasicAckOptions::default())).await;
        // Not sent, because of a timeout, an error or lapin's quiet `false`: the message comes again.
        if let Ok(Ok(true)) = sent { Ok(()) } else { Err(BusError::Lost) }
    }

    async fn give_back(&self) -> Result<(), BusError> {
        let options = BasicNackOptions { requeue: self.kept, ..BasicNackOptions::default() };
        let sent = tokio::time::timeout(SETTLE_TIMEOUT, self.acker.nack(options)).await;
        if let Ok(Ok(true)) = sent { Ok(()) } else { Err(BusError::Lost) }
    }
}

#[async_trait]
impl Settle for Taken {
    async fn settle(self: Box<Self>, message: &Incoming, how: Settlement) -> Result<(), BusError> {
        match how {
            Settlement::Done => self.acknowledge().await,
            Settlement::Again => self.give_back().await,
            Settlement::DeadLetter(reason) => {
                let letter = dead_letter(&self.origin, &reason, message);
                let properties = properties::of(&letter);
                match self.publisher.publish(Route::to(Queue::DeadLetters), properties, letter.body).await {
                    Ok(()) => self.acknowledge().await,
                    Err(error) => {
                        self.give_back().await?;
                        Err(BusError::DeadLetter(error))
                    }
                }
            }
        }
    }

    fn abandon(self: Box<Self>) {
        let runtime = self.runtime.clone();
        // If it cannot be given back, the channel is gone and the broker already has it again.
        runtime.spawn(async move { self.give_back().await });
    }
}
