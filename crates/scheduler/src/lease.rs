//! Leases that end: a worker that falls silent loses its job to the next attempt.

use std::collections::BTreeSet;

use domain::{ContractId, ErrorCode, JobId, LoginOutcome, MAX_ATTEMPTS, PartnerId, halve, halve_of_kin};
use jiff::Timestamp;
use store::{
    StoreError, Transaction,
    jobs::{self, ExpiredJob, GivenUp, Slice, job_end},
    kaseya::logins,
};

use crate::{Context, context::LEDGER};

/// Takes every job with an ended lease from its worker. Returns how many.
pub(crate) async fn end_leases(context: &Context) -> Result<u64, StoreError> {
    let mut ended = 0;
    while let Some(expired) =
        context.store.transaction("end_lease", |tx| Box::pin(end_one(tx, context))).await?
    {
        ended += 1;
        tracing::warn!(
            partner = %expired.partner, job = %expired.job, attempt = expired.attempt, worker = expired.holder,
            "a lease has ended without word of its worker"
        );
    }
    Ok(ended)
}

async fn end_one(tx: &Transaction<'_>, context: &Context) -> Result<Option<ExpiredJob>, StoreError> {
    let now = context.clock.now();
    let Some(expired) = jobs::expired_job(tx, now).await? else { return Ok(None) };
    let (partner, job) = (&expired.partner, expired.job);
    // A login without any report stays an open try.
    let attempt = (job, expired.attempt);
    logins::job_login_ended(tx, partner, attempt, LoginOutcome::Unknown, None, now).await?;
    if expired.dropped {
        jobs::close_dropped_job(tx, partner, job, now).await?;
        job_end::end_run(tx, partner, expired.run, now).await?;
    } else {
        next_attempt(tx, context, &expired, now).await?;
    }
    tx.notify(LEDGER).await?;
    Ok(Some(expired))
}

/// The next attempt has the same slice. After its last attempt each half goes on its own. A single contract that
/// brought down every worker is given up, with the contracts of the same companies, so that all others go on.
async fn next_attempt(
    tx: &Transaction<'_>,
    context: &Context,
    expired: &ExpiredJob,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (partner, job) = (&expired.partner, expired.job);
    let failures = expired.failures.saturating_add(1);
    if failures.unsigned_abs() < MAX_ATTEMPTS {
        let slice = Slice { contracts: expired.contracts.clone(), failures };
        return jobs::hand_back(tx, partner, job, &slice).await;
    }
    let contracts: Vec<ContractId> = expired.contracts.iter().copied().map(ContractId).collect();
    let why = GivenUp::BrokeOff;
    cut(tx, context, (partner, job), (&contracts, why), expired.is_survey, now).await
}

/// Cuts the slice of a started job that cannot be done as a whole: each half goes on its own. A single contract is
/// given up with JOB-03; a survey is given up by leaving its contracts to the jobs that work on them. What broke off
/// is given up with the other contracts of its companies, because half of a plan switch must not be written alone.
/// What is too large for one message has to be cut.
pub(crate) async fn cut(
    tx: &Transaction<'_>,
    context: &Context,
    (partner, job): (&PartnerId, JobId),
    (contracts, why): (&[ContractId], GivenUp),
    is_survey: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let numbers = |half: &[ContractId]| half.iter().map(|contract| contract.0).collect::<Vec<_>>();
    if is_survey {
        return jobs::give_up_survey(tx, partner, job).await;
    }
    let companies = jobs::companies_on(tx, partner, job, contracts).await?;
    let nobody = BTreeSet::new();
    let kin: Vec<_> =
        contracts.iter().map(|contract| (*contract, companies.get(contract).unwrap_or(&nobody))).collect();
    let halves = match why {
        GivenUp::BrokeOff => halve_of_kin(&kin),
        GivenUp::TooLarge => halve_of_kin(&kin).or_else(|| halve(contracts)),
    };
    match halves {
        Some((first, second)) => {
            let slice = Slice { contracts: numbers(&first), failures: 0 };
            jobs::hand_back(tx, partner, job, &slice).await?;
            let beside = JobId(context.entropy.uuid(now));
            jobs::halve(tx, partner, job, beside, &numbers(&second), now).await
        }
        None => jobs::give_up(tx, partner, job, ErrorCode::Job03, why).await,
    }
}

/// Turns the open work of partners with refused credentials into local jobs.
pub(crate) async fn refuse_open_work(context: &Context) -> Result<u64, StoreError> {
    context
        .store
        .transaction("refuse_open_work", |tx| {
            Box::pin(async move {
                let refused = jobs::refused_to_local(tx).await?;
                if refused > 0 {
                    tx.notify(LEDGER).await?;
                }
                Ok(refused)
            })
        })
        .await
}
