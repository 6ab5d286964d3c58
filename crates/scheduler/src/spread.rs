//! Turns a survey into the run's other jobs: a worker for each contract that needs a call of its own, none for the
//! others.
//!
//! The decisions made here are made again when a job starts or is reported, because counts and mappings may have
//! changed by then.

use std::collections::BTreeSet;

use domain::{CompanyId, ContractId, Glance, JobId, MAX_TARGETS, slices_of_kin};
use jiff::Timestamp;
use store::{
    StoreError, Transaction,
    jobs::{self, SpreadJob, SurveyedJob, job_end},
};

use crate::{Context, context::LEDGER, expected, facts, known::Known, partner_plan::PartnerPlan};

/// Makes the jobs of every survey that is through. Returns how many surveys.
pub(crate) async fn spread_surveys(context: &Context) -> Result<u64, StoreError> {
    let mut spread = 0;
    while let Some(job) =
        context.store.transaction("spread_survey", |tx| Box::pin(spread_one(tx, context))).await?
    {
        spread += 1;
        tracing::info!(partner = %job.partner, run = %job.run, contracts = job.contracts.len(), "survey is through");
    }
    Ok(spread)
}

async fn spread_one(tx: &Transaction<'_>, context: &Context) -> Result<Option<SurveyedJob>, StoreError> {
    let now = context.clock.now();
    let Some(job) = jobs::surveyed_job(tx).await? else { return Ok(None) };
    let partner = &job.partner;
    let found = facts::read(tx, partner, now).await?.facts().filter(|_| !job.dropped);
    let Some(facts) = found else {
        jobs::close_dropped_job(tx, partner, job.job, now).await?;
        job_end::end_run(tx, partner, job.run, now).await?;
        return Ok(Some(job));
    };
    let plan = facts.plan();
    let refused = facts.integration.credentials_refused.map(|refused| refused.code);
    let known = Known::read(tx, partner, (&facts, &plan), job.run_number, &job.contracts, now).await?;
    let (mut work, mut local) = (Vec::new(), Vec::new());
    for (contract, targets) in still_planned(&plan, &job.contracts) {
        let planned = &plan.contracts[&contract];
        let needs_worker = planned.needs_worker() && known.glance(planned) == Glance::Read;
        let side = if needs_worker && refused.is_none() { &mut work } else { &mut local };
        side.push((contract, targets));
    }
    let mut jobs = jobs_of(context, &plan, &work, true, now);
    let mut told = jobs_of(context, &plan, &local, false, now);
    for job in &mut told {
        job.code = refused;
    }
    jobs.append(&mut told);
    if jobs.is_empty() {
        // A run ends when its jobs do, so it needs at least one.
        jobs.push(SpreadJob {
            job: JobId(context.entropy.uuid(now)),
            for_worker: false,
            contracts: Vec::new(),
            code: None,
        });
    }
    jobs::spread_survey(tx, partner, job.job, &jobs, now).await?;
    jobs::note_mappings(tx, partner, job.run).await?;
    expected::note(tx, &facts, &plan, (job.run, job.run_number), now).await?;
    tx.notify(LEDGER).await?;
    Ok(Some(job))
}

/// The contracts that something is still mapped to, each with its weight in a slice, and the contracts to which
/// companies of the run's contracts were mapped since.
fn still_planned(plan: &PartnerPlan, contracts: &[ContractId]) -> Vec<(ContractId, usize)> {
    let planned = contracts.iter().filter_map(|contract| plan.contracts.get(contract));
    planned.map(|planned| (planned.contract, planned.weight())).collect()
}

/// Cuts contracts into jobs.
fn jobs_of(
    context: &Context,
    plan: &PartnerPlan,
    contracts: &[(ContractId, usize)],
    for_worker: bool,
    now: Timestamp,
) -> Vec<SpreadJob> {
    let kin: Vec<(ContractId, usize, &BTreeSet<CompanyId>)> = contracts
        .iter()
        .map(|(contract, targets)| (*contract, *targets, &plan.contracts[contract].companies))
        .collect();
    slices_of_kin(&kin, MAX_TARGETS)
        .into_iter()
        .map(|contracts| SpreadJob {
            job: JobId(context.entropy.uuid(now)),
            for_worker,
            contracts,
            code: None,
        })
        .collect()
}
