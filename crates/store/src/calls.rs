//! The call budget of a Kaseya: what the last hour was debited and what was made. Kaseya counts by host and tenant,
//! whoever calls.

use domain::{Calls, JobId};
use jiff::{Timestamp, ToSpan as _};

use crate::{StoreError, Transaction};

/// Calls that count against the hour until an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedCalls {
    /// How many.
    pub calls: Calls,
    /// From this instant on they are an hour old and count no more.
    pub until: Timestamp,
}

/// What counts against a Kaseya's hour at `now`, in the order in which it stops to count: calls made, and allowances of
/// attempts whose `JobDone` has not come. Kaseya limits each endpoint, so of each version of its API the endpoint that
/// was called most counts; an allowance counts whole, for it may all go to that one.
pub async fn used_calls(
    tx: &Transaction<'_>,
    host: &str,
    tenant: &str,
    now: Timestamp,
) -> Result<Vec<UsedCalls>, StoreError> {
    // A minute's calls count until an hour after its end.
    let oldest_minute = now.saturating_sub(61.minutes()).unwrap_or(Timestamp::MIN);
    let oldest_debit = now.saturating_sub(60.minutes()).unwrap_or(Timestamp::MIN);
    let rows = tx
        .query(
            "-- all partners: Kaseya counts by host and tenant
             with made as (
                 select endpoint like '% /v2/%' as is_v2, endpoint, minute, calls
                 from calls_made where host = $1 and tenant = $2 and minute > $3
             ), busiest as (
                 select distinct on (is_v2) is_v2, endpoint from made
                 group by is_v2, endpoint order by is_v2, sum(calls) desc, endpoint
             )
             select v2, v1, until from (
                 select coalesce(sum(calls) filter (where is_v2), 0)::int as v2,
                        coalesce(sum(calls) filter (where not is_v2), 0)::int as v1,
                        minute + interval '61 minutes' as until
                 from made join busiest using (is_v2, endpoint)
                 group by minute
                 union all
                 select v2, v1, debited_at + interval '60 minutes'
                 from call_debits where host = $1 and tenant = $2 and debited_at > $4
             ) as used
             order by until",
            &[&host, &tenant, &oldest_minute, &oldest_debit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(UsedCalls {
                calls: Calls { v2: row.number("v2")?, v1: row.number("v1")? },
                until: row.get("until")?,
            })
        })
        .collect()
}

/// The calls made to a Kaseya per endpoint (method and route) that count against its hour at `now`.
pub async fn calls_per_endpoint(
    tx: &Transaction<'_>,
    host: &str,
    tenant: &str,
    now: Timestamp,
) -> Result<Vec<(String, u32)>, StoreError> {
    let oldest_minute = now.saturating_sub(61.minutes()).unwrap_or(Timestamp::MIN);
    let rows = tx
        .query(
            "-- all partners: Kaseya counts by host and tenant
             select endpoint, sum(calls)::int as calls from calls_made
             where host = $1 and tenant = $2 and minute > $3
             group by endpoint order by sum(calls) desc, endpoint",
            &[&host, &tenant, &oldest_minute],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get("endpoint")?, row.number("calls")?))).collect()
}

/// What attempts whose `JobDone` has not come may still call, at most.
pub async fn debited(
    tx: &Transaction<'_>,
    host: &str,
    tenant: &str,
    now: Timestamp,
) -> Result<Calls, StoreError> {
    let oldest = now.saturating_sub(60.minutes()).unwrap_or(Timestamp::MIN);
    let row = tx
        .query_one(
            "-- all partners: Kaseya counts by host and tenant
             select coalesce(sum(v2), 0)::int as v2, coalesce(sum(v1), 0)::int as v1 from call_debits
             where host = $1 and tenant = $2 and debited_at > $3",
            &[&host, &tenant, &oldest],
        )
        .await?;
    Ok(Calls { v2: row.number("v2")?, v1: row.number("v1")? })
}

/// Debits an attempt's allowance. Its `JobDone` gives it back; one that never comes lets it expire after an hour.
pub async fn debit_calls(
    tx: &Transaction<'_>,
    job: JobId,
    attempt: i32,
    host: &str,
    tenant: &str,
    allowed: Calls,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into call_debits (job_id, attempt, host, tenant, v2, v1, debited_at) values ($1, $2, $3, $4, $5, $6, $7)",
        &[
            &job.0,
            &attempt,
            &host,
            &tenant,
            &i32::try_from(allowed.v2).unwrap_or(i32::MAX),
            &i32::try_from(allowed.v1).unwrap_or(i32::MAX),
            &now,
        ],
    )
    .await?;
    Ok(())
}

/// Records calls that were made in a minute.
pub async fn record_calls(
    tx: &Transaction<'_>,
    host: &str,
    tenant: &str,
    made: &[(String, i32)],
    minute: Timestamp,
) -> Result<(), StoreError> {
    let endpoints: Vec<&str> = made.iter().map(|(endpoint, _)| endpoint.as_str()).collect();
    let calls: Vec<i32> = made.iter().map(|(_, calls)| *calls).collect();
    tx.execute(
        "-- all partners: Kaseya counts by host and tenant
         insert into calls_made (host, tenant, endpoint, minute, calls)
         select $1, $2, endpoint, $3, calls from unnest($4::text[], $5::int[]) as made (endpoint, calls)
         order by endpoint
         on conflict (host, tenant, endpoint, minute) do update set calls = calls_made.calls + excluded.calls",
        &[&host, &tenant, &minute, &endpoints, &calls],
    )
    .await?;
    Ok(())
}

/// The minute that calls of an instant are recorded under.
pub fn minute_of(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(now)
}
