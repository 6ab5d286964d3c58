//! Our tries lock out no user (B-03, S-14, AUTH-03), and credentials do not fail unseen.

use domain::{
    ErrorCode, LOCK_WAIT, LOGIN_WAIT, LoginAccount, LoginOutcome, LoginPermission, LoginTry, NextTry,
    PASSWORD_STEPS, PartnerId, RefusedLogin, password_warning, probe_due,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;

fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("an instant")
}

fn minute(minutes: i64) -> Timestamp {
    start() + minutes.minutes()
}

/// Tries at these minutes.
fn account(tries: &[(i64, Option<LoginOutcome>)]) -> LoginAccount {
    let tries = tries
        .iter()
        .map(|(at, outcome)| LoginTry { at: minute(*at), outcome: *outcome, same: false })
        .collect();
    LoginAccount { tries, ..LoginAccount::default() }
}

fn refused(code: ErrorCode, tried_again: bool) -> LoginAccount {
    let refused = RefusedLogin { code, at: start(), tried_again };
    LoginAccount { refused: Some(refused), ..LoginAccount::default() }
}

#[test]
fn what_was_refused_is_never_tried_again_by_itself() {
    let years = start() + 9000.hours();
    for code in ErrorCode::ALL.iter().copied().filter(|code| *code != ErrorCode::Auth03) {
        assert_eq!(refused(code, false).permission(years), LoginPermission::Stopped(code));
    }
}

#[test]
fn auth_03_a_locked_user_is_tried_once_more_after_35_minutes() {
    let locked = refused(ErrorCode::Auth03, false);
    let unlocked = start() + SignedDuration::try_from(LOCK_WAIT).expect("it is short");
    assert_eq!(locked.permission(start() + 34.minutes()), LoginPermission::NotBefore(unlocked));
    assert_eq!(locked.permission(unlocked), LoginPermission::Yes);
    assert_eq!(
        refused(ErrorCode::Auth03, true).permission(unlocked),
        LoginPermission::Stopped(ErrorCode::Auth03)
    );
}

#[test]
fn three_refusals_with_whatever_passwords_are_all_that_half_an_hour_sees() {
    let no = Some(LoginOutcome::Refused);
    let two = [(0, no), (10, no)];
    assert_eq!(account(&two).permission(minute(11)), LoginPermission::Yes);
    // A try under way may be the third, also if another was accepted meanwhile.
    let yes = Some(LoginOutcome::Accepted);
    for third in [(20, no), (20, None), (20, Some(LoginOutcome::Unknown))] {
        let three = account(&[two[0], two[1], third]);
        assert_eq!(three.permission(minute(21)), LoginPermission::NotBefore(minute(30)));
    }
    assert_eq!(
        account(&[two[0], two[1], (20, None), (21, yes)]).permission(minute(22)),
        LoginPermission::NotBefore(minute(30))
    );
    assert_eq!(account(&[two[0], two[1], (20, no)]).permission(minute(30)), LoginPermission::Yes);
    // An acceptance proves that an earlier unanswered try was not a refusal; a refusal stays a refusal.
    let answered = [two[0], two[1], (20, Some(LoginOutcome::Unknown)), (21, yes)];
    assert_eq!(account(&answered).permission(minute(22)), LoginPermission::Yes);
}

#[test]
fn an_unknown_outcome_allows_one_more_try_and_then_one_each_half_hour() {
    let lost = Some(LoginOutcome::Unknown);
    assert_eq!(account(&[(0, lost)]).permission(start()), LoginPermission::Yes);
    let two = account(&[(0, lost), (1, lost)]);
    assert_eq!(two.permission(minute(2)), LoginPermission::NotBefore(minute(31)));
    assert_eq!(two.permission(minute(31)), LoginPermission::Yes);
    let third = account(&[(0, lost), (1, lost), (31, None)]);
    assert_eq!(third.permission(minute(31)), LoginPermission::NotBefore(minute(61)));
    let accepted = account(&[(0, lost), (1, lost), (31, Some(LoginOutcome::Accepted))]);
    assert_eq!(accepted.permission(minute(31)), LoginPermission::Yes);
}

