//! Creating, joining and superseding runs and their jobs.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    CompanyId, ContractId, ErrorCode, JobId, JobKind, JobState, PartnerId, RunId, RunMode, Trigger,
};
use jiff::{Timestamp, civil::Date};

use crate::{StoreError, Transaction};

/// A run to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun<'a> {
    /// The run's id.
    pub run: RunId,
    /// The run's partner.
    pub partner: &'a PartnerId,
    /// The run's trigger, with the day or month of the occasion.
    pub occasion: Occasion<'a>,
    /// Whether the run writes.
    pub mode: RunMode,
    /// Whether the run covers every company of the partner.
    pub all_companies: bool,
    /// The W3C trace context; `None` without a trace.
    pub traceparent: Option<&'a str>,
    /// When the requester no longer wants the run; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// What begins a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion<'a> {
    /// The schedule, on this local day.
    Schedule(Date),
    /// The end of the month that begins on this day.
    MonthEnd(Date),
    /// A request by this requester.
    Request(&'a str),
    /// A full reading of every line.
    FullRead,
    /// A check whether the login still works.
    Probe,
}

impl Occasion<'_> {
    /// The trigger's word in the tables and the API.
    pub fn trigger(&self) -> Trigger {
        match self {
            Self::Schedule(_) => Trigger::Schedule,
            Self::MonthEnd(_) => Trigger::MonthEnd,
            Self::Request(_) => Trigger::Request,
            Self::FullRead => Trigger::FullRead,
            Self::Probe => Trigger::Probe,
        }
    }
}

/// A slice of a new run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The job's id.
    pub job: JobId,
    /// The job's work.
    pub content: JobSlice,
}

/// The work of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobSlice {
    /// Contracts for a worker.
    Work {
        /// The contracts.
        contracts: Vec<ContractId>,
    },
    /// Contracts for workers, which a survey reads before jobs are made for them.
    Survey {
        /// The contracts.
        contracts: Vec<ContractId>,
    },
    /// Work that needs no worker.
    Local {
        /// Contracts without any target that has a number.
        contracts: Vec<ContractId>,
        /// Companies without contract.
        companies: Vec<CompanyId>,
        /// The code for every contract of the slice; `None` to take it from the plan.
        code: Option<ErrorCode>,
    },
}

/// Creates a run with its jobs and returns its number. The caller must hold the partner with [`hold_partner`].
pub async fn create(
    tx: &Transaction<'_>,
    run: &NewRun<'_>,
    jobs: &[NewJob],
    now: Timestamp,
) -> Result<i64, StoreError> {
    let (nominal, month, requested_by) = match run.occasion {
        Occasion::Schedule(day) => (Some(day), None, None),
        Occasion::MonthEnd(month) => (None, Some(month), None),
        Occasion::Request(by) => (None, None, Some(by)),
        Occasion::FullRead | Occasion::Probe => (None, None, None),
    };
    let sql = "insert into runs (run_id, partner_id, trigger, mode, state, all_companies, nominal, month, requested_by,
                                 traceparent, created_at, expires_at)
               values ($1, $2, $3, $4, 'running', $5, $6, $7, $8, $9, $10, $11)
               returning run_number";
    let trigger = run.occasion.trigger().as_str();
    let row = tx
        .query_one(
            sql,
            &[
                &run.run.0,
                &run.partner.as_str(),
                &trigger,
                &run.mode.as_str(),
                &run.all_companies,
                &nominal,
                &month,
                &requested_by,
                &run.traceparent,
                &now,
                &run.expires_at,
            ],
        )
        .await?;
    let run_number: i64 = row.get("run_number")?;
    let now_job = matches!(run.occasion, Occasion::Request(_));
    let sql = "insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, company_ids,
                                 local_code, host, tenant, alone, created_at)
               select $1, $2, $3, partner_id, $5, 'ready', $6, $7, $8, $9, case when $10 then called_hosts end,
                      case when $10 then plain_tenant end,
                      case when $10 then alone_at(partner_id, called_hosts, plain_tenant) else '' end, $11
               from integrations where partner_id = $4";
    for job in jobs {
        let (kind, contracts, companies, code) = match &job.content {
            JobSlice::Work { contracts } => (JobKind::Work, contracts, &[][..], None),
            JobSlice::Survey { contracts } => (JobKind::Survey, contracts, &[][..], None),
            JobSlice::Local { contracts, companies, code } => {
                (JobKind::Local, contracts, companies.as_slice(), *code)
            }
        };
        let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
        let companies: Vec<&str> = companies.iter().map(CompanyId::as_str).collect();
        let code = code.map(ErrorCode::as_str);
        tx.execute_exactly(
            1,
            sql,
            &[
                &job.job.0,
                &run.run.0,
                &run_number,
                &run.partner.as_str(),
                &kind.as_str(),
                &now_job,
                &contracts,
                &companies,
                &code,
                &(kind != JobKind::Local),
                &now,
            ],
        )
        .await?;
    }
    crate::jobs::note_mappings(tx, run.partner, run.run).await?;
    tx.notify("ledger").await?;
    Ok(run_number)
}

