//! From ticket to lease: reading, starting, putting back, deferring and renewing a job.

use std::collections::BTreeSet;

use domain::{
    ContractId, JobId, JobKind, JobState, PartnerId, RunId, RunMode, RunState, Trigger, Wait, WaitReason,
};
use jiff::Timestamp;

use super::{Assignment, attempts::asked};
use crate::{StoreError, Transaction, kaseya::places::Place};

/// A job with its run, locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// The job's id.
    pub job: JobId,
    /// Where the job executes.
    pub kind: JobKind,
    /// The job's state.
    pub state: JobState,
    /// The current attempt; only its tickets count.
    pub attempt: i32,
    /// Consecutive attempts that got no company through and left work over because of a code.
    pub setbacks: i32,
    /// Whether a person asked for the job.
    pub now_job: bool,
    /// The contracts of the slice.
    pub contracts: Vec<ContractId>,
    /// The page at which a survey continues.
    pub survey_page: i32,
    /// The earliest start; `None` for at once.
    pub not_before: Option<Timestamp>,
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub run_number: i64,
    /// The run's state.
    pub run_state: RunState,
    /// Whether the run writes.
    pub mode: RunMode,
    /// The run's trigger.
    pub trigger: Trigger,
    /// The run's trace context.
    pub traceparent: Option<String>,
    /// When the requester no longer wants the run; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// Reads a job and locks it against every other change. `None` if the partner has no such job.
pub async fn lock_job(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
) -> Result<Option<JobRow>, StoreError> {
    let row = tx
        .query_opt(
            "select jobs.kind, jobs.state, jobs.attempt, jobs.setbacks, jobs.now_job, jobs.contract_ids, jobs.survey_page,
                    jobs.not_before, jobs.run_id, jobs.run_number, runs.state as run_state, runs.mode, runs.trigger, runs.traceparent,
                    runs.expires_at
             from jobs join runs using (run_id)
             where jobs.partner_id = $1 and jobs.job_id = $2
             for update of jobs",
            &[&partner.as_str(), &job.0],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let contracts: Vec<i32> = row.get("contract_ids")?;
    Ok(Some(JobRow {
        job,
        kind: row.named("kind", JobKind::parse)?,
        state: row.named("state", JobState::parse)?,
        attempt: row.get("attempt")?,
        setbacks: row.get("setbacks")?,
        now_job: row.get("now_job")?,
        contracts: contracts.into_iter().map(ContractId).collect(),
        survey_page: row.get("survey_page")?,
        not_before: row.get("not_before")?,
        run: RunId(row.get("run_id")?),
        run_number: row.get("run_number")?,
        run_state: row.named("run_state", RunState::parse)?,
        mode: row.named("mode", RunMode::parse)?,
        trigger: row.named("trigger", Trigger::parse)?,
        traceparent: row.get("traceparent")?,
        expires_at: row.get("expires_at")?,
    }))
}

/// Other use of a Kaseya.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KaseyaUse {
    /// Another job of the same host and tenant is started.
    pub started: bool,
    /// A permit for the same host and tenant is still out.
    pub permit_out: bool,
    /// The number of jobs started on the host, all tenants together.
    pub on_host: i64,
}

/// The use of a host and tenant by others than this job, as far as it counts for its partner. Locks nothing: the
/// caller holds the lock on the host's breaker row.
pub async fn kaseya_use(
    tx: &Transaction<'_>,
    place: &Place,
    job: JobId,
    now: Timestamp,
) -> Result<KaseyaUse, StoreError> {
    let row = tx
        .query_one(
            "-- all partners: a Kaseya is called by one job at a time, whoever it is for
             select coalesce(bool_or(tenant = $2 and alone = $3 and state = 'started'), false) as started,
                    coalesce(bool_or(tenant = $2 and alone = $3 and permit_until > $5), false) as permit_out,
                    count(*) filter (where state = 'started') as on_host
             from jobs
             where host = $1 and state <> 'done' and (job_id <> $4 or permit_until > $5)",
            &[&place.address.hosts(), &place.address.tenant(), &place.alone, &job.0, &now],
        )
        .await?;
    Ok(KaseyaUse {
        started: row.get("started")?,
        permit_out: row.get("permit_out")?,
        on_host: row.get("on_host")?,
    })
}

/// The lease of a job to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedJob {
    /// The worker that holds the lease.
    pub holder: String,
    /// The end of the lease.
    pub lease_until: Timestamp,
    /// The version of the credentials used.
    pub credentials_version: i32,
}

