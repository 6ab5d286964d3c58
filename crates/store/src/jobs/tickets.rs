//! The outbox: jobs to emit, claimed by one scheduler at a time.

use domain::{CompanyId, ContractId, ErrorCode, JobId, JobKind, PartnerId, RunId, RunMode, Trigger};
use jiff::Timestamp;

use super::GivenUp;
use crate::{Row, StoreError, Transaction};

/// The rules of a round of claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimRules {
    /// The current time.
    pub now: Timestamp,
    /// The end of the claim; until then other schedulers leave the job alone.
    pub claim_until: Timestamp,
    /// A ticket emitted before this and still not started is emitted again.
    pub unstarted_since: Timestamp,
    /// How many jobs of one host may be started, all tenants together.
    pub slots_per_host: i64,
    /// Maximum number of tickets in one round.
    pub most: i64,
}

/// A ticket to emit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The partner.
    pub partner: PartnerId,
    /// The job.
    pub job: JobId,
    /// The job's attempt.
    pub attempt: i32,
    /// Whether a person asked for the job.
    pub now_job: bool,
    /// The run's trace context.
    pub traceparent: Option<String>,
}

/// A local job to emit; it needs no worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalJob {
    /// The partner.
    pub partner: PartnerId,
    /// The job.
    pub job: JobId,
    /// The job's attempt.
    pub attempt: i32,
    /// The holder name in its `JobDone`; no other program knows it.
    pub holder: String,
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub run_number: i64,
    /// Whether the run writes.
    pub mode: RunMode,
    /// The run's trigger.
    pub trigger: Trigger,
    /// The run's trace context.
    pub traceparent: Option<String>,
    /// The contracts of the slice.
    pub contracts: Vec<ContractId>,
    /// Companies without contract.
    pub companies: Vec<CompanyId>,
    /// The code for every contract of the slice.
    pub code: Option<ErrorCode>,
    /// Why the job was given up; `None` if it was not.
    pub given_up: Option<GivenUp>,
    /// The code of the partner's refused credentials, if Kaseya has refused them.
    pub refused: Option<ErrorCode>,
    /// When the requester no longer wants the run; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// Claims the tickets that are due: at most one per host and tenant (and partner, if Kaseya has not let it in), and
