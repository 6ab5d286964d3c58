//! The bus inside one process.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use messages::Message as _;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Bus, BusError, Consumer, Delivery, EventTopic, Incoming, Outgoing, PublishError, Queue, RequestError,
    Settle, Settlement, dead_letter,
    parts::{Assembly, in_parts},
    topology::{EVENTS_EXCHANGE, MAX_LETTER_BYTES, MAX_MESSAGE_BYTES, MAX_QUEUE_LENGTH, MAX_UNREAD_EVENTS},
};

/// The bus of `kaseya-sync demo` and `standalone`, and of most tests. Clones share their queues.
///
/// Its queues live as long as the process: the ledger emits their messages again.
#[derive(Debug, Clone)]
pub struct InProcess {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the consumers of a queue.
    arrived: HashMap<Queue, Notify>,
    connected: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    /// Waiting messages, in the order of publication.
    queues: HashMap<Queue, BTreeMap<u64, Incoming>>,
    listeners: HashMap<EventTopic, Vec<mpsc::Sender<Delivery>>>,
    /// Requests that wait for their response, by correlation id.
    asked: HashMap<String, oneshot::Sender<Incoming>>,
    next: u64,
}

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Default for InProcess {
    fn default() -> Self {
        Self::new()
    }
}

impl InProcess {
    /// A bus with all queues, each empty.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                arrived: Queue::ALL.into_iter().map(|queue| (queue, Notify::new())).collect(),
                connected: watch::Sender::new(true),
            }),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change below is whole before anything could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, queue: Queue, message: Incoming) -> Result<(), PublishError> {
        {
            let mut state = self.state();
            let number = state.number();
            let waiting = state.queues.entry(queue).or_default();
            if waiting.len() >= MAX_QUEUE_LENGTH {
                return Err(PublishError::Refused);
            }
            waiting.insert(number, message);
        }
        self.arrived[&queue].notify_waiters();
        Ok(())
    }

    fn put_back(&self, queue: Queue, number: u64, mut message: Incoming) {
        message.redelivered = true;
        self.state().queues.entry(queue).or_default().insert(number, message);
        self.arrived[&queue].notify_waiters();
    }

    /// Waits for the first message of a queue.
    async fn take(&self, queue: Queue) -> (u64, Incoming) {
        loop {
            let arrived = self.arrived[&queue].notified();
            tokio::pin!(arrived);
            // Listen before looking: a message put between the two wakes us.
            arrived.as_mut().enable();
            if let Some(first) = self.state().queues.entry(queue).or_default().pop_first() {
                return first;
            }
            arrived.await;
        }
    }
}

fn arriving(
    message: Outgoing,
    reply_to: Option<String>,
    correlation_id: Option<String>,
) -> Result<Incoming, PublishError> {
    let size = message.body.len();
    let most =
        if message.kind == messages::v1::DeadLetter::KIND { MAX_LETTER_BYTES } else { MAX_MESSAGE_BYTES };
    if size > most {
        return Err(PublishError::TooLarge(size, most));
    }
    Ok(Incoming {
        id: Some(message.id.to_string()),
        kind: Some(message.kind.to_owned()),
        user: None,
        app: None,
        trace: message.trace,
        body: message.body,
        reply_to,
        correlation_id,
        redelivered: false,
    })
}

#[async_trait]
impl Bus for InProcess {
    async fn publish(&self, queue: Queue, message: Outgoing) -> Result<(), PublishError> {
        for message in queue.messages(message)? {
            self.shared.put(queue, arriving(message, None, None)?)?;
        }
        Ok(())
    }

    async fn announce(&self, topic: EventTopic, message: Outgoing) -> Result<(), PublishError> {
        let message = arriving(message, None, None)?;
        let mut state = self.shared.state();
        state.listeners.entry(topic).or_default().retain(|listener| {
            let heard = Heard { shared: self.shared.clone(), topic };
            let delivery = Delivery::new(message.clone(), CancellationToken::new(), Box::new(heard));
            match listener.try_send(delivery) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    tracing::warn!(topic = topic.routing_key(), "a listener is too slow: it misses an event");
                    true
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            }
        });
        Ok(())
    }

    async fn request(
        &self,
        queue: Queue,
        message: Outgoing,
        timeout: Duration,
    ) -> Result<Incoming, RequestError> {
        let (answer, answered) = oneshot::channel();
        let asked =
            PendingRequest { shared: &self.shared, correlation_id: self.shared.state().number().to_string() };
        self.shared.state().asked.insert(asked.correlation_id.clone(), answer);
        for message in queue.messages(message)? {
            let reply_to = Some("in-process".to_owned());
            let message = arriving(message, reply_to, Some(asked.correlation_id.clone()))?;
            self.shared.put(queue, message)?;
        }
        match tokio::time::timeout(timeout, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(RequestError::TimedOut),
        }
    }

    async fn consume(
        &self,
        queue: Queue,
        prefetch: u16,
        stop: CancellationToken,
    ) -> Result<Consumer, BusError> {
        let prefetch = usize::from(prefetch.max(1));
        let (deliver, deliveries) = mpsc::channel(prefetch);
        let unsettled = Arc::new(Semaphore::new(prefetch));
        let shared = self.shared.clone();
        let consumer = Consumer::new(deliveries, stop.clone());
        tokio::spawn(async move {
            let feed = async {
                while let Ok(permit) = unsettled.clone().acquire_owned().await {
                    let (number, message) = shared.take(queue).await;
                    let taken = Taken {
                        shared: shared.clone(),
                        queue,
                        number,
                        message: message.clone(),
                        _permit: permit,
                    };
                    let delivery = Delivery::new(message, CancellationToken::new(), Box::new(taken));
                    // A consumer that has gone drops the delivery, which puts it back.
                    if deliver.send(delivery).await.is_err() {
                        break;
                    }
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = deliver.closed() => {}
                () = feed => {}
            }
        });
        Ok(consumer)
    }

    async fn listen(&self, topic: EventTopic, stop: CancellationToken) -> Result<Consumer, BusError> {
        let (deliver, deliveries) = mpsc::channel(usize::from(MAX_UNREAD_EVENTS));
        self.shared.state().listeners.entry(topic).or_default().push(deliver);
        Ok(Consumer::new(deliveries, stop))
    }

    async fn reply(&self, to: &Incoming, message: Outgoing) -> Result<(), PublishError> {
        // A response that cannot be sent leaves its caller waiting for another.
        let messages = in_parts(message)?;
        let asker = to.correlation_id.as_ref().and_then(|id| self.shared.state().asked.remove(id));
        let mut assembly = Assembly::default();
        let mut whole = None;
        for message in messages {
            whole = assembly.add(arriving(message, None, to.correlation_id.clone())?);
        }
        if let (Some(asker), Some(whole)) = (asker, whole) {
            // A caller that has just gone is not an error.
            let _ = asker.send(whole);
        }
        Ok(())
    }

    fn connected(&self) -> watch::Receiver<bool> {
        self.shared.connected.subscribe()
    }
}

