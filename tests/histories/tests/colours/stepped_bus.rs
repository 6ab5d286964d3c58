//! A bus that keeps messages until the test processes them. The scheduler answers a worker's request at once.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bus::{
    Bus, BusError, Consumer, Delivery, EventTopic, Incoming, Outgoing, PublishError, Queue, RequestError,
    Settle, Settlement,
};
use scheduler::Scheduler;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
pub struct SteppedBus(Arc<Inner>);

struct Inner {
    waiting: Mutex<VecDeque<(Queue, Incoming)>>,
    replies: Mutex<BTreeMap<String, Incoming>>,
    scheduler: Mutex<Option<Scheduler>>,
    calls: AtomicU64,
    connected: watch::Sender<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn incoming(message: Outgoing, correlation: Option<String>) -> Incoming {
    Incoming {
        id: Some(message.id.to_string()),
        kind: Some(message.kind.to_owned()),
        user: None,
        app: None,
        trace: message.trace,
        body: message.body,
        reply_to: correlation.clone(),
        correlation_id: correlation,
        redelivered: false,
    }
}

impl SteppedBus {
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            waiting: Mutex::default(),
            replies: Mutex::default(),
            scheduler: Mutex::default(),
            calls: AtomicU64::default(),
            connected: watch::Sender::new(true),
        }))
    }

    /// Sets the scheduler that answers the workers' requests; `None` once the story is over, because the scheduler
    /// holds this bus too.
    pub fn answered_by(&self, scheduler: Option<Scheduler>) {
        *lock(&self.0.scheduler) = scheduler;
    }

    /// Takes the oldest message of all queues.
    pub fn take(&self) -> Option<(Queue, Incoming)> {
        lock(&self.0.waiting).pop_front()
    }

    /// A delivery of a message to a consumer.
    pub fn delivery(&self, queue: Queue, message: Incoming) -> Delivery {
        Delivery::new(message, CancellationToken::new(), Box::new(InHand { bus: self.clone(), queue }))
    }

    fn put(&self, queue: Queue, message: Incoming) {
        lock(&self.0.waiting).push_back((queue, message));
    }
}

/// The handle that settles a delivery.
struct InHand {
    bus: SteppedBus,
    queue: Queue,
}

#[async_trait]
impl Settle for InHand {
    async fn settle(self: Box<Self>, message: &Incoming, how: Settlement) -> Result<(), BusError> {
        match how {
            Settlement::Done => {}
            Settlement::Again => self.bus.put(self.queue, message.clone()),
            Settlement::DeadLetter(reason) => {
                let letter =
                    Incoming { id: Some(format!("{}: {reason}", self.queue.name())), ..message.clone() };
                self.bus.put(Queue::DeadLetters, letter);
            }
        }
        Ok(())
    }

    // Its holder was killed. The ledger emits unfinished jobs again.
    fn abandon(self: Box<Self>) {}
}

#[async_trait]
impl Bus for SteppedBus {
    async fn publish(&self, queue: Queue, message: Outgoing) -> Result<(), PublishError> {
        self.put(queue, incoming(message, None));
        Ok(())
    }

    async fn announce(&self, _topic: EventTopic, _message: Outgoing) -> Result<(), PublishError> {
        Ok(())
    }

    async fn request(&self, queue: Queue, message: Outgoing, _: Duration) -> Result<Incoming, RequestError> {
        let call = self.0.calls.fetch_add(1, Ordering::Relaxed).to_string();
        let Some(scheduler) = lock(&self.0.scheduler).clone() else { return Err(RequestError::TimedOut) };
        scheduler.answer(self.delivery(queue, incoming(message, Some(call.clone())))).await;
        lock(&self.0.replies).remove(&call).ok_or(RequestError::TimedOut)
    }

    async fn consume(&self, _: Queue, _: u16, _: CancellationToken) -> Result<Consumer, BusError> {
        Err(BusError::Closed)
    }

    async fn listen(&self, _: EventTopic, _: CancellationToken) -> Result<Consumer, BusError> {
        Err(BusError::Closed)
    }

    async fn reply(&self, to: &Incoming, message: Outgoing) -> Result<(), PublishError> {
        if let Some(call) = &to.correlation_id {
            lock(&self.0.replies).insert(call.clone(), incoming(message, None));
        }
        Ok(())
    }

    fn connected(&self) -> watch::Receiver<bool> {
        self.0.connected.subscribe()
    }
}
