//! The dead letters: stored in tables, counted, announced, and sent again if a person wants it.

use std::{sync::Arc, time::Duration};

use bus::{BusError, Incoming, Outgoing, Queue, Settlement, SharedBus, TraceContext};
use domain::{Backoff, Clock, Entropy, FailureClass, PartnerId};
use jiff::Timestamp;
use messages::{Message as _, field::wire_instant, inbound::members, v1};
use runtime::{
    Intake,
    metrics::{Gauge, KeyValue, Meter},
};
use serde_json::Value;
use store::{
    Store, StoreError, Transaction,
    messages::{
        dead_letters::{self, NewLetter},
        events::{self, NewEvent},
    },
    settings,
};
use tokio_util::sync::CancellationToken;

/// Letters taken and not yet stored.
const PREFETCH: u16 = 10;
/// How often letters are counted, and sent if a person wants it.
const ROUND: Duration = Duration::from_secs(5);
/// Maximum number of letters sent per round.
const AT_ONCE: i64 = 10;
/// Waits between retries while something of ours is at fault.
const RETRY: Backoff = Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

/// Stores the dead letters.
pub struct Letters {
    store: Store,
    bus: SharedBus,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    kept: Gauge<i64>,
    age: Gauge<i64>,
}

impl Letters {
    /// Stores nothing before [`Letters::run`].
    pub fn new(store: Store, bus: SharedBus, clock: Arc<dyn Clock>, entropy: Entropy, meter: &Meter) -> Self {
        let gauge = |name, what| meter.i64_gauge(name).with_description(what).build();
        Self {
            store,
            bus,
            clock,
            entropy,
            kept: gauge("installation.dead_letters.kept", "Dead letters that wait for a person."),
            age: gauge("installation.dead_letters.age", "Seconds since the oldest of them was put aside."),
        }
    }

    /// Stores letters until `stop`; while it cannot, `shown` says why.
    pub async fn run(&self, stop: CancellationToken, shown: Intake) -> Result<(), BusError> {
        let mut letters = self.bus.consume(Queue::DeadLetters, PREFETCH, stop.clone()).await?;
        let mut round = tokio::time::interval(ROUND);
        loop {
            tokio::select! {
                letter = letters.next() => {
                    let Some(letter) = letter else { return Ok(()) };
                    let how = self.keep_patiently(&letter.message, &letter.lost(), &stop, &shown).await;
                    if let Err(error) = letter.settle(how).await {
                        tracing::debug!(%error, "the letter comes again");
                    }
                }
                _ = round.tick() => {
                    if let Err(error) = self.count().await {
                        tracing::warn!(%error, "dead letters are not counted");
                    }
                    if let Err(error) = self.send().await {
                        tracing::warn!(%error, "dead letters are not sent yet");
                    }
                }
            }
        }
    }

    async fn keep_patiently(
        &self,
        message: &Incoming,
        lost: &CancellationToken,
        stop: &CancellationToken,
        shown: &Intake,
    ) -> Settlement {
        let letter = &new_letter(message);
        let mut failures = 0;
        loop {
            let now = self.clock.now();
            let kept = self.store.transaction("keep_letter", |tx| Box::pin(keep(tx, letter, now))).await;
            let error = match kept {
                Ok(()) => {
                    shown.goes_on();
                    tracing::error!(letter = %letter.letter, queue = letter.queue, reason = letter.reason,
                        "a dead letter is kept; `kaseya-sync dead-letters` lists them");
                    return Settlement::Done;
                }
                Err(error) => error,
            };
            tracing::warn!(%error, failures, poison = error.class() == FailureClass::Poison, "a dead letter waits");
            shown.waits(error.to_string());
            failures += 1;
            tokio::select! {
                () = stop.cancelled() => return Settlement::Again,
                () = lost.cancelled() => {
                    shown.goes_on();
                    return Settlement::Again;
                }
                () = tokio::time::sleep(RETRY.wait(failures, self.entropy.fraction())) => {}
            }
        }
    }

    async fn count(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let waiting =
            self.store.transaction("count_letters", |tx| Box::pin(dead_letters::waiting(tx))).await?;
        for queue in Queue::ALL {
            let of = waiting.iter().find(|(of, ..)| of == queue.name());
            let (letters, age) = of.map_or((0, 0), |(_, letters, since)| {
                (*letters, now.duration_since(*since).as_secs().max(0))
            });
            let labels = [KeyValue::new("queue", queue.name())];
            self.kept.record(letters, &labels);
            self.age.record(age, &labels);
        }
        Ok(())
    }

