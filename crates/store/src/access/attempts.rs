//! Limited attempts, e.g. failed sign-ins from one network. They are counted in the database because there are
//! several portals.

use jiff::{SignedDuration, Timestamp};

use crate::{StoreError, Transaction};

/// Longer than the period of any limit.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The maximum number of attempts within a period, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The maximum number of attempts.
    pub most: u32,
    /// The period, at most a day.
    pub within: SignedDuration,
}

/// Whether an attempt is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Allowed, and counted.
    Allowed,
    /// Too many attempts: not before this instant.
    NotBefore(Timestamp),
}

/// Counts an attempt of `subject`, unless there were too many. A refused attempt does not count, so that a caller that
/// keeps trying gets in as soon as one that waits.
pub async fn attempt(
    tx: &Transaction<'_>,
    subject: &str,
    limit: Limit,
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    let attempt = allowed(tx, subject, limit, now).await?;
    if attempt == Attempt::Allowed {
        count(tx, subject, now).await?;
    }
    Ok(attempt)
}

/// Whether `subject` may make another attempt. Until the transaction ends, no other transaction counts an attempt of
/// `subject`. Call [`count`] to count this one.
pub async fn allowed(
    tx: &Transaction<'_>,
    subject: &str,
    limit: Limit,
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    // An advisory lock, not a row lock: before the first attempt there is no row.
    tx.execute("select pg_advisory_xact_lock(hashtextextended($1::text, 2))", &[&subject]).await?;
    let since = now.saturating_sub(limit.within).unwrap_or(Timestamp::MIN);
    let sql = "select coalesce(sum(attempts), 0) as made, min(minute) as oldest from attempts
               where whose = $1 and minute > $2";
    let row = tx.query_one(sql, &[&subject, &since]).await?;
    if let Some(oldest) = row.get::<Option<Timestamp>>("oldest")?
        && row.get::<i64>("made")? >= i64::from(limit.most)
    {
        return Ok(Attempt::NotBefore(oldest.saturating_add(limit.within).unwrap_or(Timestamp::MAX)));
    }
    Ok(Attempt::Allowed)
}

/// Counts an attempt of `subject`.
pub async fn count(tx: &Transaction<'_>, subject: &str, now: Timestamp) -> Result<(), StoreError> {
    let forgotten = now.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    tx.execute("delete from attempts where minute < $1", &[&forgotten]).await?;
    let sql =
        "insert into attempts (whose, minute, attempts) values ($1, date_trunc('minute', $2::timestamptz), 1)
               on conflict (whose, minute) do update set attempts = attempts.attempts + 1";
    tx.execute_exactly(1, sql, &[&subject, &now]).await
}
