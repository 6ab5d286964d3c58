//! Responses to our requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bus::{Incoming, Settlement, parts::Assembly};
use tokio::sync::{oneshot, watch};

use crate::consumer::Consuming;

/// How many responses are prefetched.
pub(crate) const PREFETCH: u16 = 100;

/// The queue for this process's responses, and the callers that wait for them.
pub(crate) struct Replies {
    queue: String,
    asked: Arc<PendingRequests>,
    listening: watch::Receiver<bool>,
}

#[derive(Default)]
struct PendingRequests(Mutex<HashMap<String, Asker>>);

/// A caller waiting for a response, which may come in parts.
struct Asker {
    sender: oneshot::Sender<Incoming>,
    assembly: Assembly,
}

impl PendingRequests {
    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Asker>> {
        // A map is consistent at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a response to its caller once it is whole.
    fn take(&self, message: Incoming) {
        let Some(id) = message.correlation_id.clone() else { return };
        let mut waiting = self.waiting();
        let Some(asker) = waiting.get_mut(&id) else { return };
        if let Some(answer) = asker.assembly.add(message)
            && let Some(asker) = waiting.remove(&id)
        {
            // A caller that has just gone is not an error.
            let _ = asker.sender.send(answer);
        }
    }
}

impl Replies {
    /// Collects responses in the background.
    pub(crate) fn collect(queue: String, consuming: Consuming) -> Self {
        let (mut consumer, listening) = consuming.start();
        let asked = Arc::<PendingRequests>::default();
        let mut going = listening.clone();
        let answered = asked.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    delivery = consumer.next() => {
                        let Some(delivery) = delivery else { return };
                        answered.take(delivery.message.clone());
                        // Lost or not: the response is of no use to any other caller.
                        let _ = delivery.settle(Settlement::Done).await;
                    }
                    // The queue went with its connection: earlier requests can no longer get a response.
                    lost = lost(&mut going) => {
                        answered.waiting().clear();
                        if lost.is_none() {
                            return;
                        }
                    }
                }
            }
        });
        Self { queue, asked, listening }
    }

    /// A slot for the response, to be created before the request is sent.
    pub(crate) fn expect_answer(&self, correlation_id: String) -> Expected {
        let (sender, answer) = oneshot::channel();
        let asker = Asker { sender, assembly: Assembly::default() };
        self.asked.waiting().insert(correlation_id.clone(), asker);
        Expected {
            answer: Some(answer),
            queue: self.queue.clone(),
            listening: self.listening.clone(),
            asked: self.asked.clone(),
            correlation_id,
        }
    }
}

/// Waits for the end of listening; `None` if it never begins again.
async fn lost(going: &mut watch::Receiver<bool>) -> Option<()> {
    going.wait_for(|listening| *listening).await.ok()?;
    going.wait_for(|listening| !*listening).await.ok()?;
    Some(())
}

/// An awaited response; forgotten when dropped.
pub(crate) struct Expected {
    answer: Option<oneshot::Receiver<Incoming>>,
    queue: String,
    listening: watch::Receiver<bool>,
    asked: Arc<PendingRequests>,
    correlation_id: String,
}

impl Expected {
    /// Waits until responses can arrive.
    pub(crate) async fn ready(&mut self) {
        // An error means that the bus is closed; then the request cannot be sent either.
        let _ = self.listening.wait_for(|listening| *listening).await;
    }

    pub(crate) fn queue(&self) -> &str {
        &self.queue
    }

    /// The response; `None` if it can no longer arrive.
    pub(crate) async fn wait(&mut self) -> Option<Incoming> {
        self.answer.take()?.await.ok()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.asked.waiting().remove(&self.correlation_id);
    }
}
