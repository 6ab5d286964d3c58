//! Plan switches (B-07): which falls and rises belong together, and the decisions on both.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Brake, Change, CompanyId, Decision, ErrorCode, LeftBehind, Line, LineId, PlanSwitch, PlanSwitches,
    Rewrite, SeenShares, SwitchTarget, decide_together, plan_switches, wait_for_person,
};
use jiff::civil::date;
use proptest::prelude::*;

fn company(name: &str) -> CompanyId {
    CompanyId::new(name).expect("an id")
}

fn shares(of: &[(&str, u32)]) -> BTreeMap<CompanyId, u32> {
    of.iter().map(|(name, units)| (company(name), *units)).collect()
}

fn change(from: f64, to: u32) -> Change {
    Change { line: LineId(7), from, to, effective_date: date(2026, 11, 1), approved: false, rewrite: None }
}

fn sum(shares: &BTreeMap<CompanyId, u32>) -> u32 {
    shares.values().sum()
}

/// A line that showed the number it last held, and that is due to be written.
fn target(before: &[(&str, u32)], now: &[(&str, u32)]) -> SwitchTarget {
    let (before, now) = (shares(before), shares(now));
    let (from, to) = (f64::from(sum(&before)), sum(&now));
    let decision = if from == f64::from(to) {
        Decision::Unchanged { line: Some(Line { id: LineId(7), units: from, effective_date: None }) }
    } else {
        Decision::Write(change(from, to))
    };
    SwitchTarget {
        decision,
        shown: from,
        before: Some(SeenShares { units: before, run_number: 5 }),
        now: Some(now),
    }
}

fn pairs(targets: &[SwitchTarget]) -> Vec<(usize, usize)> {
    plan_switches(targets, &[]).pairs.iter().map(|pair| (pair.fall, pair.rise)).collect()
}

#[test]
fn b_07_a_fall_and_a_rise_of_one_company_are_a_pair() {
    let falls = target(&[("acme", 12), ("beta", 3)], &[("acme", 4), ("beta", 3)]);
    let rises = target(&[("acme", 0)], &[("acme", 9)]);
    assert_eq!(pairs(&[falls.clone(), rises.clone()]), [(0, 1)]);
    assert_eq!(pairs(&[rises.clone(), falls.clone()]), [(1, 0)]);
    // A line that shows 0 held no users, even if it was never ours.
    let new = SwitchTarget { before: None, ..rises };
    assert_eq!(pairs(&[falls.clone(), new.clone()]), [(0, 1)]);
    assert_eq!(pairs(&[falls, SwitchTarget { shown: 2.0, ..new }]), []);
}

#[test]
fn b_07_what_is_no_pair() {
    let falls = || target(&[("acme", 12)], &[("acme", 4)]);
    let rises = || target(&[("acme", 1)], &[("acme", 9)]);
    let edited = |mut target: SwitchTarget| {
        let Decision::Write(change) = target.decision else { unreachable!("it is written") };
        let change = Change { rewrite: Some(Rewrite::Edited { left: 1 }), ..change };
        target.decision = Decision::Hold(change, Brake::Drift);
        target
    };
    let decided = |decision, target| SwitchTarget { decision, ..target };
    let others = [
        target(&[("beta", 1)], &[("beta", 9)]),
        // Two companies at once.
        target(&[("acme", 1), ("beta", 1)], &[("acme", 9), ("beta", 2)]),
        // The line moves in the other direction than the company's counts.
        decided(Decision::Write(change(30.0, 9)), rises()),
        edited(rises()),
        decided(Decision::Dismissed(change(1.0, 9)), rises()),
        decided(Decision::NotSent(ErrorCode::Svc01), rises()),
        SwitchTarget { now: None, ..rises() },
        target(&[("acme", 9)], &[("acme", 9)]),
    ];
    for other in others {
        assert_eq!(pairs(&[falls(), other.clone()]), [], "{other:?}");
    }
    assert_eq!(pairs(&[edited(falls()), rises()]), []);
    assert_eq!(pairs(&[decided(Decision::Dismissed(change(12.0, 4)), falls()), rises()]), []);
}