/// none while a job is started, a ticket is out or a permit is out there. A person's job goes first. If a person's
/// job was started last and an ordinary one waits, the ordinary one goes. Within a kind, a slice whose workers fell
/// silent lets the others go first.
pub async fn claim_tickets(tx: &Transaction<'_>, rules: &ClaimRules) -> Result<Vec<Ticket>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a ledger round
             with due as materialized (
                 select jobs.job_id, jobs.host, jobs.tenant, jobs.alone, jobs.now_job, jobs.failures, jobs.run_number, jobs.created_at
                 from jobs
                 join integrations using (partner_id)
                 join runs using (run_id)
                 cross join installation
                 where jobs.kind in ('work', 'survey') and jobs.survey_result is null
                   and (jobs.state = 'ready' or (jobs.state = 'emitted' and jobs.emitted_at <= $3))
                   and (jobs.not_before is null or jobs.not_before <= $1)
                   and (jobs.emitting_until is null or jobs.emitting_until <= $1)
                   and runs.state = 'running'
                   and integrations.state = 'on'
                   and integrations.credentials_refused_code is null
                   and (runs.mode = 'plan' or not installation.writes_stopped and not must_reread(jobs.partner_id))
             ), kaseyas as (
                 select host, tenant, alone, coalesce((
                     select last.now_job from jobs last
                     where last.host = kaseya.host and last.tenant = kaseya.tenant and last.alone = kaseya.alone
                       and last.started_at is not null
                     order by last.started_at desc limit 1), false) as a_persons_was_last
                 from (select distinct host, tenant, alone from due) as kaseya
                 where not exists (
                     select from jobs other
                     where other.host = kaseya.host and other.tenant = kaseya.tenant and other.alone = kaseya.alone
                       and other.state <> 'done'
                       and (other.state = 'started' or other.permit_until > $1 or other.emitting_until > $1
                            or (other.state = 'emitted' and other.emitted_at > $3)))
             ), ranked as (
                 select due.*, row_number() over (
                     partition by due.host, due.tenant, due.alone
                     order by (due.now_job <> kaseyas.a_persons_was_last) desc, due.failures, due.run_number,
                              due.created_at, due.job_id) as turn
                 from due join kaseyas using (host, tenant, alone)
             ), placed as (
                 select ranked.*, row_number() over (
                     partition by host order by now_job desc, run_number, created_at, job_id) as place
                 from ranked where turn = 1
             ), chosen as (
                 select placed.job_id from placed
                 where place + (
                     select count(*) from jobs busy
                     where busy.host = placed.host and busy.state <> 'done'
                       and (busy.state = 'started' or busy.emitting_until > $1
                            or (busy.state = 'emitted' and busy.emitted_at > $3))) <= $4
                 order by now_job desc, run_number, created_at, job_id
                 limit $5
             ), locked as (
                 select jobs.job_id from jobs
                 where jobs.job_id in (select job_id from chosen)
                   and (jobs.state = 'ready' or (jobs.state = 'emitted' and jobs.emitted_at <= $3))
                   and jobs.kind in ('work', 'survey') and jobs.survey_result is null
                   and (jobs.emitting_until is null or jobs.emitting_until <= $1)
                 for update skip locked
             )
             update jobs set emitting_until = $2
             from locked, runs
             where jobs.job_id = locked.job_id and runs.run_id = jobs.run_id
             returning jobs.partner_id, jobs.job_id, jobs.attempt, jobs.now_job, runs.traceparent",
            &[&rules.now, &rules.claim_until, &rules.unstarted_since, &rules.slots_per_host, &rules.most],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Ticket {
                partner: row.partner_id("partner_id")?,
                job: JobId(row.get("job_id")?),
                attempt: row.get("attempt")?,
                now_job: row.get("now_job")?,
                traceparent: row.get("traceparent")?,
            })
        })
        .collect()
}

/// Claims local jobs that are due, with this holder name for an attempt that has none. The rules for hosts do not
/// apply, because no host is called. A job that cannot be read is claimed too, or it would block the others.
pub async fn claim_local_jobs(
    tx: &Transaction<'_>,
    rules: &ClaimRules,
    holder: &str,
) -> Result<Vec<Result<LocalJob, StoreError>>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a ledger round
             with locked as (
                 select jobs.job_id from jobs
                 join integrations using (partner_id)
                 join runs using (run_id)
                 where jobs.kind = 'local'
                   and (jobs.state = 'ready' or (jobs.state = 'emitted' and jobs.emitted_at <= $3))
                   and (jobs.not_before is null or jobs.not_before <= $1)
                   and (jobs.emitting_until is null or jobs.emitting_until <= $1)
                   and runs.state = 'running'
                   and integrations.state = 'on'
                 order by jobs.now_job desc, jobs.run_number, jobs.created_at, jobs.job_id
                 limit $4
                 for update of jobs skip locked
             )
             update jobs set emitting_until = $2, holders[jobs.attempt] = coalesce(jobs.holders[jobs.attempt], $5)
             from locked, runs, integrations
             where jobs.job_id = locked.job_id and runs.run_id = jobs.run_id
               and integrations.partner_id = jobs.partner_id
             returning jobs.partner_id, jobs.job_id, jobs.attempt, jobs.holders[jobs.attempt] as holder, jobs.run_id,
                       jobs.run_number, jobs.contract_ids,
                       jobs.company_ids, jobs.local_code, jobs.given_up, integrations.credentials_refused_code, runs.mode, runs.trigger,
                       runs.traceparent, runs.expires_at",
            &[&rules.now, &rules.claim_until, &rules.unstarted_since, &rules.most, &holder],
        )
        .await?;
    Ok(rows.iter().map(local_job).collect())
}