#[test]
fn case_c3_proven_credentials_do_not_wait_for_mistyped_ones() {
    let (no, yes, lost) =
        (Some(LoginOutcome::Refused), Some(LoginOutcome::Accepted), Some(LoginOutcome::Unknown));
    let three = account(&[(-5, yes), (0, no), (1, no), (2, no)]);
    assert_eq!(three.permission(minute(3)), LoginPermission::NotBefore(minute(30)));
    let proven = LoginAccount { proven: true, ..three };
    assert_eq!(proven.permission(minute(3)), LoginPermission::Yes);
    // The fifth would lock the user: after a try that may have been the fourth, we wait.
    let mut unanswered = proven.clone();
    unanswered.tries.push(LoginTry { at: minute(3), outcome: lost, same: true });
    assert_eq!(unanswered.permission(minute(4)), LoginPermission::NotBefore(minute(30)));
    // A success in between resets Kaseya's count.
    let mut reset = proven.clone();
    reset.tries.push(LoginTry { at: minute(3), outcome: yes, same: true });
    reset.tries.extend([4, 5, 6].map(|at| LoginTry { at: minute(at), outcome: no, same: false }));
    assert_eq!(reset.permission(minute(7)), LoginPermission::Yes);
    // Refused since, they are stopped like any others.
    let refused = RefusedLogin { code: ErrorCode::Auth01, at: minute(3), tried_again: false };
    let refused = LoginAccount { refused: Some(refused), ..proven };
    assert_eq!(refused.permission(minute(4)), LoginPermission::Stopped(ErrorCode::Auth01));
}

#[test]
fn case_c3_a_person_is_told_before_the_last_try() {
    let no = Some(LoginOutcome::Refused);
    assert_eq!(account(&[]).next_try(minute(0)), NextTry::Free);
    assert_eq!(account(&[(0, no)]).next_try(minute(1)), NextTry::Free);
    assert_eq!(account(&[(0, no), (1, no)]).next_try(minute(2)), NextTry::Last(minute(30)));
    assert_eq!(account(&[(0, no), (1, no), (2, no)]).next_try(minute(3)), NextTry::NotBefore(minute(30)));
    assert_eq!(account(&[(0, no), (1, no)]).next_try(minute(31)), NextTry::Free);
}

fn outcome() -> impl Strategy<Value = LoginOutcome> {
    prop_oneof![
        1 => Just(LoginOutcome::Accepted),
        3 => Just(LoginOutcome::Refused),
        3 => Just(LoginOutcome::Unknown),
    ]
}