#[test]
fn b_07_the_rise_waits_with_a_fall_without_an_answer() {
    let line = Line { id: LineId(7), units: 12.0, effective_date: None };
    let falls = target(&[("acme", 12)], &[("acme", 0)]);
    let unanswered = SwitchTarget { decision: Decision::Wait(line), ..falls };
    assert_eq!(pairs(&[unanswered, target(&[("acme", 0)], &[("acme", 12)])]), [(0, 1)]);
    let (fall, rise) = decide_together(Decision::Wait(line), Decision::Write(change(0.0, 12)));
    let waits = Line { units: 0.0, ..line };
    assert_eq!((fall, rise), (Decision::Wait(line), Decision::Wait(waits)));
}

#[test]
fn b_07_of_several_the_largest_go_together() {
    let targets = [
        target(&[("acme", 4)], &[("acme", 3)]),
        target(&[("acme", 0)], &[("acme", 2)]),
        target(&[("acme", 20)], &[("acme", 0)]),
        target(&[("acme", 0)], &[("acme", 19)]),
        target(&[("acme", 0)], &[("acme", 1)]),
    ];
    assert_eq!(pairs(&targets), [(2, 3), (0, 1)]);
}

fn unpaired(targets: &[SwitchTarget], left_behind: &[LeftBehind]) -> Vec<usize> {
    plan_switches(targets, left_behind).unpaired
}

#[test]
fn map_03_a_rise_whose_old_line_cannot_fall_waits_for_a_person() {
    let rises = || target(&[("acme", 1)], &[("acme", 9)]);
    let left = |name: &str, run_number| LeftBehind { company: company(name), run_number };
    assert_eq!(unpaired(&[rises()], &[left("acme", 5)]), [0]);
    assert_eq!(unpaired(&[rises()], &[left("acme", 4)]), [], "the new line was seen to hold ours since");
    assert_eq!(unpaired(&[rises()], &[left("beta", 5)]), []);
    let Decision::Hold(_, brake) = wait_for_person(rises().decision) else { panic!("it waits") };
    assert_eq!(brake, Brake::PlanSwitch);

    let stuck = |shown, before: &[(&str, u32)]| SwitchTarget {
        decision: Decision::NotSent(ErrorCode::Svc03),
        shown,
        ..target(before, &[("acme", 4)])
    };
    assert_eq!(unpaired(&[stuck(12.0, &[("acme", 12)]), rises()], &[]), [1]);
    assert_eq!(unpaired(&[stuck(4.0, &[("acme", 12)]), rises()], &[]), [], "somebody lowered it");
    assert_eq!(unpaired(&[stuck(12.0, &[("acme", 4)]), rises()], &[]), [], "its users did not move");

    // A change that a person has approved is sent.
    let Decision::Write(change) = rises().decision else { panic!("it is written") };
    let approved = Decision::Write(Change { approved: true, ..change });
    assert_eq!(unpaired(&[SwitchTarget { decision: approved, ..rises() }], &[left("acme", 5)]), []);
    // A rise paired with its fall is not such a case.
    let falls = target(&[("acme", 12)], &[("acme", 4)]);
    assert_eq!(plan_switches(&[falls, rises()], &[left("acme", 5)]).unpaired, []);
}

fn decisions() -> impl Strategy<Value = fn(Change) -> Decision> {
    proptest::sample::select(vec![
        (|change| Decision::Write(change)) as fn(Change) -> Decision,
        |change| Decision::Write(Change { approved: true, ..change }),
        |change| Decision::Hold(change, Brake::LargeChange),
        |change| Decision::Hold(change, Brake::FallToZero),
        |change| Decision::Dismissed(change),
        |_| Decision::NotSent(ErrorCode::Svc03),
        |change| Decision::Wait(Line { id: change.line, units: change.from, effective_date: None }),
    ])
}

fn any_target() -> impl Strategy<Value = SwitchTarget> {
    let of =
        || proptest::collection::btree_map(proptest::sample::select(vec!["a", "b", "c"]), 0_u32..6, 0..3);
    (of(), of(), any::<bool>(), decisions()).prop_map(|(before, now, known, decide)| {
        let list = |of: BTreeMap<&'static str, u32>| of.into_iter().collect::<Vec<_>>();
        let mut target = target(&list(before), &list(now));
        if let Decision::Write(change) = target.decision {
            target.decision = decide(change);
        }
        if !known {
            target.before = None;
        }
        target
    })
}

