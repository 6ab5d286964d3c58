//! The call budget of a Kaseya: the last hour's debits and calls. Kaseya counts the calls of all callers by host and
//! tenant.

use domain::{Calls, JobId, PartnerId};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::{StoreError, Transaction, kaseya::places::Place};

/// Calls count for an hour. They are kept for a day, so that people can see later what was called.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Calls that count against the hour until an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedCalls {
    /// The number of calls.
    pub calls: Calls,
    /// When they are an hour old and stop counting.
    pub until: Timestamp,
}

/// What counts against a Kaseya's hour at `now`, in the order in which it stops counting: calls made, and allowances
/// of attempts and look-ups that have not reported yet. Kaseya limits each endpoint, so for each version of its API
/// the most called endpoint counts. An allowance counts in full, because it may all go to that endpoint.
pub async fn used_calls(
    tx: &Transaction<'_>,
    place: &Place,
    now: Timestamp,
) -> Result<Vec<UsedCalls>, StoreError> {
    // A minute's calls count until an hour after the minute's end.
    let oldest_minute = now.saturating_sub(61.minutes()).unwrap_or(Timestamp::MIN);
    let oldest_debit = now.saturating_sub(60.minutes()).unwrap_or(Timestamp::MIN);
    let rows = tx
        .query(
            "-- all partners: Kaseya counts by host and tenant
             with made as (
                 select endpoint like '% /v2/%' as is_v2, endpoint, minute, calls
                 from calls_made
                 where host = any(array[$1, $2]::text[])
                   and host = case when endpoint like '% /v2/%' then $1 else $2 end and tenant = $3 and alone = any($4)
                   and minute > $5
             ), busiest as (
                 select distinct on (is_v2) is_v2, endpoint from made
                 group by is_v2, endpoint order by is_v2, sum(calls) desc, endpoint
             ), debits as (
                 select host, v2, v1, debited_at from call_debits
                 where tenant = $3 and alone = any($4) and debited_at > $6
                 union all
                 select host, v2, v1, begun_at from look_ups
                 where tenant = $3 and alone = any($4) and begun_at > $6 and ended_at is null
             )
             select v2, v1, until from (
                 select coalesce(sum(calls) filter (where is_v2), 0)::int as v2,
                        coalesce(sum(calls) filter (where not is_v2), 0)::int as v1,
                        minute + interval '61 minutes' as until
                 from made join busiest using (is_v2, endpoint)
                 group by minute
                 union all
                 select case when split_part(host, ' ', 1) = $1 then v2 else 0 end,
                        case when coalesce(nullif(split_part(host, ' ', 2), ''), host) = $2 then v1 else 0 end,
                        debited_at + interval '60 minutes'
                 from debits
             ) as used
             where v2 + v1 > 0
             order by until",
            &[
                &place.address.v2(),
                &place.address.v1(),
                &place.address.tenant(),
                &place.counted(),
                &oldest_minute,
                &oldest_debit,
            ],
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

/// The calls to a Kaseya per endpoint (method and route) that count against its hour at `now`.
pub async fn calls_per_endpoint(
    tx: &Transaction<'_>,
    place: &Place,
    now: Timestamp,
) -> Result<Vec<(String, u32)>, StoreError> {
    let oldest_minute = now.saturating_sub(61.minutes()).unwrap_or(Timestamp::MIN);
    let rows = tx
        .query(
            "-- all partners: Kaseya counts by host and tenant
             select endpoint, sum(calls)::int as calls from calls_made
             where host = any(array[$1, $2]::text[])
                   and host = case when endpoint like '% /v2/%' then $1 else $2 end and tenant = $3 and alone = any($4)
               and minute > $5
             group by endpoint order by sum(calls) desc, endpoint",
            &[
                &place.address.v2(),
                &place.address.v1(),
                &place.address.tenant(),
                &place.counted(),
                &oldest_minute,
            ],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get("endpoint")?, row.number("calls")?))).collect()
}

