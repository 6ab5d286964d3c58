//! `StartJob`: a worker has a ticket. One transaction decides whether the worker may begin, and collects all it
//! needs.

use domain::{ContractId, IntegrationState, JobKind, JobState, LoginOutcome, RunMode, RunState, WaitReason};
use jiff::Timestamp;
use messages::{job_content::JobContent, v1::RefusalReason};
use store::{
    StoreError, Transaction,
    jobs::{self, GivenUp, JobRow},
    kaseya::{calls, logins},
    settings::switch,
    targets::leftovers::{self, TargetNames},
};

use crate::{
    Context, admission::admit, assignment, claimed_attempt::ClaimedAttempt, content, context::LEDGER,
    expected, facts, lease, partner_plan::PartnerPlan, refusal::Refused,
};

/// The decision: the content, or the reason for a refusal.
pub(crate) type Started = Result<JobContent, Refused>;

/// Answers a `StartJob`.
pub(crate) async fn start_job(context: &Context, ask: &ClaimedAttempt) -> Result<Started, StoreError> {
    context.store.transaction("start_job", |tx| Box::pin(decide(tx, context, ask))).await
}

async fn decide(
    tx: &Transaction<'_>,
    context: &Context,
    ask: &ClaimedAttempt,
) -> Result<Started, StoreError> {
    let now = context.clock.now();
    let partner = &ask.partner;
    let refuse = |reason, detail: &str| Ok(Err(Refused::new(reason, detail)));

    // Here and in `permit` the integration is locked before the job, as in the switch: so they wait for one another
    // and never in a circle.
    let Some(switch) = switch::hold_switch(tx, partner).await? else {
        return refuse(RefusalReason::Superseded, "the partner has no integration");
    };
    let Some(mut job) = jobs::lock_job(tx, partner, ask.job).await? else {
        return refuse(RefusalReason::Superseded, "there is no such job");
    };
    if let Some(refused) = stale(&job, ask, now) {
        return Ok(Err(refused));
    }
    if switch.state != IntegrationState::On {
        return refuse(RefusalReason::SwitchedOff, "the integration is off");
    }
    if let Some(expired) = job.expires_at.filter(|expires| *expires <= now) {
        jobs::expire_job(tx, partner, ask.job, domain::ErrorCode::Job01.as_str()).await?;
        return refuse(RefusalReason::Superseded, &format!("the request expired at {expired}"));
    }
    if job.mode == RunMode::Apply && switch.writes_stopped {
        jobs::put_back(tx, partner, ask.job, WaitReason::WritesStopped, now).await?;
        return refuse(RefusalReason::WritesStopped, "all writes of the installation are stopped");
    }
    if job.mode == RunMode::Apply && switch.must_reread {
        jobs::put_back(tx, partner, ask.job, WaitReason::Restored, now).await?;
        let detail = "the database was restored: all lines are read before one is written";
        return refuse(RefusalReason::WritesStopped, detail);
    }
    if let Some(code) = switch.refused {
        return refuse(RefusalReason::Credentials, &format!("Kaseya refused the credentials: {code}"));
    }
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else {
        return refuse(RefusalReason::Superseded, "the partner has no integration");
    };
    // A company that was mapped elsewhere after the run was made is followed automatically (D-04).
    if job.kind == JobKind::Work {
        job.contracts.extend(jobs::follow_remapped(tx, partner, job.run, job.job).await?);
    }
    match admit(tx, context, ask, &job, &facts.integration, now).await? {
        Err(refused) => Ok(Err(refused)),
        Ok((admitted, started, place)) => {
            let plan = facts.plan();
            if job.kind == JobKind::Work && job.mode == RunMode::Apply {
                expected::note(tx, &facts, &plan, (job.run, job.run_number), now).await?;
                leftovers::note_names(tx, partner, &names(&plan, &job.contracts)).await?;
            }
            let content =
                content::job_content(tx, context, partner, &job, (&facts, &plan), &admitted).await?;
            jobs::start_job(tx, &place, ask.job, (&started, &assignment::of(&content)), now).await?;
            Ok(Ok(content))
        }
    }
}

/// Takes back an attempt whose content is too large to send, as if it had not begun. Its slice is cut. A single
/// contract that is too large is given up, and people are informed.
pub(crate) async fn refuse_too_large(context: &Context, ask: &ClaimedAttempt) -> Result<Refused, StoreError> {
    let cut = context.store.transaction("refuse_too_large", |tx| {
        Box::pin(async move {
            let now = context.clock.now();
            let (partner, attempt) = (&ask.partner, (ask.job, ask.attempt));
            switch::hold_switch(tx, partner).await?;
            let Some(job) = jobs::lock_job(tx, partner, ask.job).await? else { return Ok(()) };
            if job.state != JobState::Started || job.attempt != ask.attempt {
                return Ok(());
            }
            logins::job_login_ended(tx, partner, attempt, LoginOutcome::NotTried, None, now).await?;
            calls::credit_calls(tx, partner, ask.job, ask.attempt, &[], calls::minute_of(now)).await?;
            let is_survey = job.kind == JobKind::Survey;
            lease::cut(tx, context, (partner, ask.job), (&job.contracts, GivenUp::TooLarge), is_survey, now)
                .await?;
            tx.notify(LEDGER).await
        })
    });
    cut.await?;
    Ok(Refused::new(RefusalReason::TooLarge, "what the job needs is too large to be sent: its slice is cut"))
}

/// The mapped names of these contracts' targets.
fn names(plan: &PartnerPlan, contracts: &[ContractId]) -> Vec<TargetNames> {
    let planned = contracts.iter().filter_map(|contract| plan.contracts.get(contract));
    let targets = planned.flat_map(|contract| {
        contract.targets.iter().map(|target| TargetNames {
            contract: contract.contract,
            contract_name: contract.name.clone(),
            account: contract.account,
            account_name: contract.account_name.clone(),
            service: target.service,
            service_name: target.service_name.clone(),
        })
    });
    targets.collect()
}

/// Whether the ticket is useless whatever the integration says.
fn stale(job: &JobRow, ask: &ClaimedAttempt, now: Timestamp) -> Option<Refused> {
    let superseded = |detail: &str| Some(Refused::new(RefusalReason::Superseded, detail));
    if job.attempt != ask.attempt {
        return superseded("the job is at another attempt");
    }
    if job.kind == JobKind::Local {
        return superseded("the job needs no worker any more");
    }
    if job.run_state != RunState::Running {
        return superseded("the run has ended");
    }
    match job.state {
        JobState::Done => superseded("the job is done"),
        JobState::Started => Some(Refused::new(RefusalReason::Held, "another worker holds this attempt")),
        JobState::Ready | JobState::Emitted if job.not_before.is_some_and(|instant| now < instant) => {
            superseded("the job was deferred after this ticket; it gets another")
        }
        JobState::Ready | JobState::Emitted => None,
    }
}