/// Serializes decisions about a partner's runs. Held until the transaction ends.
pub async fn hold_partner(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    // An advisory lock, not a row lock: events are numbered under the lock of the partner's row, and permits are
    // given under that of its integration's row.
    tx.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", &[&partner.as_str()]).await.map(drop)
}

/// The number of the partner's newest run; 0 before the first.
pub async fn newest_number(tx: &Transaction<'_>, partner: &PartnerId) -> Result<i64, StoreError> {
    let sql = "select coalesce(max(run_number), 0) as newest from runs where partner_id = $1";
    tx.query_one(sql, &[&partner.as_str()]).await?.get("newest")
}

/// What an open run can still do, or has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunningRun {
    /// Contracts in jobs that no worker has started.
    pub open_contracts: BTreeSet<ContractId>,
    /// Contracts of a survey that no worker has started.
    pub survey_contracts: BTreeSet<ContractId>,
    /// Contracts of local jobs, started or not.
    pub local_contracts: BTreeSet<ContractId>,
    /// Companies without contract in local jobs, started or not.
    pub local_companies: BTreeSet<CompanyId>,
    /// When the last requester no longer wants the run; `None` for a run without expiry.
    pub expires_at: Option<Timestamp>,
}

/// The partner's open runs of one mode by number, with their jobs locked: none of them starts until the transaction
/// ends.
pub async fn running(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    mode: RunMode,
) -> Result<BTreeMap<(i64, RunId), RunningRun>, StoreError> {
    let sql = "select jobs.run_number, jobs.run_id, jobs.kind, jobs.state, jobs.contract_ids, jobs.company_ids,
                      survey_page = 1 and survey_result is null as unseen, runs.expires_at
               from jobs join runs using (run_id)
               where jobs.partner_id = $1 and runs.partner_id = $1 and runs.state = 'running' and runs.mode = $2
               order by jobs.job_id
               for update of jobs";
    let mut running: BTreeMap<(i64, RunId), RunningRun> = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str(), &mode.as_str()]).await? {
        let run = running.entry((row.get("run_number")?, RunId(row.get("run_id")?))).or_default();
        run.expires_at = row.get("expires_at")?;
        let contracts = row.get::<Vec<i32>>("contract_ids")?.into_iter().map(ContractId);
        match row.named("kind", JobKind::parse)? {
            JobKind::Work if matches!(row.get::<String>("state")?.as_str(), "ready" | "emitted") => {
                run.open_contracts.extend(contracts);
            }
            JobKind::Work => {}
            JobKind::Survey
                if row.get("unseen")? && row.get::<String>("state")? != JobState::Started.as_str() =>
            {
                run.survey_contracts.extend(contracts);
            }
            // What the survey has seen may have been fixed since.
            JobKind::Survey => {}
            JobKind::Local => {
                run.local_contracts.extend(contracts);
                for company in row.get::<Vec<String>>("company_ids")? {
                    let company = CompanyId::new(company)
                        .map_err(|error| StoreError::row("jobs", "company_ids", &error))?;
                    run.local_companies.insert(company);
                }
            }
        }
    }
    Ok(running)
}