/// The most that attempts without a `JobDone` and open look-ups may still call.
pub async fn debited(tx: &Transaction<'_>, place: &Place, now: Timestamp) -> Result<Calls, StoreError> {
    let oldest = now.saturating_sub(60.minutes()).unwrap_or(Timestamp::MIN);
    let row = tx
        .query_one(
            "-- all partners: Kaseya counts by host and tenant
             select coalesce(sum(v2), 0)::int as v2, coalesce(sum(v1), 0)::int as v1 from (
                 select v2, v1 from call_debits
                 where host = $1 and tenant = $2 and alone = any($3) and debited_at > $4
                 union all
                 select v2, v1 from look_ups
                 where host = $1 and tenant = $2 and alone = any($3) and begun_at > $4 and ended_at is null) as debits",
            &[&place.address.hosts(), &place.address.tenant(), &place.counted(), &oldest],
        )
        .await?;
    Ok(Calls { v2: row.number("v2")?, v1: row.number("v1")? })
}

/// Debits an attempt's allowance. Its `JobDone` gives it back; without one it expires after an hour.
pub async fn debit_calls(
    tx: &Transaction<'_>,
    job: JobId,
    attempt: i32,
    place: &Place,
    allowed: Calls,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into call_debits (job_id, attempt, host, tenant, alone, v2, v1, debited_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            &job.0,
            &attempt,
            &place.address.hosts(),
            &place.address.tenant(),
            &place.alone,
            &i32::try_from(allowed.v2).unwrap_or(i32::MAX),
            &i32::try_from(allowed.v1).unwrap_or(i32::MAX),
            &now,
        ],
    )
    .await?;
    Ok(())
}

/// Records the calls of a minute.
pub async fn record_calls(
    tx: &Transaction<'_>,
    place: &Place,
    made: &[(String, i32)],
    minute: Timestamp,
) -> Result<(), StoreError> {
    let hosts = &place.address.hosts();
    record(tx, (hosts, place.address.tenant(), &place.alone), made, minute).await
}

/// Like `record_calls`, with the place as the tables store it: hosts, tenant, and the partner that the calls count
/// for alone.
pub(crate) async fn record(
    tx: &Transaction<'_>,
    (hosts, tenant, alone): (&str, &str, &str),
    made: &[(String, i32)],
    minute: Timestamp,
) -> Result<(), StoreError> {
    let (v2, v1) = hosts.split_once(' ').unwrap_or((hosts, hosts));
    let forgotten = minute.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    let endpoints: Vec<&str> = made.iter().map(|(endpoint, _)| endpoint.as_str()).collect();
    let calls: Vec<i32> = made.iter().map(|(_, calls)| *calls).collect();
    tx.execute(
        "-- all partners: Kaseya counts by host and tenant
         with forgotten as (
             delete from calls_made
             where host = any(array[$1, $2]::text[]) and tenant = $3 and alone = $4 and minute < $8
         )
         insert into calls_made (host, tenant, alone, endpoint, minute, calls)
         select case when endpoint like '% /v2/%' then $1 else $2 end, $3, $4, endpoint, $5, calls
         from unnest($6::text[], $7::int[]) as made (endpoint, calls)
         order by endpoint
         on conflict (host, tenant, alone, endpoint, minute) do update set calls = calls_made.calls + excluded.calls",
        &[&v2, &v1, &tenant, &alone, &minute, &endpoints, &calls, &forgotten],
    )
    .await?;
    Ok(())
}

/// The total of these calls.
pub fn sum(used: &[UsedCalls]) -> Calls {
    used.iter().fold(Calls::default(), |sum, entry| Calls {
        v2: sum.v2.saturating_add(entry.calls.v2),
        v1: sum.v1.saturating_add(entry.calls.v1),
    })
}

/// The minute under which calls at an instant are recorded.
pub fn minute_of(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(now)
}

/// Gives an attempt's allowance back and records the calls it made. Returns true if the allowance was still out,
/// that is for the first of several equal messages.
pub async fn credit_calls(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    attempt: i32,
    made: &[(String, i32)],
    minute: Timestamp,
) -> Result<bool, StoreError> {
    let debit = tx
        .query_opt(
            "delete from call_debits using jobs
             where jobs.partner_id = $1 and jobs.job_id = call_debits.job_id and call_debits.job_id = $2
               and call_debits.attempt = $3
             returning call_debits.host, call_debits.tenant, call_debits.alone",
            &[&partner.as_str(), &job.0, &attempt],
        )
        .await?;
    let Some(debit) = debit else { return Ok(false) };
    let host: String = debit.get("host")?;
    let (tenant, alone): (String, String) = (debit.get("tenant")?, debit.get("alone")?);
    record(tx, (&host, &tenant, &alone), made, minute).await?;
    Ok(true)
}
