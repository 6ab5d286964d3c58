//! `StartJob`: a worker has a ticket. Whether it may begin, and all it needs, are decided in one transaction.

use std::time::Duration;

use domain::{
    Calls, ContractId, JobId, JobKind, JobState, LoginOutcome, PartnerId, RunMode, RunState, Wait, WaitReason,
};
use jiff::Timestamp;
use messages::{
    FieldError,
    field::{id, required, text},
    v1::{self, RefusalReason},
};
use store::{
    StoreError, Transaction,
    jobs::{self, GivenUp, JobRow, StartedJob, closing},
    kaseya::{
        breakers, calls,
        logins::{self, LoginOf, NewTry},
        places::Place,
    },
    settings::{Integration, IntegrationState, switch},
    targets::leftovers::{self, TargetNames},
};

use crate::{
    Context, asked_work, content, expected, facts, hindrance, lease, planning::PartnerPlan, refusal::Refused,
};

/// A ticket that a worker shows, or the attempt that it says it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttemptOf {
    pub(crate) partner: PartnerId,
    pub(crate) job: JobId,
    pub(crate) attempt: i32,
    pub(crate) worker: String,
}

impl AttemptOf {
    pub(crate) fn read(
        partner: &str,
        job: &str,
        attempt: Option<u32>,
        worker: &str,
    ) -> Result<Self, FieldError> {
        let attempt = required("attempt", attempt)?;
        Ok(Self {
            partner: id("partner_id", PartnerId::new(partner))?,
            job: id("job_id", JobId::parse(job))?,
            attempt: i32::try_from(attempt)
                .map_err(|_| FieldError::new("attempt", "it is larger than any attempt can be"))?,
            worker: text("worker_id", worker.to_owned())?,
        })
    }
}

impl From<&AttemptOf> for v1::AnsweredAttempt {
    fn from(of: &AttemptOf) -> Self {
        Self {
            partner_id: of.partner.to_string(),
            job_id: of.job.to_string(),
            attempt: Some(of.attempt.unsigned_abs()),
            worker_id: of.worker.clone(),
        }
    }
}

/// What was decided: the content, or why not.
pub(crate) type Started = Result<v1::JobContent, Refused>;

/// Answers a `StartJob`.
pub(crate) async fn start_job(context: &Context, ask: &AttemptOf) -> Result<Started, StoreError> {
    context.store.transaction("start_job", |tx| Box::pin(decide(tx, context, ask))).await
}

async fn decide(tx: &Transaction<'_>, context: &Context, ask: &AttemptOf) -> Result<Started, StoreError> {
    let now = context.clock.now();
    let partner = &ask.partner;
    let refuse = |reason, detail: &str| Ok(Err(Refused::new(reason, detail)));

    // The integration before the job, here and in `permit`, as in the switch: so they wait for one another and never in
    // a circle.
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
    // A company that was mapped elsewhere since the run was made follows by itself (D-04).
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
            jobs::start_job(tx, &place, ask.job, (&started, &asked_work::of(&content)), now).await?;
            Ok(Ok(content))
        }
    }
}

/// Takes an attempt back whose content is too large to be sent, as if it had not begun: its slice is cut, and a contract that
/// alone is too large is given up, so that people are told.
pub(crate) async fn refuse_too_large(context: &Context, ask: &AttemptOf) -> Result<Refused, StoreError> {
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
            closing::credit_calls(tx, partner, ask.job, ask.attempt, &[], calls::minute_of(now)).await?;
            let is_survey = job.kind == JobKind::Survey;
            lease::cut(tx, context, (partner, ask.job), (&job.contracts, GivenUp::TooLarge), is_survey, now)
                .await?;
            tx.notify(crate::LEDGER).await
        })
    });
    cut.await?;
    Ok(Refused::new(RefusalReason::TooLarge, "what the job needs is too large to be sent: its slice is cut"))
}

/// What the targets of these contracts are mapped as.
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

/// Whether the ticket is of no use whatever the integration says.
fn stale(job: &JobRow, ask: &AttemptOf, now: Timestamp) -> Option<Refused> {
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

/// What an attempt is given beside its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) calls: Calls,
    pub(crate) probing: bool,
}