/// Extends a joined run until this instant; `None` removes its expiry.
pub async fn extend(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
    expires_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql =
        "update runs set expires_at = case when $3::timestamptz is not null then greatest(expires_at, $3) end
               where partner_id = $1 and run_id = $2 and expires_at is not null";
    tx.execute(sql, &[&partner.as_str(), &run.0, &expires_at]).await.map(drop)
}

/// Turns a run's unstarted jobs with any of these contracts into jobs that a person asked for. A deferred or queued
/// job is emitted again at once.
pub async fn hurry(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
    contracts: &BTreeSet<ContractId>,
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let sql = "update jobs set now_job = true, not_before = null, deferred_code = null,
                      state = case when now_job then state else 'ready' end,
                      emitted_at = case when now_job then emitted_at end,
                      emitting_until = case when now_job then emitting_until end
               where partner_id = $1 and run_id = $2 and state in ('ready', 'emitted') and contract_ids && $3::int[]";
    tx.execute(sql, &[&partner.as_str(), &run.0, &contracts]).await?;
    tx.notify("ledger").await
}

/// Whether a partner has had a run that writes.
pub async fn were_made(tx: &Transaction<'_>, partner: &PartnerId) -> Result<bool, StoreError> {
    let sql = "select exists (select from runs where partner_id = $1 and mode = 'apply') as made";
    tx.query_one(sql, &[&partner.as_str()]).await?.get("made")
}

/// A run superseded by a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    /// The run.
    pub run: RunId,
    /// The contracts of dropped jobs that a person was waiting for.
    pub awaited: BTreeSet<ContractId>,
}

/// Makes way for a new run for all companies: drops the jobs of an older open run that no worker has started. An
/// older run with nothing started ends as superseded. Otherwise it goes on with its started jobs and no longer
/// covers all companies.
pub async fn supersede(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    mode: RunMode,
    now: Timestamp,
) -> Result<Option<Superseded>, StoreError> {
    let sql = "select run_id from runs
               where partner_id = $1 and mode = $2 and state = 'running' and all_companies for update";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &mode.as_str()]).await? else {
        return Ok(None);
    };
    let run = RunId(row.get("run_id")?);
    let sql = "update jobs set state = 'done', done_at = $3, emitting_until = null
               where partner_id = $1 and run_id = $2 and state in ('ready', 'emitted')
               returning now_job, contract_ids";
    let mut awaited = BTreeSet::new();
    for dropped in tx.query(sql, &[&partner.as_str(), &run.0, &now]).await? {
        if dropped.get("now_job")? {
            awaited.extend(dropped.get::<Vec<i32>>("contract_ids")?.into_iter().map(ContractId));
        }
    }
    let sql = "update runs set all_companies = not going_on,
                      state = case when going_on then 'running' else 'superseded' end,
                      finished_at = case when not going_on then $3::timestamptz end
               from (select exists (select from jobs where partner_id = $1 and run_id = $2 and state <> 'done')
                     as going_on) as jobs
               where partner_id = $1 and run_id = $2";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &run.0, &now]).await?;
    Ok(Some(Superseded { run, awaited }))
}

/// The contracts of a run that workers are working on or still have to.
pub async fn contracts_to_work_on(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
) -> Result<Vec<ContractId>, StoreError> {
    let sql = "select distinct unnest(contract_ids) as contract_id from jobs
               where partner_id = $1 and run_id = $2 and kind = 'work' and state <> 'done'
               order by contract_id";
    let rows = tx.query(sql, &[&partner.as_str(), &run.0]).await?;
    rows.iter().map(|row| Ok(ContractId(row.get("contract_id")?))).collect()
}

/// Records which companies a run would change, judged by the last reading of the lines.
pub async fn expect_companies(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
    companies: &BTreeSet<CompanyId>,
) -> Result<(), StoreError> {
    let companies: Vec<&str> = companies.iter().map(CompanyId::as_str).collect();
    // Only if the list differs: results count the run's totals on the same row.
    let sql = "update runs set expected_company_ids = $3
               where partner_id = $1 and run_id = $2 and expected_company_ids <> $3";
    tx.execute(sql, &[&partner.as_str(), &run.0, &companies]).await.map(drop)
}
