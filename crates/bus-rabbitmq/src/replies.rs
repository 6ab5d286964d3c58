//! Answers to our requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bus::{Incoming, Settlement};
use tokio::sync::{oneshot, watch};

use crate::consuming::Consuming;

/// How many answers are fetched ahead.
pub(crate) const PREFETCH: u16 = 100;

/// The queue of this process's answers, and who waits for which.
pub(crate) struct Replies {
    queue: String,
    asked: Arc<Asked>,
    listening: watch::Receiver<bool>,
}

#[derive(Default)]
struct Asked(Mutex<HashMap<String, oneshot::Sender<Incoming>>>);

impl Asked {
    fn waiting(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Incoming>>> {
        // A map is whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replies {
    /// Collects answers in the background.
    pub(crate) fn collect(queue: String, consuming: Consuming) -> Self {
        let (mut consumer, listening) = consuming.start();
        let asked = Arc::<Asked>::default();
        let mut going = listening.clone();
        let answered = asked.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    delivery = consumer.next() => {
                        let Some(delivery) = delivery else { return };
                        let answer = delivery.message.clone();
                        let asker = answer.correlation_id.as_ref().and_then(|id| answered.waiting().remove(id));
                        if let Some(asker) = asker {
                            // An asker that has just gone is no error.
                            let _ = asker.send(answer);
                        }
                        // Lost or not: an answer is of no use to anybody else.
                        let _ = delivery.settle(Settlement::Done).await;
                    }
                    // The queue went with its connection: what was asked before can no longer be answered.
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

    /// A place for the answer, to be made before the request is sent.
    pub(crate) fn expect_answer(&self, correlation_id: String) -> Expected {
        let (sender, answer) = oneshot::channel();
        self.asked.waiting().insert(correlation_id.clone(), sender);
        Expected {
            answer: Some(answer),
            queue: self.queue.clone(),
            listening: self.listening.clone(),
            asked: self.asked.clone(),
            correlation_id,
        }
    }
}

/// Waits for the end of listening; `None` when it never begins again.
async fn lost(going: &mut watch::Receiver<bool>) -> Option<()> {
    going.wait_for(|listening| *listening).await.ok()?;
    going.wait_for(|listening| !*listening).await.ok()?;
    Some(())
}

/// An answer that is awaited; forgotten when dropped.
pub(crate) struct Expected {
    answer: Option<oneshot::Receiver<Incoming>>,
    queue: String,
    listening: watch::Receiver<bool>,
    asked: Arc<Asked>,
    correlation_id: String,
}

impl Expected {
    /// Waits until answers can arrive.
    pub(crate) async fn ready(&mut self) {
        // An error means that the bus is closed; then the request cannot be sent either.
        let _ = self.listening.wait_for(|listening| *listening).await;
    }

    pub(crate) fn queue(&self) -> &str {
        &self.queue
    }

    /// The answer; `None` when it can no longer come.
    pub(crate) async fn wait(&mut self) -> Option<Incoming> {
        self.answer.take()?.await.ok()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.asked.waiting().remove(&self.correlation_id);
    }
}
