//! What may keep a job from calling Kaseya, until when, and with which code: the user's logins, the hour's calls, the
//! host's breaker. The start of a job checks it. So does the answer to a request, which says at once what its run
//! waits for.

use std::time::Duration;

use domain::{
    Admission, BreakerPolicy, Budget, Calls, ErrorCode, LoginAccount, LoginPermission, PartnerId, RunId,
    Wait, WaitReason,
};
use jiff::Timestamp;
use store::{
    StoreError, Transaction,
    jobs::waiting,
    kaseya::{
        breakers::{self, Breakers},
        calls::{self, UsedCalls, sum},
        logins::{self, LoginOf},
        places::Place,
    },
    settings::Integration,
};

use crate::instant::after;

/// What prevents a login. An error means that these credentials are not tried at all.
pub(crate) fn of_logins(account: &LoginAccount, now: Timestamp) -> Result<Option<Wait>, ErrorCode> {
    match account.permission(now) {
        LoginPermission::Yes => Ok(None),
        LoginPermission::NotBefore(until) => {
            let reason = match account.refused {
                Some(_) => WaitReason::UserLocked,
                None => WaitReason::Logins,
            };
            Ok(Some(Wait::of(reason, now, Some(until))))
        }
        LoginPermission::Stopped(code) => Err(code),
    }
}

/// Our share of the hour's calls.
pub(crate) fn budget(integration: &Integration) -> Budget {
    Budget { our_percent: integration.settings.call_share_percent, ..Budget::default() }
}

/// The calls a job may make. An error says what it waits for.
pub(crate) fn of_calls(
    budget: &Budget,
    used: &[UsedCalls],
    for_people: bool,
    now: Timestamp,
) -> Result<Calls, Wait> {
    budget
        .allowance(sum(used), for_people)
        .ok_or_else(|| Wait::of(WaitReason::CallLimit, now, Some(freed_at(budget, used, for_people, now))))
}

/// Asks a host's breakers: the breakers to store with a start, and whether the start is a probe. An error says what
/// it waits for.
pub(crate) fn of_breakers(breakers: Breakers, now: Timestamp) -> Result<(Breakers, bool), Wait> {
    let policy = BreakerPolicy::default();
    let (everybodys, for_all) = breakers.everybodys.admit(&policy, now);
    let (own, for_it) = breakers.own.admit(&policy, now);
    let until = [for_all, for_it].into_iter().filter_map(|admission| match admission {
        Admission::NotBefore(until) => Some(until),
        Admission::Go | Admission::Probe => None,
    });
    match until.max() {
        Some(until) => Err(Wait::of(WaitReason::KaseyaDown, now, Some(until))),
        None => Ok((Breakers { everybodys, own }, [for_all, for_it].contains(&Admission::Probe))),
    }
}

/// Defers a run that cannot begin now, before any of its tickets is out. Takes and locks nothing.
pub(crate) async fn put_off(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    integration: &Integration,
    run: RunId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let place = Place::of(tx, partner, integration.address()).await?;
    let login = LoginOf { address: &place.address, user: &integration.credentials.user_name, partner };
    let account = logins::account(tx, login, &integration.credentials.password.marks, now).await?;
    // If the credentials are not tried at all, the job says so on its contracts when it starts.
    let Ok(login) = of_logins(&account, now) else { return Ok(()) };
    let used = calls::used_calls(tx, &place, now).await?;
    let calls = of_calls(&budget(integration), &used, true, now).err();
    let breaker = of_breakers(breakers::read_breakers(tx, &place).await?, now).err();
    // The run goes on when the last of them is over.
    let waits = [login, calls, breaker].into_iter().flatten();
    match waits.max_by_key(|wait| wait.until) {
        Some(wait) => waiting::put_off(tx, partner, run, &wait).await,
        None => Ok(()),
    }
}

/// When enough of the hour's calls are an hour old for this job to start. `used` is ordered by age, oldest first.
fn freed_at(budget: &Budget, used: &[UsedCalls], for_people: bool, now: Timestamp) -> Timestamp {
    (1..=used.len())
        .find(|aged| budget.allowance(sum(&used[*aged..]), for_people).is_some())
        // If the share is too small even with an unused hour, the job checks again in an hour.
        .map_or_else(|| after(now, Duration::from_secs(3600)), |aged| used[aged - 1].until)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use proptest::prelude::*;

    use super::*;

    fn used(until: Timestamp, v1: u32) -> UsedCalls {
        UsedCalls { calls: Calls { v2: 0, v1 }, until }
    }

    #[test]
    fn a_spent_hour_frees_when_enough_of_it_has_aged() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let at = |minutes: i64| now + minutes.minutes();
        let budget = Budget::default();
        // We have 250 V1 calls, 200 of them for everybody: 150 + 48 used leave too few, and 48 used leave enough.
        let hour = [used(at(5), 150), used(at(40), 48)];
        assert!(budget.allowance(sum(&hour), false).is_none());
        assert_eq!(freed_at(&budget, &hour, false, now), at(5));
        // People may use the part reserved for them at once.
        assert!(budget.allowance(sum(&hour), true).is_some());
        let hour = [used(at(5), 1), used(at(40), 300), used(at(50), 1)];
        assert_eq!(freed_at(&budget, &hour, true, now), at(40));
    }

    proptest! {
        #[test]
        fn whoever_waits_that_long_finds_enough(
            entries in proptest::collection::vec((0_u32..200, 0_u32..800), 1..12), for_people: bool,
        ) {
            let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
            let budget = Budget::default();
            let hour: Vec<UsedCalls> = entries.iter().zip(1_i64..).map(|((v1, v2), minute)| UsedCalls {
                calls: Calls { v2: *v2, v1: *v1 }, until: now + minute.minutes(),
            }).collect();
            let freed = freed_at(&budget, &hour, for_people, now);
            let left: Vec<UsedCalls> = hour.iter().copied().filter(|entry| entry.until > freed).collect();
            prop_assert!(budget.allowance(sum(&left), for_people).is_some());
        }
    }
}
