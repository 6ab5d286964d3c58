//! Messages that could not be processed, and what a person decided about them.

use domain::PartnerId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Row, StoreError, Transaction};

/// A dead letter to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// The letter's id, the same for the same message of the same queue.
    pub letter: Uuid,
    /// The queue that the message came from.
    pub queue: String,
    /// Why it could not be processed.
    pub reason: String,
    /// The message type received; `None` without one.
    pub kind: Option<String>,
    /// The message id received; `None` without one.
    pub message_id: Option<String>,
    /// The body, or its beginning.
    pub body: Vec<u8>,
    /// The size of the whole body in bytes.
    pub body_bytes: i64,
    /// SHA-256 of the whole body, in hexadecimal.
    pub body_sha256: String,
    /// The partner that the message names; `None` if it names none.
    pub partner: Option<PartnerId>,
}

/// A stored dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The letter.
    pub new: NewLetter,
    /// When it was first stored.
    pub first_at: Timestamp,
    /// When it was last stored.
    pub last_at: Timestamp,
    /// How often it was stored.
    pub times: i32,
    /// `kept`, `sending`, `sent` or `dropped`.
    pub state: String,
    /// Who decided, and when; `None` while it waits.
    pub decided: Option<(String, Timestamp)>,
}

impl Letter {
    /// Whether the whole body is stored.
    pub fn is_whole(&self) -> bool {
        i64::try_from(self.new.body.len()) == Ok(self.new.body_bytes)
    }
}

/// Stores a letter, or the same one again; either way it waits for a person.
pub async fn keep(tx: &Transaction<'_>, letter: &NewLetter, now: Timestamp) -> Result<(), StoreError> {
    let sql = "insert into dead_letters as known (letter_id, queue, reason, kind, message_id, body, body_bytes, body_sha256,
                                                  partner_id, first_at, last_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
               on conflict (letter_id) do update set
                   reason = excluded.reason, last_at = excluded.last_at, times = known.times + 1,
                   state = 'kept', decided_at = null, decided_by = null";
    let partner = letter.partner.as_ref().map(PartnerId::as_str);
    tx.execute(
        sql,
        &[
            &letter.letter,
            &letter.queue,
            &letter.reason,
            &letter.kind,
            &letter.message_id,
            &letter.body,
            &letter.body_bytes,
            &letter.body_sha256,
            &partner,
            &now,
        ],
    )
    .await
    .map(drop)
}

/// The letters that wait for a person, the oldest first; with `decided_too` also the others.
pub async fn list(tx: &Transaction<'_>, decided_too: bool, most: i64) -> Result<Vec<Letter>, StoreError> {
    let sql = "-- all partners: a letter may name none
               select * from dead_letters where state = 'kept' or $1 order by last_at, letter_id limit $2";
    tx.query(sql, &[&decided_too, &most]).await?.iter().map(letter).collect()
}

/// One letter, locked until the transaction ends.
pub async fn read(tx: &Transaction<'_>, id: Uuid) -> Result<Option<Letter>, StoreError> {
    let sql = "-- all partners: a letter may name none
               select * from dead_letters where letter_id = $1 for update";
    tx.query_opt(sql, &[&id]).await?.as_ref().map(letter).transpose()
}

/// Letters that a person wants sent, in deployments where only the services reach the bus.
pub async fn to_send(tx: &Transaction<'_>, most: i64) -> Result<Vec<Letter>, StoreError> {
    let sql = "-- all partners: a letter may name none
               select * from dead_letters where state = 'sending' order by last_at, letter_id limit $1
               for update skip locked";
    tx.query(sql, &[&most]).await?.iter().map(letter).collect()
}

/// Records a person's decision: `sending`, `sent` or `dropped`.
pub async fn decide(
    tx: &Transaction<'_>,
    id: Uuid,
    state: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "-- all partners: a letter may name none
               update dead_letters set state = $2, decided_by = $3, decided_at = $4 where letter_id = $1";
    tx.execute_exactly(1, sql, &[&id, &state, &by, &now]).await
}

/// Records that a letter in state `sending` was sent.
pub async fn mark_sent(tx: &Transaction<'_>, id: Uuid) -> Result<(), StoreError> {
    let sql = "-- all partners: a letter may name none
               update dead_letters set state = 'sent' where letter_id = $1";
    tx.execute_exactly(1, sql, &[&id]).await
}

/// The number of letters waiting for a person in each queue, and when the oldest was first stored.
pub async fn waiting(tx: &Transaction<'_>) -> Result<Vec<(String, i64, Timestamp)>, StoreError> {
    let sql = "-- all partners: a letter may name none
               select queue, count(*) as letters, min(first_at) as since from dead_letters
               where state in ('kept', 'sending') group by queue order by queue";
    let rows = tx.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.get("queue")?, row.get("letters")?, row.get("since")?))).collect()
}

fn letter(row: &Row) -> Result<Letter, StoreError> {
    let partner: Option<String> = row.get("partner_id")?;
    let decided_by: Option<String> = row.get("decided_by")?;
    Ok(Letter {
        new: NewLetter {
            letter: row.get("letter_id")?,
            queue: row.get("queue")?,
            reason: row.get("reason")?,
            kind: row.get("kind")?,
            message_id: row.get("message_id")?,
            body: row.get("body")?,
            body_bytes: row.get("body_bytes")?,
            body_sha256: row.get("body_sha256")?,
            partner: partner.and_then(|partner| PartnerId::new(partner).ok()),
        },
        first_at: row.get("first_at")?,
        last_at: row.get("last_at")?,
        times: row.get("times")?,
        state: row.get("state")?,
        decided: decided_by.zip(row.get("decided_at")?),
    })
}