proptest! {
    /// Tries end in any order, after up to a minute, each with another password.
    #[test]
    fn half_an_hour_never_sees_more_than_three_refusals(
        asks in prop::collection::vec((0_i64..900, 0_i64..60, outcome()), 1..80),
    ) {
        let mut account = LoginAccount::default();
        let mut under_way: Vec<(Timestamp, usize, LoginOutcome)> = Vec::new();
        let (mut now, mut refusals, mut unanswered) = (start(), Vec::new(), Vec::new());
        for (wait, lasts, outcome) in asks {
            now += wait.seconds();
            under_way.sort_unstable();
            while let Some((at, place, outcome)) = under_way.first().copied().filter(|(at, ..)| *at <= now) {
                under_way.remove(0);
                account.tries[place] = LoginTry { at, outcome: Some(outcome), same: false };
                if outcome == LoginOutcome::Refused {
                    refusals.push(at);
                }
            }
            if account.permission(now) == LoginPermission::Yes {
                account.tries.push(LoginTry { at: now, outcome: None, same: false });
                if outcome == LoginOutcome::Unknown {
                    unanswered.push(now);
                }
                under_way.push((now + lasts.seconds(), account.tries.len() - 1, outcome));
            }
        }
        refusals.sort_unstable();
        let half_an_hour = SignedDuration::try_from(LOGIN_WAIT).expect("it is short");
        for four in refusals.windows(4) {
            prop_assert!(four[0].duration_until(four[3]) >= half_an_hour, "{refusals:?}");
        }
    }

    /// Mistyped and proven credentials together; the proven ones become wrong at any time and are stopped then.
    #[test]
    fn case_c3_a_user_is_never_locked_by_proven_credentials_that_turn_out_wrong(
        asks in prop::collection::vec((0_i64..600, any::<bool>(), outcome()), 1..80),
    ) {
        let (mut account, mut now) = (LoginAccount { proven: true, ..LoginAccount::default() }, start());
        let mut failures: Vec<Timestamp> = Vec::new();
        for (wait, proven, outcome) in asks {
            now += wait.seconds();
            account.proven = proven;
            if account.permission(now) == LoginPermission::Yes {
                // Mistyped credentials are never accepted.
                let outcome = if proven { outcome } else { LoginOutcome::Refused };
                account.tries.push(LoginTry { at: now, outcome: Some(outcome), same: proven });
                match outcome {
                    LoginOutcome::Accepted => failures.clear(),
                    _ => failures.push(now),
                }
                if outcome == LoginOutcome::Refused && proven {
                    break;
                }
            }
            let half_an_hour = SignedDuration::try_from(LOGIN_WAIT).expect("it is short");
            for five in failures.windows(5) {
                prop_assert!(five[0].duration_until(five[4]) >= half_an_hour, "{failures:?}");
            }
        }
    }

    #[test]
    fn without_any_answer_half_an_hour_sees_two_tries(waits in prop::collection::vec(0_i64..1200, 1..60)) {
        let mut account = LoginAccount::default();
        let mut now = start();
        for wait in waits {
            now += wait.seconds();
            match account.permission(now) {
                LoginPermission::Yes => {
                    let outcome = Some(LoginOutcome::Unknown);
                    account.tries.push(LoginTry { at: now, outcome, same: false });
                }
                LoginPermission::NotBefore(instant) => prop_assert!(instant > now),
                LoginPermission::Stopped(code) => prop_assert!(false, "{code}"),
            }
        }
        for three in account.tries.windows(3) {
            prop_assert!(three[0].at.duration_until(three[2].at).unsigned_abs() >= LOGIN_WAIT);
        }
    }

    #[test]
    fn each_step_of_a_passwords_age_is_reached_once_and_in_order(hours in prop::collection::vec(1_i64..200, 1..80)) {
        let (mut now, mut last) = (start(), u16::MAX);
        for hours in hours {
            now += hours.hours();
            let age = start().duration_until(now).as_hours();
            match password_warning(start(), now) {
                None => prop_assert!(age < 150 * 24),
                Some(warning) => {
                    prop_assert!(PASSWORD_STEPS.contains(&warning.step) && warning.step <= last);
                    prop_assert!(warning.days_left(now) <= warning.step);
                    prop_assert_eq!(warning.days_left(now) == 0, age >= 180 * 24);
                    last = warning.step;
                }
            }
        }
    }

    /// For any partner, checked at intervals: a day never passes without a proof or a probe, and a schedule that logs
    /// in every day is never probed.
    #[test]
    fn a_day_never_passes_without_a_probe(name in "[a-z]{1,12}", looks in prop::collection::vec(1_i64..1800, 300)) {
        let partner = PartnerId::new(name).expect("an id");
        let (mut now, mut last) = (start(), start());
        let far = start() + 9000.hours();
        let mut probes = 0;
        for seconds in looks {
            now += seconds.seconds();
            if probe_due(&partner, last, far, now) {
                (last, probes) = (now, probes + 1);
            }
            prop_assert!(last.duration_until(now) <= SignedDuration::from_mins(24 * 60 + 30));
            let tomorrow = last + 24.hours();
            prop_assert!(!probe_due(&partner, last, tomorrow, now));
        }
        let days = start().duration_until(now).as_hours() / 24;
        prop_assert!((days..=days + 1).contains(&probes), "{probes} probes in {days} days");
    }
}