/// Asks everything that guards Kaseya: one caller at a time, the host's slots, the login account, the hour's budget, the
/// host's breaker. Whoever is let in is recorded with each, and starts once it is known what it is asked.
async fn admit(
    tx: &Transaction<'_>,
    context: &Context,
    ask: &AttemptOf,
    job: &JobRow,
    integration: &Integration,
    now: Timestamp,
) -> Result<Result<(Admitted, StartedJob, Place), Refused>, StoreError> {
    let version = i32::try_from(integration.credentials_version)
        .expect("a version comes from an integer column, which is an i32");
    let place = Place::of(tx, &ask.partner, integration.address()).await?;

    // From here to the commit starts on this host come one after the other.
    let breakers = breakers::lock_breakers(tx, &place).await?;
    let usage = jobs::kaseya_use(tx, &place, ask.job, now).await?;
    let in_the_way = if usage.started {
        Some((WaitReason::KaseyaBusy, "another job of this Kaseya is started"))
    } else if usage.permit_out {
        Some((WaitReason::KaseyaBusy, "a permit of an older attempt is still out"))
    } else if usage.on_host >= context.settings.slots_per_host {
        Some((WaitReason::HostBusy, "the host has as many started jobs as it may"))
    } else {
        None
    };
    if let Some((reason, detail)) = in_the_way {
        jobs::put_back(tx, &ask.partner, ask.job, reason, now).await?;
        return Ok(Err(Refused::new(RefusalReason::Busy, detail)));
    }

    let login = LoginOf { address: &place.address, user: &integration.user_name, partner: &ask.partner };
    let account = logins::lock_account(tx, login, &integration.password_marks, now).await?;
    match hindrance::of_logins(&account, now) {
        Ok(None) => {}
        Ok(Some(wait)) => return defer(tx, ask, &wait, RefusalReason::Credentials).await,
        Err(code) => {
            // Whoever tried them: the partner is told, and its work no longer waits for a login.
            closing::refuse_credentials(tx, &ask.partner, version, code.as_str(), now).await?;
            let detail = format!("Kaseya refused these credentials: {code}");
            return Ok(Err(Refused::new(RefusalReason::Credentials, detail)));
        }
    }

    let used = calls::used_calls(tx, &place, now).await?;
    let budget = hindrance::budget(integration);
    let allowed = match hindrance::of_calls(&budget, &used, job.now_job, now) {
        Ok(allowed) => allowed,
        Err(wait) => return defer(tx, ask, &wait, RefusalReason::BudgetSpent).await,
    };
    let allowed = allowed.at_most(match job.kind {
        JobKind::Survey => enough_for_survey(job.contracts.len()),
        JobKind::Work | JobKind::Local => enough_for(job.contracts.len(), job.setbacks),
    });

    let (breakers, probing) = match hindrance::of_breakers(breakers, now) {
        Ok(admitted) => admitted,
        Err(wait) => return defer(tx, ask, &wait, RefusalReason::BreakerOpen).await,
    };
    if probing {
        breakers::store_breakers(tx, &place, &breakers).await?;
    }
    let job = Some((ask.job, ask.attempt));
    logins::login_begun(tx, &NewTry { of: login, marks: &integration.password_marks, job }, now).await?;
    calls::debit_calls(tx, ask.job, ask.attempt, &place, allowed, now).await?;
    let started = StartedJob {
        holder: ask.worker.clone(),
        lease_until: after(now, context.settings.lease),
        credentials_version: version,
    };
    Ok(Ok((Admitted { calls: allowed, probing }, started, place)))
}

async fn defer(
    tx: &Transaction<'_>,
    ask: &AttemptOf,
    wait: &Wait,
    reason: RefusalReason,
) -> Result<Result<(Admitted, StartedJob, Place), Refused>, StoreError> {
    jobs::defer_job(tx, &ask.partner, ask.job, wait).await?;
    let until = wait.until.map_or_else(String::new, |until| format!(" until {until}"));
    Ok(Err(Refused::new(reason, format!("deferred{until}: {}", wait.word()))))
}

/// Enough for a slice of so many contracts: logins and the look-ups, of each contract's owner and terms too, then each
/// contract read, written and read again, with some reads sent twice. More would be lost for an hour with a worker that is killed;
/// one that needs more hands back, and where that got it nowhere its next attempt has more: the lines of a contract may fill many
/// pages.
fn enough_for(contracts: usize, setbacks: i32) -> Calls {
    let contracts = u32::try_from(contracts).unwrap_or(u32::MAX);
    let pages = contracts.saturating_mul(setbacks.unsigned_abs()).saturating_mul(30);
    Calls {
        v2: contracts.saturating_mul(2).saturating_add(20),
        v1: contracts.saturating_mul(10).saturating_add(10).saturating_add(pages),
    }
}

/// Enough for one attempt of a survey: a login, its pages, the look-up of whatever no page showed, and the services.
fn enough_for_survey(contracts: usize) -> Calls {
    Calls { v2: u32::try_from(contracts.div_ceil(100)).unwrap_or(u32::MAX).saturating_add(20), v1: 0 }
}

/// `now` and this long after it.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use domain::Budget;
    use store::kaseya::calls::{UsedCalls, sum};

    use super::*;

    #[test]
    fn a_worker_killed_a_few_times_on_a_small_slice_leaves_calls_for_the_next_attempt() {
        let budget = Budget::default();
        let killed = (0..domain::MAX_ATTEMPTS).fold(Calls::default(), |used, _| {
            let allowed =
                budget.allowance(used, false).expect("there are calls left").at_most(enough_for(3, 0));
            sum(&[used, allowed].map(|calls| UsedCalls { calls, until: Timestamp::UNIX_EPOCH }))
        });
        assert_eq!(killed.v1, 5 * 40);
    }
}
