//! Leases that ended without a `JobDone`, and slices given up.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CompanyId, ContractId, ErrorCode, JobId, PartnerId, RunId};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// A started job with an ended lease, locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredJob {
    /// The partner.
    pub partner: PartnerId,
    /// The job.
    pub job: JobId,
    /// The run.
    pub run: RunId,
    /// The attempt with the ended lease.
    pub attempt: i32,
    /// Earlier leases of this slice that ended.
    pub failures: i32,
    /// The contracts of the slice.
    pub contracts: Vec<i32>,
    /// Whether it is a survey.
    pub is_survey: bool,
    /// The worker that held it.
    pub holder: String,
    /// Whether the job is no longer wanted: the integration is not on, or the run has ended.
    pub dropped: bool,
    /// The run's trace context.
    pub traceparent: Option<String>,
}

/// The next job with an ended lease. Jobs are taken one by one, each in its own transaction.
pub async fn expired_job(tx: &Transaction<'_>, now: Timestamp) -> Result<Option<ExpiredJob>, StoreError> {
    let row = tx
        .query_opt(
            "-- all partners: a ledger round
             select jobs.partner_id, jobs.job_id, jobs.run_id, jobs.attempt, jobs.failures, jobs.contract_ids,
                    jobs.kind = 'survey' as is_survey, jobs.holder, runs.traceparent, integrations.state <> 'on' or runs.state <> 'running' as dropped
             from jobs join runs using (run_id) join integrations on integrations.partner_id = jobs.partner_id
             where jobs.state = 'started' and jobs.lease_until <= $1
             order by jobs.lease_until
             limit 1
             for update of jobs skip locked",
            &[&now],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ExpiredJob {
        partner: row.partner_id("partner_id")?,
        job: JobId(row.get("job_id")?),
        run: RunId(row.get("run_id")?),
        attempt: row.get("attempt")?,
        failures: row.get("failures")?,
        contracts: row.get("contract_ids")?,
        is_survey: row.get("is_survey")?,
        holder: row.get("holder")?,
        dropped: row.get("dropped")?,
        traceparent: row.get("traceparent")?,
    }))
}

/// The work of a job's next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Its contracts.
    pub contracts: Vec<i32>,
    /// Leases that have ended since the slice was made.
    pub failures: i32,
}

/// Hands a job with an ended lease back as its next attempt.
pub async fn hand_back(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    slice: &Slice,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set state = 'ready', attempt = attempt + 1, failures = $3, contract_ids = $4,
             holder = null, lease_until = null, emitted_at = null, emitting_until = null
         where partner_id = $1 and job_id = $2 and state = 'started'",
        &[&partner.as_str(), &job.0, &slice.failures, &slice.contracts],
    )
    .await?;
    Ok(())
}

/// Creates a job for the second half of a slice; the old job keeps the first half. The new job continues the old one's
/// attempt numbers, so that its results take precedence over those of the whole slice.
pub async fn halve(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    second: JobId,
    contracts: &[i32],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, attempt, contract_ids, host, tenant,
                           alone, created_at)
         select $3, run_id, run_number, partner_id, 'work', 'ready', now_job, attempt, $4, host, tenant, alone, $5
         from jobs where partner_id = $1 and job_id = $2",
        &[&partner.as_str(), &job.0, &second.0, &contracts, &now],
    )
    .await?;
    Ok(())
}

/// Gives a survey up. The jobs that work on its contracts look them up.
pub async fn give_up_survey(tx: &Transaction<'_>, partner: &PartnerId, job: JobId) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set survey_result = 'given_up', state = 'ready', attempt = attempt + 1, failures = 0, holder = null,
             lease_until = null, emitted_at = null, emitting_until = null, not_before = null, deferred_code = null
         where partner_id = $1 and job_id = $2 and kind = 'survey' and state = 'started'",
        &[&partner.as_str(), &job.0],
    )
    .await?;
    Ok(())
}

/// Why contracts are given up (JOB-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// Every attempt ended without a message from its worker.
    BrokeOff,
    /// The worker's input is too large to send.
    TooLarge,
}

