//! Parts of messages that are larger than a consumer takes, stored until complete.

use jiff::{Timestamp, ToSpan as _};
use uuid::Uuid;

use crate::{StoreError, Transaction};

/// A part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagePart<'a> {
    /// The id shared by all parts of one message.
    pub whole: Uuid,
    /// The part's place, from 1.
    pub place: u16,
    /// The number of parts.
    pub parts: u16,
    /// The part's bytes.
    pub bytes: &'a [u8],
}

/// Stores a part, which may have come before; returns the whole message once all its parts are here.
pub async fn add(
    tx: &Transaction<'_>,
    part: &MessagePart<'_>,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    // One part at a time: if the last two arrive at once, one must see the other.
    let lock = "select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 35))";
    tx.execute(lock, &[&part.whole]).await?;
    let stale = now.saturating_sub(24.hours()).unwrap_or(Timestamp::MIN);
    tx.execute("delete from message_parts where arrived_at < $1", &[&stale]).await?;
    let sql =
        "insert into message_parts (whole_id, place, parts, bytes, arrived_at) values ($1, $2, $3, $4, $5)
               on conflict do nothing";
    let (place, parts) = (i32::from(part.place), i32::from(part.parts));
    tx.execute(sql, &[&part.whole, &place, &parts, &part.bytes, &now]).await?;
    let sql = "select string_agg(bytes, '' order by place) as whole from message_parts where whole_id = $1
               having count(*) = $2::int";
    let row = tx.query_opt(sql, &[&part.whole, &parts]).await?;
    row.map(|row| row.get("whole")).transpose()
}

/// Deletes the parts of a processed message.
pub async fn forget(tx: &Transaction<'_>, whole: Uuid) -> Result<(), StoreError> {
    tx.execute("delete from message_parts where whole_id = $1", &[&whole]).await.map(drop)
}
