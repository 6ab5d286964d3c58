//! Attempts that are limited, such as failed sign-ins from one network: counted in the database because there are several portals.

use jiff::{SignedDuration, Timestamp};

use crate::{StoreError, Transaction};

/// Longer than any limit looks back.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How many attempts within how long, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// So many.
    pub most: u32,
    /// Within so long; at most a day.
    pub within: SignedDuration,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Yes; it is counted.
    Allowed,
    /// There were too many: not before this.
    NotBefore(Timestamp),
}

/// Counts an attempt of `whose`, unless there were too many. One that is not allowed does not count, so that whoever
/// keeps trying is let in as soon as whoever waits.
pub async fn attempt(
    tx: &Transaction<'_>,
    whose: &str,
    limit: Limit,
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    let attempt = allowed(tx, whose, limit, now).await?;
    if attempt == Attempt::Allowed {
        count(tx, whose, now).await?;
    }
    Ok(attempt)
}

/// Whether `whose` may make another attempt; until the transaction ends, no other transaction counts one of theirs.
/// [`count`] counts it, where it is to count.
pub async fn allowed(
    tx: &Transaction<'_>,
    whose: &str,
    limit: Limit,
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    // Not a row: before the first attempt there is none.
    tx.execute("select pg_advisory_xact_lock(hashtextextended($1::text, 2))", &[&whose]).await?;
    let since = now.saturating_sub(limit.within).unwrap_or(Timestamp::MIN);
    let sql = "select coalesce(sum(attempts), 0) as made, min(minute) as oldest from attempts
               where whose = $1 and minute > $2";
    let row = tx.query_one(sql, &[&whose, &since]).await?;
    if let Some(oldest) = row.get::<Option<Timestamp>>("oldest")?
        && row.get::<i64>("made")? >= i64::from(limit.most)
    {
        return Ok(Attempt::NotBefore(oldest.saturating_add(limit.within).unwrap_or(Timestamp::MAX)));
    }
    Ok(Attempt::Allowed)
}

/// Counts an attempt of `whose`.
pub async fn count(tx: &Transaction<'_>, whose: &str, now: Timestamp) -> Result<(), StoreError> {
    let forgotten = now.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    tx.execute("delete from attempts where minute < $1", &[&forgotten]).await?;
    let sql =
        "insert into attempts (whose, minute, attempts) values ($1, date_trunc('minute', $2::timestamptz), 1)
               on conflict (whose, minute) do update set attempts = attempts.attempts + 1";
    tx.execute_exactly(1, sql, &[&whose, &now]).await
}
