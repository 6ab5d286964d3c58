//! Surveys in the ledger: the contracts still unseen, and the run's other jobs made from a survey.

use domain::{ContractId, ErrorCode, JobId, PartnerId, RunId};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// The contracts of a survey that no page has shown yet.
pub async fn unseen(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    contracts: &[ContractId],
) -> Result<Vec<ContractId>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            "select contract_id from unnest($2::int[]) with ordinality as asked (contract_id, place)
             where not exists (select from contracts
                               where contracts.partner_id = $1 and contracts.contract_id = asked.contract_id
                                 and contracts.run_number >= $3)
             order by place",
            &[&partner.as_str(), &contracts, &run_number],
        )
        .await?;
    rows.iter().map(|row| Ok(ContractId(row.get("contract_id")?))).collect()
}

/// A complete survey, locked: the run's other jobs are to be made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedJob {
    /// The partner.
    pub partner: PartnerId,
    /// The survey.
    pub job: JobId,
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub run_number: i64,
    /// The run's contracts that need a worker.
    pub contracts: Vec<ContractId>,
    /// Whether the survey is no longer wanted: the integration is not on, the run has ended, or a newer run covers
    /// all companies.
    pub dropped: bool,
}

/// The next complete survey. Surveys are taken one by one, each in its own transaction.
pub async fn surveyed_job(tx: &Transaction<'_>) -> Result<Option<SurveyedJob>, StoreError> {
    let row = tx
        .query_opt(
            "-- all partners: a ledger round
             select jobs.partner_id, jobs.job_id, jobs.run_id, jobs.run_number, jobs.contract_ids,
                    integrations.state <> 'on' or runs.state <> 'running' or not runs.all_companies as dropped
             from jobs join runs using (run_id) join integrations on integrations.partner_id = jobs.partner_id
             where jobs.kind = 'survey' and jobs.survey_result is not null and jobs.state = 'ready'
             order by jobs.now_job desc, jobs.run_number
             limit 1
             for update of jobs skip locked",
            &[],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let contracts: Vec<i32> = row.get("contract_ids")?;
    Ok(Some(SurveyedJob {
        partner: row.partner_id("partner_id")?,
        job: JobId(row.get("job_id")?),
        run: RunId(row.get("run_id")?),
        run_number: row.get("run_number")?,
        contracts: contracts.into_iter().map(ContractId).collect(),
        dropped: row.get("dropped")?,
    }))
}

/// A job made from a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpreadJob {
    /// The job's id.
    pub job: JobId,
    /// Whether the job needs a worker.
    pub for_worker: bool,
    /// The job's contracts.
    pub contracts: Vec<ContractId>,
    /// The code for every contract of a job without worker; `None` to take it from what is known.
    pub code: Option<ErrorCode>,
}

/// Makes a run's other jobs from its survey, which ends the survey. Contracts that a person waits for stay a
/// person's job.
pub async fn spread_survey(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    survey: JobId,
    jobs: &[SpreadJob],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, local_code, host,
                                 tenant, alone, created_at)
               select $3, run_id, run_number, partner_id, case when $4 then 'work' else 'local' end, 'ready', now_job, $5, $6,
                      case when $4 then called_hosts end, case when $4 then plain_tenant end,
                      case when $4 then alone_at(partner_id, called_hosts, plain_tenant) else '' end, $7
               from jobs join integrations using (partner_id)
               where partner_id = $1 and job_id = $2";
    for job in jobs {
        let contracts: Vec<i32> = job.contracts.iter().map(|contract| contract.0).collect();
        let code = job.code.map(ErrorCode::as_str);
        let (survey, id) = (survey.0, job.job.0);
        tx.execute_exactly(
            1,
            sql,
            &[&partner.as_str(), &survey, &id, &job.for_worker, &contracts, &code, &now],
        )
        .await?;
    }
    super::close_dropped_job(tx, partner, survey, now).await
}