/// Starts a job that the caller has locked, at the partner's current place, and records what it is asked to do.
pub async fn start_job(
    tx: &Transaction<'_>,
    place: &Place,
    job: JobId,
    (started, asked): (&StartedJob, &Assignment),
    now: Timestamp,
) -> Result<(), StoreError> {
    let asked = serde_json::to_value(asked).expect("texts and numbers are JSON");
    tx.execute(
        "update jobs set state = 'started', holder = $3, lease_until = $4, credentials_version = $5, host = $6, tenant = $7,
             alone = $8, started_at = $9, holders[attempt] = $3, asked = $10, emitting_until = null, not_before = null,
             deferred_code = null
         where partner_id = $1 and job_id = $2",
        &[
            &place.partner.as_str(),
            &job.0,
            &started.holder,
            &started.lease_until,
            &started.credentials_version,
            &place.address.hosts(),
            &place.address.tenant(),
            &place.alone,
            &now,
            &asked,
        ],
    )
    .await?;
    Ok(())
}

/// Returns a job with a used-up ticket to the queue for another, at once if nothing blocks it.
pub async fn put_back(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    reason: WaitReason,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set state = 'ready', emitted_at = null, emitting_until = null, not_before = null, deferred_code = $3,
             deferred_at = case when deferred_code = $3 then coalesce(deferred_at, $4) else $4 end,
             alone = alone_at(partner_id, host, tenant)
         where partner_id = $1 and job_id = $2 and state in ('ready', 'emitted')",
        &[&partner.as_str(), &job.0, &reason.as_str(), &now],
    )
    .await?;
    Ok(())
}

/// Defers a job. A job deferred again for the same reason has waited since the first time.
pub async fn defer_job(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    wait: &Wait,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set state = 'ready', emitted_at = null, emitting_until = null, not_before = $3, deferred_code = $4,
             deferred_at = case when deferred_code = $4 or setbacks > 0 then coalesce(deferred_at, $5) else $5 end
         where partner_id = $1 and job_id = $2 and state in ('ready', 'emitted')",
        &[&partner.as_str(), &job.0, &wait.until, &wait.word(), &wait.since],
    )
    .await?;
    Ok(())
}

/// A started job as its worker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldJob {
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub run_number: i64,
    /// Whether the run writes.
    pub mode: RunMode,
    /// The run's trace context.
    pub traceparent: Option<String>,
    /// When the requester no longer wants the run; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// The start of the lease.
    pub started_at: Timestamp,
    /// The end of the lease.
    pub lease_until: Timestamp,
    /// The version of the credentials that the job started with.
    pub credentials_version: Option<i32>,
    /// The contracts of the slice.
    pub contracts: BTreeSet<ContractId>,
    /// What the attempt was asked to do; `None` if an older scheduler started it.
    pub asked: Option<Assignment>,
}

/// The started job that a worker claims to hold, locked. `None` if the worker does not hold that attempt.
pub async fn held_job(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    attempt: i32,
    holder: &str,
) -> Result<Option<HeldJob>, StoreError> {
    let row = tx
        .query_opt(
            "select jobs.run_id, jobs.run_number, runs.mode, runs.traceparent, runs.expires_at, jobs.started_at, jobs.lease_until,
                    jobs.credentials_version, jobs.contract_ids, jobs.asked
             from jobs join runs using (run_id)
             where jobs.partner_id = $1 and jobs.job_id = $2 and jobs.attempt = $3 and jobs.holder = $4
               and jobs.state = 'started'
             for update of jobs",
            &[&partner.as_str(), &job.0, &attempt, &holder],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(HeldJob {
        run: RunId(row.get("run_id")?),
        run_number: row.get("run_number")?,
        mode: row.named("mode", RunMode::parse)?,
        traceparent: row.get("traceparent")?,
        expires_at: row.get("expires_at")?,
        started_at: row.get("started_at")?,
        lease_until: row.get("lease_until")?,
        credentials_version: row.get("credentials_version")?,
        contracts: row.get::<Vec<i32>>("contract_ids")?.into_iter().map(ContractId).collect(),
        asked: asked(&row)?,
    }))
}

/// Renews the lease of a job that the caller has locked, together with the permit just given. A lease never ends
/// before a permit, so the next attempt never meets a permit that is still out.
pub async fn renew_lease(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    lease_until: Timestamp,
    permit_until: Option<Timestamp>,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set lease_until = greatest(lease_until, $3, $4), permit_until = greatest(permit_until, $4)
         where partner_id = $1 and job_id = $2 and state = 'started'",
        &[&partner.as_str(), &job.0, &lease_until, &permit_until],
    )
    .await?;
    Ok(())
}
