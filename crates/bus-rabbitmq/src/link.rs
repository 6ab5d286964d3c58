//! One connection and its supervisor.

use std::{sync::Arc, time::Duration};

use domain::{Backoff, Entropy};
use futures::StreamExt as _;
use lapin::{Connection, ConnectionProperties, Event, uri::AMQPUri};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{ConnectError, filtered_stream, frame_filter::FRAME_MAX};

/// How long connecting may take, handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Seconds between heartbeats: a dead peer is noticed after twice that.
const HEARTBEAT: u16 = 10;
/// The wait between two tries, of a connection or of a consumer.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(10) };
/// How often a connection is checked in addition to its events: not every end is announced.
const LOOK: Duration = Duration::from_millis(250);

/// The broker's address, and how to wait for the broker.
#[derive(Clone)]
pub(crate) struct Broker {
    uri: AMQPUri,
    /// Reads the URI again, so that a changed password needs no restart.
    fresh: Option<ReadUri>,
    entropy: Entropy,
}

/// Reads a broker's URI; `None` if it cannot be read now.
pub type ReadUri = Arc<dyn Fn() -> Option<String> + Send + Sync>;

impl Broker {
    pub(crate) fn new(uri: &str, entropy: Entropy) -> Result<Self, ConnectError> {
        Ok(Self { uri: parsed(uri)?, fresh: None, entropy })
    }

    pub(crate) fn reading(self, fresh: ReadUri) -> Self {
        Self { fresh: Some(fresh), ..self }
    }

    /// The current URI; one that cannot be read changes nothing.
    fn uri(&self) -> AMQPUri {
        let fresh = self.fresh.as_ref().and_then(|read| read());
        fresh.and_then(|uri| parsed(&uri).ok()).unwrap_or_else(|| self.uri.clone())
    }

    pub(crate) async fn connect(&self, name: &str) -> Result<Connection, ConnectError> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        tokio::time::timeout(CONNECT_TIMEOUT, filtered_stream::connect(self.uri(), properties))
            .await
            .map_err(|_| ConnectError::TimedOut)?
            .map_err(ConnectError::Refused)
    }

    /// Waits before the next try.
    async fn back_off(&self, failures: u32) {
        tokio::time::sleep(BACKOFF.wait(failures, self.entropy.fraction())).await;
    }
}

fn parsed(uri: &str) -> Result<AMQPUri, ConnectError> {
    let mut uri: AMQPUri = uri.parse().map_err(ConnectError::BadUri)?;
    uri.query.heartbeat = Some(HEARTBEAT);
    uri.query.frame_max = Some(FRAME_MAX);
    uri.query.connection_timeout = Some(CONNECT_TIMEOUT.as_millis() as u64);
    Ok(uri)
}

/// A live connection.
pub(crate) struct Alive {
    pub(crate) connection: Connection,
    /// Cancelled when the connection is lost.
    pub(crate) lost: CancellationToken,
    /// Whether the broker accepts no publishes for lack of memory or disk.
    pub(crate) blocked: watch::Receiver<bool>,
}

/// A connection that reconnects by itself.
#[derive(Clone)]
pub(crate) struct Link {
    current: watch::Receiver<Option<Arc<Alive>>>,
    broker: Broker,
}

impl Link {
    /// Connects, keeps the connection, and reconnects, until `closed`.
    pub(crate) fn keep(broker: Broker, name: String, closed: CancellationToken) -> Self {
        let (sender, current) = watch::channel(None);
        let link = Self { current, broker: broker.clone() };
        tokio::spawn(async move {
            let supervise = async {
                let mut failures = 0;
                loop {
                    match broker.connect(&name).await {
                        Ok(connection) => {
                            failures = 0;
                            tracing::info!(connection = name, "connected to the broker");
                            stay(connection, &sender).await;
                            sender.send_replace(None);
                            tracing::warn!(connection = name, "lost the connection to the broker");
                        }
                        Err(error) => {
                            tracing::warn!(
                                connection = name,
                                failures,
                                "cannot connect to the broker: {error}"
                            );
                        }
                    }
                    broker.back_off(failures).await;
                    failures = failures.saturating_add(1);
                }
            };
            tokio::select! {
                () = closed.cancelled() => {}
                () = supervise => {}
            }
            if let Some(alive) = sender.send_replace(None) {
                alive.lost.cancel();
                // The broker also learns this from the closed socket.
                let _ = alive.connection.close(200, "the service stops".into()).await;
            }
        });
        link
    }

    /// Waits for the connection; `None` if the bus is closed.
    pub(crate) async fn get(&self) -> Option<Arc<Alive>> {
        let mut current = self.current.clone();
        current.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Shows whether there is a connection.
    pub(crate) fn alive(&self) -> watch::Receiver<Option<Arc<Alive>>> {
        self.current.clone()
    }

    /// Waits before a consumer's next try.
    pub(crate) async fn back_off(&self, failures: u32) {
        self.broker.back_off(failures).await;
    }
}

/// Hands the connection out until it ends.
async fn stay(connection: Connection, sender: &watch::Sender<Option<Arc<Alive>>>) {
    let mut events = Box::pin(connection.events_listener());
    let (block, blocked) = watch::channel(connection.status().blocked());
    let alive = Arc::new(Alive { connection, lost: CancellationToken::new(), blocked });
    // However this ends, every holder of a delivery of this connection must be notified.
    let _lost = alive.lost.clone().drop_guard();
    sender.send_replace(Some(alive.clone()));
    let mut look = tokio::time::interval(LOOK);
    while alive.connection.status().connected() {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::warn!(reason, "the broker takes no publishes");
                    block.send_replace(true);
                }
                Some(Event::ConnectionUnblocked) => {
                    tracing::info!("the broker takes publishes again");
                    block.send_replace(false);
                }
                // The connection's state shows which errors ended the connection and which ended only a channel.
                Some(_) => {}
                None => return,
            },
            _ = look.tick() => {}
        }
    }
}

/// Shows whether both links are connected.
pub(crate) fn both(
    mut one: watch::Receiver<Option<Arc<Alive>>>,
    mut other: watch::Receiver<Option<Arc<Alive>>>,
) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        loop {
            let now = one.borrow_and_update().is_some() && other.borrow_and_update().is_some();
            sender.send_if_modified(|before| std::mem::replace(before, now) != now);
            let changed = tokio::select! {
                changed = one.changed() => changed,
                changed = other.changed() => changed,
            };
            if changed.is_err() {
                sender.send_replace(false);
                return;
            }
        }
    });
    receiver
}