fn fall_or_rise(decision: Decision) -> Option<bool> {
    match decision {
        Decision::Write(change) | Decision::Hold(change, _) => Some(f64::from(change.to) < change.from),
        Decision::Wait(_) => Some(true),
        _ => None,
    }
}

proptest! {
    #[test]
    fn b_07_no_target_is_in_two_pairs_and_each_pair_is_one_fall_and_one_rise(
        targets in proptest::collection::vec(any_target(), 0..8),
    ) {
        let PlanSwitches { pairs, unpaired, stranded } = plan_switches(&targets, &[]);
        let mut places = BTreeSet::new();
        for PlanSwitch { fall, rise } in pairs {
            prop_assert!(places.insert(fall) && places.insert(rise));
            prop_assert_eq!(fall_or_rise(targets[fall].decision), Some(true));
            prop_assert_eq!(fall_or_rise(targets[rise].decision), Some(false));
        }
        for alone in unpaired {
            prop_assert!(places.insert(alone));
            prop_assert_eq!(fall_or_rise(targets[alone].decision), Some(false));
        }
        for (alone, stuck) in stranded {
            prop_assert!(places.insert(alone) && alone != stuck);
            prop_assert_eq!(fall_or_rise(targets[alone].decision), Some(true));
        }
    }

    #[test]
    fn b_07_without_a_fall_of_the_same_company_there_is_no_pair(
        targets in proptest::collection::vec(any_target(), 0..8),
    ) {
        let falls = |target: &SwitchTarget| fall_or_rise(target.decision) == Some(true);
        let only_rises: Vec<_> = targets.iter().filter(|target| !falls(target)).cloned().collect();
        prop_assert_eq!(plan_switches(&only_rises, &[]).pairs, []);
    }

    #[test]
    fn b_07_the_pairs_approval_covers_both_or_neither(fall in decisions(), rise in decisions()) {
        let (before, after) = (fall(change(12.0, 0)), rise(change(0.0, 12)));
        let (fall, rise) = decide_together(before, after);
        let is_written = |decision| matches!(decision, Decision::Write(_));
        let is_held = |decision| matches!(decision, Decision::Hold(..));
        let asked = |decision| is_written(decision) || is_held(decision);
        if asked(before) && asked(after) {
            prop_assert_eq!(is_written(fall), is_written(rise));
            prop_assert_eq!(is_held(fall), is_held(rise));
            prop_assert_eq!(is_held(fall), is_held(before) || is_held(after), "what nothing holds is not held");
        }
        // The rise is never sent without its fall.
        if matches!(before, Decision::Wait(_) | Decision::Hold(..)) {
            prop_assert!(!is_written(rise));
        }
    }
}

#[test]
fn case_a17_a_fall_whose_new_line_cannot_rise_waits_for_a_person() {
    let falls = || target(&[("acme", 10)], &[("acme", 8)]);
    let stuck = |decision, before: &[(&str, u32)], run_number| SwitchTarget {
        decision,
        before: Some(SeenShares { units: shares(before), run_number }),
        ..target(before, &[("acme", 2)])
    };
    let no_line = Decision::NotSent(ErrorCode::Svc01);
    let stranded = |targets: &[SwitchTarget]| plan_switches(targets, &[]).stranded;
    assert_eq!(stranded(&[falls(), stuck(no_line, &[("acme", 0)], 5)]), [(0, 1)]);
    let dismissed = Decision::Dismissed(change(0.0, 2));
    assert_eq!(stranded(&[stuck(dismissed, &[("acme", 0)], 5), falls()]), [(1, 0)]);
    assert_eq!(stranded(&[falls(), stuck(no_line, &[("acme", 2)], 5)]), [], "its users were there before");
    assert_eq!(stranded(&[falls(), stuck(no_line, &[("acme", 0)], 4)]), [], "it rose before the fall");
    assert_eq!(stranded(&[falls(), target(&[("acme", 0)], &[("acme", 2)])]), [], "it has its rise");
    let Decision::Write(change) = falls().decision else { panic!("it is written") };
    let approved = Decision::Write(Change { approved: true, ..change });
    let approved = SwitchTarget { decision: approved, ..falls() };
    assert_eq!(stranded(&[approved, stuck(no_line, &[("acme", 0)], 5)]), [], "a person has approved it");
}
