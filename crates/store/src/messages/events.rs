//! Events for listeners: numbered per partner without gaps, kept for replay.

use domain::PartnerId;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{StoreError, Transaction, settings};

/// An event to store.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// The topic on the bus.
    pub topic: &'static str,
    /// The full message type.
    pub kind: &'static str,
    /// The body as proto3 JSON; `number` is added here.
    pub body: Value,
}

impl NewEvent {
    /// The event of a generated message of this type.
    pub fn new(topic: &'static str, kind: &'static str, message: &impl Serialize) -> Self {
        let body = serde_json::to_value(message)
            .expect("a generated type serializes: its fields come from typed values");
        Self { topic, kind, body }
    }
}

/// A stored event.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// The event's partner.
    pub partner: PartnerId,
    /// The partner's event number, without gaps.
    pub number: i64,
    /// The topic on the bus.
    pub topic: String,
    /// The full message type.
    pub kind: String,
    /// The body as proto3 JSON, with `number`.
    pub body: Value,
}

/// The announcer's lock: "events" as bytes.
const ANNOUNCING: i64 = 0x6576_656e_7473;

/// Numbers and stores events. The partner's row is locked until the transaction ends, so numbers have no gaps.
pub async fn store_events(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    events: Vec<NewEvent>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).map_err(|error| StoreError::row("events", "number", &error))?;
    let last = settings::take_event_numbers(tx, partner, count).await?;
    let numbers: Vec<i64> = (last - count + 1..=last).collect();
    let mut topics = Vec::with_capacity(events.len());
    let mut kinds = Vec::with_capacity(events.len());
    let mut bodies = Vec::with_capacity(events.len());
    for (event, number) in events.into_iter().zip(&numbers) {
        let mut body = event.body;
        // proto3 JSON writes a 64-bit number as text.
        body["number"] = Value::String(number.to_string());
        topics.push(event.topic);
        kinds.push(event.kind);
        bodies.push(body);
    }
    tx.execute(
        "insert into events (partner_id, number, topic, kind, body, created_at)
         select $1, number, topic, kind, body, $6
         from unnest($2::bigint[], $3::text[], $4::text[], $5::jsonb[]) as new_event (number, topic, kind, body)",
        &[&partner.as_str(), &numbers, &topics, &kinds, &bodies, &now],
    )
    .await?;
    Ok(())
}

/// The oldest events not announced yet, at most `limit`, each partner's in order. One replica announces at a time,
/// or two would mix up the order of a partner's events; the other replicas get an empty list.
pub async fn unannounced_events(tx: &Transaction<'_>, limit: i64) -> Result<Vec<StoredEvent>, StoreError> {
    let lock = tx.query_one("select pg_try_advisory_xact_lock($1) as taken", &[&ANNOUNCING]).await?;
    if !lock.get::<bool>("taken")? {
        return Ok(Vec::new());
    }
    let rows = tx
        .query(
            "-- all partners: the outbox of every partner is announced by whichever replica comes first
             select partner_id, number, topic, kind, body from events
             where announced_at is null order by partner_id, number limit $1",
            &[&limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(StoredEvent {
                partner: row.partner_id("partner_id")?,
                number: row.get("number")?,
                topic: row.get("topic")?,
                kind: row.get("kind")?,
                body: row.get("body")?,
            })
        })
        .collect()
}

/// Records that the events were announced.
pub async fn mark_announced(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    number: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update events set announced_at = $3 where partner_id = $1 and number = $2",
        &[&partner.as_str(), &number, &now],
    )
    .await?;
    Ok(())
}