    /// Sends the letters that a person wants sent but cannot send, having no program that reaches the bus.
    async fn send(&self) -> Result<(), StoreError> {
        self.store
            .transaction("send_letters", |tx| {
                Box::pin(async move {
                    for letter in dead_letters::to_send(tx, AT_ONCE).await? {
                        let id = self.entropy.uuid(self.clock.now());
                        let Some((queue, message)) = sent_again(&letter.new, id) else { continue };
                        if let Err(error) = self.bus.publish(queue, message).await {
                            tracing::warn!(%error, "a dead letter waits for the bus");
                            break;
                        }
                        dead_letters::mark_sent(tx, letter.new.letter).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// A letter as the original message, for its original exchange; `None` if that is not a queue of ours.
pub fn sent_again(letter: &NewLetter, id: uuid::Uuid) -> Option<(Queue, Outgoing)> {
    let queue = Queue::ALL.into_iter().find(|queue| queue.name() == letter.queue)?;
    let said = letter.kind.as_deref();
    let kinds = match queue {
        Queue::SyncRequests => &[v1::SyncRequested::KIND, v1::HoldDecided::KIND][..],
        Queue::Counts => &[v1::UserCountsReported::KIND],
        Queue::Jobs | Queue::JobsNow => &[v1::JobReady::KIND],
        Queue::SchedulerCalls => &[v1::StartJob::KIND, v1::PermitWrites::KIND, v1::RenewLease::KIND],
        Queue::Results => &[v1::JobDone::KIND],
        Queue::DeadLetters => &[],
    };
    let decision = members(&letter.body).contains_key("decisionId");
    // If the type was missing or wrong, use the one that belongs to the queue.
    let kind = kinds.iter().copied().find(|kind| said == Some(*kind)).or_else(|| match queue {
        Queue::SyncRequests if decision => Some(v1::HoldDecided::KIND),
        _ => kinds.first().copied(),
    })?;
    Some((queue, Outgoing { id, kind, trace: TraceContext::default(), body: letter.body.clone().into() }))
}

async fn keep(tx: &Transaction<'_>, letter: &NewLetter, now: Timestamp) -> Result<(), StoreError> {
    dead_letters::keep(tx, letter, now).await?;
    let Some(partner) = letter.partner.as_ref().filter(|_| an_invoice_may_depend_on(letter)) else {
        return Ok(());
    };
    if settings::read(tx, partner).await?.is_none() {
        return Ok(());
    }
    let event = v1::MessageDeadLettered {
        number: None,
        partner_id: partner.to_string(),
        letter_id: letter.letter.to_string(),
        queue: letter.queue.clone(),
        reason: letter.reason.clone(),
        at: Some(wire_instant(now)),
    };
    let topic = bus::EventTopic::MessageDeadLettered.routing_key();
    let event = NewEvent::new(topic, v1::MessageDeadLettered::KIND, &event);
    events::store_events(tx, partner, vec![event], now).await
}

/// Counts, decisions and results. A request without a reply is sent again by its sender, a ticket by the ledger.
fn an_invoice_may_depend_on(letter: &NewLetter) -> bool {
    letter.queue == Queue::Counts.name()
        || letter.queue == Queue::Results.name()
        || letter.queue == Queue::SyncRequests.name() && {
            let members = members(&letter.body);
            members.contains_key("decisionId") || members.contains_key("decision_id")
        }
}

/// Reads a message of the queue: a letter of ours, or an unchanged message that the broker has moved there.
fn new_letter(message: &Incoming) -> NewLetter {
    use v1::dead_letter::BodyStart;
    let ours = (message.kind.as_deref() == Some(v1::DeadLetter::KIND))
        .then(|| message.decode::<v1::DeadLetter>().ok())
        .flatten();
    let letter = ours.unwrap_or_else(|| {
        let reason = "the broker put it here, as it was: it was delivered too often";
        let queue = queue_of(message).map_or("unknown", Queue::name);
        let made = bus::dead_letter(queue, reason, message);
        messages::decode(Some(made.kind), &made.body).unwrap_or_default()
    });
    let body = match letter.body_start {
        Some(BodyStart::Text(text)) => text.into_bytes(),
        Some(BodyStart::Binary(bytes)) => bytes.to_vec(),
        None => Vec::new(),
    };
    let named = members(&body);
    let partner = named
        .get("partnerId")
        .or(named.get("partner_id"))
        .and_then(Value::as_str)
        .and_then(|partner| PartnerId::new(partner).ok());
    NewLetter {
        letter: identity(&letter.queue, &letter.body_sha256),
        queue: plain(letter.queue),
        reason: plain(letter.reason),
        kind: letter.r#type.map(plain),
        message_id: letter.message_id.map(plain),
        body_bytes: letter.body_bytes.and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or_default(),
        body,
        body_sha256: plain(letter.body_sha256),
        partner,
    }
}

/// Equal for the same body on the same queue.
fn identity(queue: &str, body_sha256: &str) -> uuid::Uuid {
    let mut bytes = [0_u8; 16];
    for (place, byte) in queue.bytes().chain(body_sha256.bytes()).enumerate() {
        // The hash decides; folding it keeps each of its digits.
        bytes[place % 16] = bytes[place % 16].rotate_left(3) ^ byte.wrapping_mul(31);
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The queue that a message of this type comes from.
fn queue_of(message: &Incoming) -> Option<Queue> {
    match message.kind.as_deref() {
        Some(v1::UserCountsReported::KIND) => Some(Queue::Counts),
        Some(v1::SyncRequested::KIND | v1::HoldDecided::KIND) => Some(Queue::SyncRequests),
        Some(v1::JobDone::KIND) => Some(Queue::Results),
        Some(v1::JobReady::KIND) => Some(Queue::Jobs),
        _ => {
            let members = members(&message.body);
            let has = |json: &str, name: &str| members.contains_key(json) || members.contains_key(name);
            if has("reportId", "report_id") {
                Some(Queue::Counts)
            } else if has("requestId", "request_id") || has("decisionId", "decision_id") {
                Some(Queue::SyncRequests)
            } else {
                None
            }
        }
    }
}

/// Removes from an external text what no column accepts.
fn plain(text: String) -> String {
    text.replace('\0', " ")
}
