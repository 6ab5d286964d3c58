//! Jobs that were deferred without an event to listeners yet (G-04).

use domain::{PartnerId, RunId, Wait, WaitReason};
use jiff::Timestamp;

use crate::{Row, StoreError, Transaction};

/// Jobs of one run that wait for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deferral {
    /// The run's partner.
    pub partner: PartnerId,
    /// The run.
    pub run: RunId,
    /// What the jobs wait for.
    pub wait: Wait,
    /// The number of jobs.
    pub jobs: u32,
}

/// Jobs of all partners that are deferred until an instant and not announced yet, grouped by run. This transaction
/// marks them as announced. At most `most` jobs.
pub async fn take_unannounced(
    tx: &Transaction<'_>,
    most: i64,
    now: Timestamp,
) -> Result<Vec<Deferral>, StoreError> {
    let sql = "-- all partners: whichever scheduler comes first tells
               with untold as (
                   select job_id from jobs
                   where state <> 'done' and not_before > $1 and told_until is distinct from not_before
                   order by not_before limit $2
                   for update skip locked),
               told as (
                   update jobs set told_until = jobs.not_before from untold where jobs.job_id = untold.job_id
                   returning jobs.partner_id, jobs.run_id, jobs.deferred_code, jobs.not_before,
                             coalesce(jobs.deferred_at, jobs.created_at) as since)
               select partner_id, run_id, deferred_code, min(since) as since, min(not_before) as until, count(*)::int as jobs
               from told group by partner_id, run_id, deferred_code
               order by partner_id, run_id, deferred_code";
    tx.query(sql, &[&now, &most]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Deferral, StoreError> {
    let word: Option<String> = row.get("deferred_code")?;
    Ok(Deferral {
        partner: row.partner_id("partner_id")?,
        run: RunId(row.get("run_id")?),
        wait: until(word.as_deref(), row.get("since")?, row.get("until")?),
        jobs: row.number("jobs")?,
    })
}

/// What a job waits for that is deferred until an instant.
pub(crate) fn until(word: Option<&str>, since: Timestamp, until: Timestamp) -> Wait {
    // An attempt may be handed back until an instant without a reason.
    let unsaid = Wait { reason: WaitReason::KaseyaDown, code: None, since, until: Some(until) };
    word.map_or(unsaid, |word| Wait::stored(word, since, Some(until)))
}