fn local_job(row: &Row) -> Result<LocalJob, StoreError> {
    let contracts: Vec<i32> = row.get("contract_ids")?;
    let companies: Vec<String> = row.get("company_ids")?;
    let companies = companies.into_iter().map(CompanyId::new).collect::<Result<_, _>>();
    Ok(LocalJob {
        partner: row.partner_id("partner_id")?,
        job: JobId(row.get("job_id")?),
        attempt: row.get("attempt")?,
        holder: row.get("holder")?,
        run: RunId(row.get("run_id")?),
        run_number: row.get("run_number")?,
        mode: row.named("mode", RunMode::parse)?,
        trigger: row.named("trigger", Trigger::parse)?,
        traceparent: row.get("traceparent")?,
        contracts: contracts.into_iter().map(ContractId).collect(),
        companies: companies.map_err(|error| StoreError::row("jobs", "company_ids", &error))?,
        code: row.optional_code("local_code")?,
        given_up: row.get::<Option<String>>("given_up")?.as_deref().and_then(GivenUp::parse),
        refused: row.optional_code("credentials_refused_code")?,
        expires_at: row.get("expires_at")?,
    })
}

/// Records that the broker has confirmed a ticket or a local job's `JobDone`. A worker may have been faster: a job
/// started, put back or deferred meanwhile has lost its claim and is left as it is.
pub async fn mark_emitted(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    attempt: i32,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set state = 'emitted', emitted_at = $4, emitting_until = null
         where partner_id = $1 and job_id = $2 and attempt = $3 and state in ('ready', 'emitted')
           and emitting_until is not null",
        &[&partner.as_str(), &job.0, &attempt, &now],
    )
    .await?;
    Ok(())
}

/// Releases a claim: the message was not published, or its job was changed meanwhile.
pub async fn release_claim(tx: &Transaction<'_>, partner: &PartnerId, job: JobId) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set emitting_until = null
         where partner_id = $1 and job_id = $2 and state in ('ready', 'emitted')",
        &[&partner.as_str(), &job.0],
    )
    .await?;
    Ok(())
}

/// Moves contracts that now need a worker out of a local job into a new job. The rest keeps the claim; a local job
/// with nothing left is done. The job must be claimed; returns an error if it was changed since.
pub async fn split_local(
    tx: &Transaction<'_>,
    local: &LocalJob,
    work: JobId,
    to_work: &[i32],
    left_contracts: &[i32],
    left_companies: &[&str],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute_exactly(
        1,
            "with shrunk as (
                 update jobs set contract_ids = $5, company_ids = $6,
                     state = case when $7 then 'done' else state end,
                     done_at = case when $7 then $8::timestamptz end,
                     emitting_until = case when $7 then null else emitting_until end
                 where partner_id = $1 and job_id = $2 and attempt = $9 and kind = 'local'
                   and state in ('ready', 'emitted')
                 returning run_id, run_number, partner_id, now_job, created_at, attempt
             )
             insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, attempt, contract_ids, host,
                               tenant, alone, created_at)
             select $3, run_id, run_number, partner_id, 'work', 'ready', now_job, attempt + 1, $4, called_hosts,
                    plain_tenant, alone_at(partner_id, called_hosts, plain_tenant), created_at
             from shrunk join integrations using (partner_id)",
            &[
                &local.partner.as_str(),
                &local.job.0,
                &work.0,
                &to_work,
                &left_contracts,
                &left_companies,
                &(left_contracts.is_empty() && left_companies.is_empty()),
                &now,
                &local.attempt,
            ],
        )
        .await
}

/// The number of open jobs by kind, for the metrics.
pub async fn open_jobs(tx: &Transaction<'_>) -> Result<Vec<(JobKind, i64)>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a figure for the metrics
             select kind, count(*) as jobs from jobs where state <> 'done' group by kind",
            &[],
        )
        .await?;
    rows.iter().map(|row| Ok((row.named("kind", JobKind::parse)?, row.get("jobs")?))).collect()
}