/// A request in flight; forgotten when its future ends or is dropped.
struct PendingRequest<'a> {
    shared: &'a Shared,
    correlation_id: String,
}

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        self.shared.state().asked.remove(&self.correlation_id);
    }
}

/// A message that a consumer has taken from a queue.
struct Taken {
    shared: Arc<Shared>,
    queue: Queue,
    number: u64,
    message: Incoming,
    /// Released last, so that a consumer never holds more than its prefetch.
    _permit: OwnedSemaphorePermit,
}

#[async_trait]
impl Settle for Taken {
    async fn settle(self: Box<Self>, message: &Incoming, how: Settlement) -> Result<(), BusError> {
        match how {
            Settlement::Done => Ok(()),
            Settlement::Again => {
                self.abandon();
                Ok(())
            }
            Settlement::DeadLetter(reason) => {
                let letter = dead_letter(self.queue.name(), &reason, message);
                let put = arriving(letter, None, None)
                    .and_then(|letter| self.shared.put(Queue::DeadLetters, letter));
                put.map_err(|error| {
                    self.abandon();
                    BusError::DeadLetter(error)
                })
            }
        }
    }

    fn abandon(self: Box<Self>) {
        let Self { shared, queue, number, message, _permit } = *self;
        shared.put_back(queue, number, message);
    }
}

/// An event that a listener has received. Events are not kept, so only a dead letter leaves a trace.
struct Heard {
    shared: Arc<Shared>,
    topic: EventTopic,
}

#[async_trait]
impl Settle for Heard {
    async fn settle(self: Box<Self>, message: &Incoming, how: Settlement) -> Result<(), BusError> {
        match how {
            Settlement::Done | Settlement::Again => Ok(()),
            Settlement::DeadLetter(reason) => {
                let source = format!("{EVENTS_EXCHANGE}:{}", self.topic.routing_key());
                let letter = dead_letter(&source, &reason, message);
                arriving(letter, None, None)
                    .and_then(|letter| self.shared.put(Queue::DeadLetters, letter))
                    .map_err(BusError::DeadLetter)
            }
        }
    }

    fn abandon(self: Box<Self>) {}
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::TraceContext;

    fn message(body: impl Into<Bytes>) -> Outgoing {
        Outgoing {
            id: uuid::Uuid::nil(),
            kind: "kaseya_sync.v1.JobReady",
            trace: TraceContext::default(),
            body: body.into(),
        }
    }

    #[tokio::test]
    async fn a_full_queue_refuses() {
        let bus = InProcess::new();
        for _ in 0..MAX_QUEUE_LENGTH {
            bus.publish(Queue::Jobs, message("x")).await.expect("room");
        }
        assert_eq!(bus.publish(Queue::Jobs, message("x")).await, Err(PublishError::Refused));
        assert_eq!(bus.publish(Queue::JobsNow, message("x")).await, Ok(()));
    }

    #[tokio::test]
    async fn a_request_that_nobody_answers_leaves_nothing_behind() {
        let bus = InProcess::new();
        let asked = bus.request(Queue::SchedulerCalls, message("?"), Duration::from_millis(1)).await;
        assert_eq!(asked, Err(RequestError::TimedOut));
        assert!(bus.shared.state().asked.is_empty());
    }

    #[tokio::test]
    async fn a_listener_that_has_gone_is_forgotten() {
        let bus = InProcess::new();
        let listener =
            bus.listen(EventTopic::RunFinished, CancellationToken::new()).await.expect("listening");
        drop(listener);
        bus.announce(EventTopic::RunFinished, message("!")).await.expect("announced");
        assert!(bus.shared.state().listeners[&EventTopic::RunFinished].is_empty());
    }
}