impl GivenUp {
    /// The stable text in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BrokeOff => "broke_off",
            Self::TooLarge => "too_large",
        }
    }

    /// Parses the text of the tables.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::BrokeOff, Self::TooLarge].into_iter().find(|why| why.as_str() == text)
    }
}

/// The companies of a job's contracts: those it was made for, and those mapped to the contracts since.
pub async fn companies_on(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    contracts: &[ContractId],
) -> Result<BTreeMap<ContractId, BTreeSet<CompanyId>>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let sql = "select contract_id, company_id from run_mappings join jobs using (partner_id, run_id)
               where partner_id = $1 and job_id = $2 and contract_id = any($3)
               union
               select contract_id, company_id from company_mappings where partner_id = $1 and contract_id = any($3)
               union
               select contract_id, company_id from company_product_contracts
               where partner_id = $1 and contract_id = any($3)";
    let mut companies: BTreeMap<ContractId, BTreeSet<CompanyId>> = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str(), &job.0, &contracts]).await? {
        let contract = ContractId(row.get("contract_id")?);
        companies.entry(contract).or_default().insert(row.company_id("company_id")?);
    }
    Ok(companies)
}

/// Gives contracts up: their job needs no worker any more, and each contract gets the code.
pub async fn give_up(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    code: ErrorCode,
    why: GivenUp,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set kind = 'local', local_code = $3, given_up = $4, host = null, tenant = null, state = 'ready',
             attempt = attempt + 1, failures = 0, holder = null, lease_until = null, emitted_at = null,
             emitting_until = null, not_before = null, deferred_code = null
         where partner_id = $1 and job_id = $2 and state = 'started'",
        &[&partner.as_str(), &job.0, &code.as_str(), &why.as_str()],
    )
    .await?;
    Ok(())
}

/// Expires a job that was not started while its request was still wanted: it needs no worker any more, and its
/// contracts get the code.
pub async fn expire_job(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    code: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set kind = 'local', local_code = $3, host = null, tenant = null, state = 'ready',
             attempt = attempt + 1, emitted_at = null, emitting_until = null, not_before = null, deferred_code = null
         where partner_id = $1 and job_id = $2 and state in ('ready', 'emitted')",
        &[&partner.as_str(), &job.0, &code],
    )
    .await?;
    tx.notify("ledger").await
}

/// Closes a job that is no longer wanted.
pub async fn close_dropped_job(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set state = 'done', done_at = $3, holder = null, asked = null, lease_until = null, emitting_until = null
         where partner_id = $1 and job_id = $2 and state <> 'done'",
        &[&partner.as_str(), &job.0, &now],
    )
    .await?;
    Ok(())
}

/// Turns the open work of partners with refused credentials into local jobs, so that the status of every company
/// says so. Returns the number of jobs.
pub async fn refused_to_local(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    tx.execute(
        "-- all partners: a ledger round
         with locked as (
             select jobs.job_id from jobs
             join integrations using (partner_id)
             join runs using (run_id)
             where (jobs.kind = 'work' or jobs.kind = 'survey' and jobs.survey_result is null)
               and jobs.state in ('ready', 'emitted') and runs.state = 'running'
               and integrations.state = 'on' and integrations.credentials_refused_code is not null
             for update of jobs skip locked
         )
         update jobs set
             kind = case when jobs.kind = 'survey' then jobs.kind else 'local' end,
             survey_result = case when jobs.kind = 'survey' then 'given_up' end,
             local_code = case when jobs.kind = 'work' then integrations.credentials_refused_code end,
             host = case when jobs.kind = 'survey' then jobs.host end,
             tenant = case when jobs.kind = 'survey' then jobs.tenant end,
             state = 'ready', attempt = jobs.attempt + 1, emitted_at = null, emitting_until = null, not_before = null,
             deferred_code = null
         from locked, integrations
         where jobs.job_id = locked.job_id and integrations.partner_id = jobs.partner_id",
        &[],
    )
    .await
}
