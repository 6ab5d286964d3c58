//! Whether an attempt may begin, by everything that guards Kaseya.

use domain::{Calls, JobKind, Wait, WaitReason};
use jiff::Timestamp;
use messages::v1::RefusalReason;
use store::{
    StoreError, Transaction,
    jobs::{self, JobRow, StartedJob},
    kaseya::{
        breakers, calls,
        logins::{self, LoginOf, NewTry},
        places::Place,
    },
    settings::{Integration, refused_credentials},
};

use crate::{Context, claimed_attempt::ClaimedAttempt, hindrance, instant::after, refusal::Refused};

/// What an attempt receives in addition to its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) calls: Calls,
    pub(crate) probing: bool,
}

/// Asks everything that guards Kaseya: one caller at a time, the host's slots, the login account, the hour's budget, the
/// host's breaker. An admitted attempt is recorded with each of them, and starts once its work is known.
pub(crate) async fn admit(
    tx: &Transaction<'_>,
    context: &Context,
    ask: &ClaimedAttempt,
    job: &JobRow,
    integration: &Integration,
    now: Timestamp,
) -> Result<Result<(Admitted, StartedJob, Place), Refused>, StoreError> {
    let version = i32::try_from(integration.credentials_version)
        .expect("a version comes from an integer column, which is an i32");
    let place = Place::of(tx, &ask.partner, integration.address()).await?;

    // From here to the commit, starts on this host run one after the other.
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

    let login =
        LoginOf { address: &place.address, user: &integration.credentials.user_name, partner: &ask.partner };
    let account = logins::lock_account(tx, login, &integration.credentials.password.marks, now).await?;
    match hindrance::of_logins(&account, now) {
        Ok(None) => {}
        Ok(Some(wait)) => return defer(tx, ask, &wait, RefusalReason::Credentials).await,
        Err(code) => {
            // Whichever job tried them: the partner is informed, and its work no longer waits for a login.
            refused_credentials::refuse_credentials(tx, &ask.partner, version, code.as_str(), now).await?;
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
    logins::login_begun(tx, &NewTry { of: login, marks: &integration.credentials.password.marks, job }, now)
        .await?;
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
    ask: &ClaimedAttempt,
    wait: &Wait,
    reason: RefusalReason,
) -> Result<Result<(Admitted, StartedJob, Place), Refused>, StoreError> {
    jobs::defer_job(tx, &ask.partner, ask.job, wait).await?;
    let until = wait.until.map_or_else(String::new, |until| format!(" until {until}"));
    Ok(Err(Refused::new(reason, format!("deferred{until}: {}", wait.word()))))
}

/// Enough calls for a slice of this many contracts: logins and look-ups (also of each contract's owner and terms),
/// then each contract read, written and read again, with some reads sent twice. A larger allowance would be lost for
/// an hour with a worker that is killed. A worker that needs more hands back its job, and if that got it nowhere its
/// next attempt has more: the lines of a contract may fill many pages.
fn enough_for(contracts: usize, setbacks: i32) -> Calls {
    let contracts = u32::try_from(contracts).unwrap_or(u32::MAX);
    let pages = contracts.saturating_mul(setbacks.unsigned_abs()).saturating_mul(30);
    Calls {
        v2: contracts.saturating_mul(2).saturating_add(20),
        v1: contracts.saturating_mul(10).saturating_add(10).saturating_add(pages),
    }
}

/// Enough for one attempt of a survey: a login, its pages, the look-up of everything that no page showed, and the
/// services.
fn enough_for_survey(contracts: usize) -> Calls {
    Calls { v2: u32::try_from(contracts.div_ceil(100)).unwrap_or(u32::MAX).saturating_add(20), v1: 0 }
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
