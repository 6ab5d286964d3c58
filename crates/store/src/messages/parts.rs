//! Parts of messages that are larger than a consumer takes, until they are whole.

use jiff::{Timestamp, ToSpan as _};
use uuid::Uuid;

use crate::{StoreError, Transaction};

/// A part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagePart<'a> {
    /// What the parts of one message have in common.
    pub whole: Uuid,
    /// Its place, from 1.
    pub place: u16,
    /// How many there are.
    pub parts: u16,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Keeps a part, which may have come before; gives the whole message once all of its parts are here.
pub async fn add(
    tx: &Transaction<'_>,
    part: &MessagePart<'_>,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    // One part at a time: of two last ones that come at once, one must see the other.
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

/// Forgets the parts of a message whose work is done.
pub async fn forget(tx: &Transaction<'_>, whole: Uuid) -> Result<(), StoreError> {
    tx.execute("delete from message_parts where whole_id = $1", &[&whole]).await.map(drop)
}
