//! What protects Kaseya and its users: breaker, call budget, waits.

use std::time::Duration;

use domain::{Admission, Backoff, Breaker, BreakerPolicy, Budget, Calls};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;

fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("an instant")
}

fn opened() -> Breaker {
    (0..3).fold(Breaker::default(), |breaker, _| breaker.failed(&BreakerPolicy::default(), start(), 1.0))
}

#[test]
fn a_breaker_opens_after_failures_in_a_row_and_an_answer_closes_it() {
    let policy = BreakerPolicy::default();
    let twice = (0..2).fold(Breaker::default(), |breaker, _| breaker.failed(&policy, start(), 1.0));
    assert_eq!(twice.admit(&policy, start()).1, Admission::Go);
    assert_eq!(twice.answered().failed(&policy, start(), 1.0).admit(&policy, start()).1, Admission::Go);
    let until = start() + 30.seconds();
    assert_eq!(opened().admit(&policy, start()).1, Admission::NotBefore(until));
    assert_eq!(opened().failed(&policy, start(), 1.0), opened(), "what was begun before tells nothing new");
    assert_eq!(opened().answered().admit(&policy, start()).1, Admission::Go);
}

#[test]
fn a_half_open_breaker_lets_one_probe_through_at_a_time() {
    let policy = BreakerPolicy::default();
    let then = start() + 30.seconds();
    let (probing, admission) = opened().admit(&policy, then);
    assert_eq!(admission, Admission::Probe);
    let lost = then + 120.seconds();
    assert_eq!(probing.admit(&policy, then).1, Admission::NotBefore(lost));
    assert_eq!(
        probing.admit(&policy, lost).1,
        Admission::Probe,
        "a probe that is lost does not close it for ever"
    );
    let failed = probing.failed(&policy, then, 1.0);
    assert_eq!(failed.admit(&policy, then).1, Admission::NotBefore(then + 60.seconds()));
    assert_eq!(probing.answered(), Breaker::default());
}

#[test]
fn half_of_kaseyas_limit_is_ours_and_a_share_of_it_is_kept_for_people() {
    let budget = Budget::default();
    assert_eq!(budget.allowance(Calls::default(), false), Some(Calls { v2: 100, v1: 150 }));
    // Our share is 750 and 250, of which 150 and 50 are reserved.
    assert_eq!(budget.allowance(Calls { v2: 590, v1: 190 }, false), Some(Calls { v2: 10, v1: 10 }));
    assert_eq!(budget.allowance(Calls { v2: 0, v1: 197 }, false), None);
    assert_eq!(budget.allowance(Calls { v2: 0, v1: 197 }, true), Some(Calls { v2: 100, v1: 53 }));
    assert_eq!(budget.allowance(Calls { v2: 748, v1: 0 }, true), None);
    assert_eq!(budget.allowance(Calls { v2: u32::MAX, v1: u32::MAX }, true), None);
}

#[test]
fn waits_double_from_the_first_to_the_longest() {
    let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
    for (failures, seconds) in [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
        assert_eq!(backoff.wait(failures, 1.0), Duration::from_secs(seconds), "{failures}");
        assert_eq!(backoff.wait(failures, 0.0), Duration::from_secs(seconds) / 2, "{failures}");
    }
}

proptest! {
    #[test]
    fn the_hours_share_is_never_exceeded(jobs in prop::collection::vec(any::<bool>(), 1..60)) {
        let budget = Budget::default();
        let mut used = Calls::default();
        for for_people in jobs {
            let Some(allowed) = budget.allowance(used, for_people) else { continue };
            prop_assert!(allowed.v2 >= budget.least.v2 && allowed.v1 >= budget.least.v1);
            used = Calls { v2: used.v2 + allowed.v2, v1: used.v1 + allowed.v1 };
            let (v2, v1) = if for_people { (750, 250) } else { (600, 200) };
            prop_assert!(used.v2 <= v2 && used.v1 <= v1);
        }
    }

    #[test]
    fn one_probe_at_a_time_whatever_the_order(steps in prop::collection::vec((0_i64..300, 0_u8..8), 1..80)) {
        let policy = BreakerPolicy::default();
        let mut breaker = opened();
        let (mut now, mut probe_out): (Timestamp, Option<Timestamp>) = (start(), None);
        for (seconds, step) in steps {
            now += seconds.seconds();
            match step {
                0 => (breaker, probe_out) = (breaker.answered(), None),
                1 | 2 => {
                    let failed = breaker.failed(&policy, now, 0.5);
                    if failed != breaker {
                        probe_out = None;
                    }
                    breaker = failed;
                }
                _ => {
                    let (next, admission) = breaker.admit(&policy, now);
                    match admission {
                        Admission::Probe => {
                            prop_assert!(probe_out.is_none_or(|until| now >= until));
                            probe_out = Some(now + 120.seconds());
                        }
                        Admission::NotBefore(until) => prop_assert!(until > now),
                        Admission::Go => prop_assert!(breaker.open_until.is_none()),
                    }
                    breaker = next;
                }
            }
        }
    }
}
