//! The breakers of Kaseya's hosts. A host serves many partners.

use domain::{Breaker, BreakerPolicy, JobId, PartnerId};
use jiff::Timestamp;

use crate::{Row, StoreError, Transaction};

/// Reads a host's breaker and locks its row, also where there was none: starts on one host come one after the other, so
/// that its slots are counted exactly and a half-open breaker lets one through.
pub async fn lock_breaker(tx: &Transaction<'_>, host: &str) -> Result<Breaker, StoreError> {
    tx.execute("insert into breakers (host) values ($1) on conflict do nothing", &[&host]).await?;
    let row = tx
        .query_one(
            "select failures, open_until, probe_until from breakers where host = $1 for update",
            &[&host],
        )
        .await?;
    breaker(&row)
}

/// Reads a host's breaker and holds nothing.
pub async fn read_breaker(tx: &Transaction<'_>, host: &str) -> Result<Breaker, StoreError> {
    let sql = "select failures, open_until, probe_until from breakers where host = $1";
    match tx.query_opt(sql, &[&host]).await? {
        Some(row) => breaker(&row),
        None => Ok(Breaker::default()),
    }
}

fn breaker(row: &Row) -> Result<Breaker, StoreError> {
    Ok(Breaker {
        failures: row.number("failures")?,
        open_until: row.get("open_until")?,
        probe_until: row.get("probe_until")?,
    })
}

/// Stores a breaker that the caller has locked.
pub async fn store_breaker(tx: &Transaction<'_>, host: &str, breaker: &Breaker) -> Result<(), StoreError> {
    tx.execute(
        "update breakers set failures = $2, open_until = $3, probe_until = $4 where host = $1",
        &[
            &host,
            &i32::try_from(breaker.failures).unwrap_or(i32::MAX),
            &breaker.open_until,
            &breaker.probe_until,
        ],
    )
    .await?;
    Ok(())
}

/// The host that a job called has answered: its breaker closes.
pub async fn host_answered(tx: &Transaction<'_>, partner: &PartnerId, job: JobId) -> Result<(), StoreError> {
    let Some(host) = host_of(tx, partner, job).await? else { return Ok(()) };
    let breaker = lock_breaker(tx, &host).await?;
    if breaker == Breaker::default() { Ok(()) } else { store_breaker(tx, &host, &breaker.answered()).await }
}

/// The host that a job called could not be reached, timed out, or answered with server errors only.
pub async fn host_failed(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(host) = host_of(tx, partner, job).await? else { return Ok(()) };
    let breaker = lock_breaker(tx, &host).await?;
    // The identifier's last bits are random: they are the jitter.
    let [.., high, low] = job.0.into_bytes();
    let fraction = f64::from(u16::from_be_bytes([high, low])) / 65_536.0;
    store_breaker(tx, &host, &breaker.failed(&BreakerPolicy::default(), now, fraction)).await
}

async fn host_of(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
) -> Result<Option<String>, StoreError> {
    let row = tx
        .query_opt(
            "select host from jobs where partner_id = $1 and job_id = $2",
            &[&partner.as_str(), &job.0],
        )
        .await?;
    row.map_or(Ok(None), |row| row.get("host"))
}
