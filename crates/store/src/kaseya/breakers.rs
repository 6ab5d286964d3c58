//! The breakers of Kaseya's hosts. A host serves many partners, so each has a shared breaker and one per partner. A
//! partner's reports about a host that no other partner knows hold up no other partner (F1).

use domain::{Breaker, BreakerPolicy, JobId, PartnerId, are_kaseyas_own};
use jiff::Timestamp;

use crate::{Row, StoreError, Transaction, kaseya::places::Place};

/// The breakers that apply to a partner's jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breakers {
    /// The host's shared breaker.
    pub everybodys: Breaker,
    /// The partner's own.
    pub own: Breaker,
}

/// Reads the breakers and locks the shared row, creating it if missing. Starts on one host are thus serialized: its
/// slots are counted exactly, and a half-open breaker lets one job through.
pub async fn lock_breakers(tx: &Transaction<'_>, place: &Place) -> Result<Breakers, StoreError> {
    lock(tx, &place.address.hosts(), &place.partner).await
}

async fn lock(tx: &Transaction<'_>, hosts: &str, partner: &PartnerId) -> Result<Breakers, StoreError> {
    tx.execute("insert into breakers (host) values ($1) on conflict do nothing", &[&hosts]).await?;
    let sql = "select alone = '' as everybodys, failures, open_until, probe_until from breakers
               where host = $1 and alone in ('', $2) order by alone for update";
    breakers(&tx.query(sql, &[&hosts, &partner.as_str()]).await?)
}

/// Reads the breakers without locks.
pub async fn read_breakers(tx: &Transaction<'_>, place: &Place) -> Result<Breakers, StoreError> {
    let sql = "select alone = '' as everybodys, failures, open_until, probe_until from breakers
               where host = $1 and alone in ('', $2)";
    breakers(&tx.query(sql, &[&place.address.hosts(), &place.partner.as_str()]).await?)
}

fn breakers(rows: &[Row]) -> Result<Breakers, StoreError> {
    let mut breakers = Breakers::default();
    for row in rows {
        let breaker = breaker(row)?;
        if row.get("everybodys")? { breakers.everybodys = breaker } else { breakers.own = breaker }
    }
    Ok(breakers)
}

fn breaker(row: &Row) -> Result<Breaker, StoreError> {
    Ok(Breaker {
        failures: row.number("failures")?,
        open_until: row.get("open_until")?,
        probe_until: row.get("probe_until")?,
    })
}

/// Stores breakers that the caller has locked.
pub async fn store_breakers(
    tx: &Transaction<'_>,
    place: &Place,
    breakers: &Breakers,
) -> Result<(), StoreError> {
    store(tx, &place.address.hosts(), &place.partner, breakers).await
}

async fn store(
    tx: &Transaction<'_>,
    hosts: &str,
    partner: &PartnerId,
    breakers: &Breakers,
) -> Result<(), StoreError> {
    for (alone, breaker) in [("", &breakers.everybodys), (partner.as_str(), &breakers.own)] {
        if *breaker == Breaker::default() && !alone.is_empty() {
            tx.execute("delete from breakers where host = $1 and alone = $2", &[&hosts, &alone]).await?;
            continue;
        }
        tx.execute(
            "insert into breakers (host, alone, failures, open_until, probe_until) values ($1, $2, $3, $4, $5)
             on conflict (host, alone) do update set
                 failures = excluded.failures, open_until = excluded.open_until, probe_until = excluded.probe_until",
            &[
                &hosts,
                &alone,
                &i32::try_from(breaker.failures).unwrap_or(i32::MAX),
                &breaker.open_until,
                &breaker.probe_until,
            ],
        )
        .await?;
    }
    Ok(())
}

/// The host called by a job has answered: its breakers close.
pub async fn host_answered(tx: &Transaction<'_>, partner: &PartnerId, job: JobId) -> Result<(), StoreError> {
    let Some(hosts) = hosts_of(tx, partner, job).await? else { return Ok(()) };
    let known = lock(tx, &hosts, partner).await?;
    let Breakers { everybodys, own } = known;
    let closed = Breakers { everybodys: everybodys.answered(), own: own.answered() };
    if known == closed { Ok(()) } else { store(tx, &hosts, partner, &closed).await }
}

/// The host called by a job was unreachable, timed out, or returned only server errors. This counts for other
/// partners if they know the host too, or if it fails for them too.
pub async fn host_failed(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(hosts) = hosts_of(tx, partner, job).await? else { return Ok(()) };
    let known = lock(tx, &hosts, partner).await?;
    // The id's last bits are random and serve as jitter.
    let [.., high, low] = job.0.into_bytes();
    let fraction = f64::from(u16::from_be_bytes([high, low])) / 65_536.0;
    let failed = |breaker: Breaker| breaker.failed(&BreakerPolicy::default(), now, fraction);
    let everybodys = match are_kaseyas_own(&hosts) || concerns_others(tx, &hosts, partner).await? {
        true => failed(known.everybodys),
        false => known.everybodys,
    };
    store(tx, &hosts, partner, &Breakers { everybodys, own: failed(known.own) }).await
}

/// Whether Kaseya has let other partners in at these hosts, or the hosts fail for others too.
async fn concerns_others(tx: &Transaction<'_>, hosts: &str, partner: &PartnerId) -> Result<bool, StoreError> {
    let sql = "-- all partners: only whether others are there
               select exists (select from login_tries
                              where host = $1 and partner_id <> $2 and outcome = 'accepted')
                      or exists (select from breakers where host = $1 and alone not in ('', $2) and failures > 0)
                      as concerned";
    tx.query_one(sql, &[&hosts, &partner.as_str()]).await?.get("concerned")
}

async fn hosts_of(
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
