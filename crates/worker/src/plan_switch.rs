//! Plan switches (B-07) in a job: which contracts are worked on together, and how the two halves are decided.

use std::collections::BTreeMap;

use domain::{
    CompanyId, Decision, ErrorCode, OldLine, PairId, PlanSwitch, Remark, SwitchTarget, decide_together,
    line_of, plan_switches, wait_for_person,
};
use messages::job_content::{Contract, Target};

use crate::{
    in_hand::InHand,
    planned::{DecidedTarget, Half},
};

/// The contracts of a job in their order, grouped if users of a company may have moved between them: one contract
/// of an account has a line that falls, another has one that rises. Neither can be decided before both are read.
pub(crate) fn worked_on_together(contracts: &[Contract]) -> Vec<Vec<&Contract>> {
    let mut moves: BTreeMap<&CompanyId, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (place, contract) in contracts.iter().enumerate() {
        for (company, falls) in contract.targets.iter().flat_map(moved) {
            let (falling, rising) = moves.entry(company).or_default();
            if falls { falling.push(place) } else { rising.push(place) }
        }
    }
    // The group of each contract, named by its first member.
    let mut groups: Vec<usize> = (0..contracts.len()).collect();
    for (falling, rising) in moves.values() {
        for (fall, rise) in falling.iter().flat_map(|fall| rising.iter().map(move |rise| (*fall, *rise))) {
            if contracts[fall].account == contracts[rise].account {
                let (one, other) = (groups[fall], groups[rise]);
                groups
                    .iter_mut()
                    .filter(|group| **group == one.max(other))
                    .for_each(|group| *group = one.min(other));
            }
        }
    }
    let mut together: BTreeMap<usize, Vec<&Contract>> = BTreeMap::new();
    for (contract, group) in contracts.iter().zip(groups) {
        together.entry(group).or_default().push(contract);
    }
    together.into_values().collect()
}

/// The companies with other counts in a target's number than when its line was last seen, and whether they fell.
fn moved(target: &Target) -> Vec<(&CompanyId, bool)> {
    let Some(now) = target.shares_now() else { return Vec::new() };
    let shares = target.shares_before();
    let before = |company| shares.as_ref().and_then(|shares| shares.units.get(company)).copied().unwrap_or(0);
    let companies = target.addends.iter().map(|addend| &addend.company);
    let mut moved: Vec<_> = companies
        .filter_map(|company| {
            let (before, now) = (before(company), now.get(company).copied().unwrap_or(0));
            (now != before).then_some((company, now < before))
        })
        .collect();
    moved.dedup();
    moved
}

/// Finds the plan switches of contracts that are worked on together, and decides the two halves of each as one.
pub(crate) fn join_halves(in_hand: &mut [InHand<'_>], mut new_pair: impl FnMut() -> PairId) {
    let places: Vec<(usize, usize)> = in_hand
        .iter()
        .enumerate()
        .flat_map(|(contract, work)| (0..work.planned.decided.len()).map(move |target| (contract, target)))
        .collect();
    let left_behind: Vec<_> = in_hand
        .iter()
        .flat_map(|work| work.planned.left_behind.iter().map(|(left, _)| left.clone()))
        .collect();
    // Nothing can be sent for these targets, whatever each of them needs.
    let barred: Vec<(usize, usize)> = in_hand
        .iter()
        .enumerate()
        .filter(|(_, work)| work.planned.decided.is_empty())
        .flat_map(|(contract, work)| (0..work.contract.targets.len()).map(move |target| (contract, target)))
        .collect();
    let targets: Vec<SwitchTarget> = places
        .iter()
        .map(|place| {
            let (decided, target) = at(in_hand, *place);
            SwitchTarget {
                decision: decided.decision,
                shown: decided.shown,
                before: target.shares_before(),
                now: target.shares_now(),
            }
        })
        .chain(barred.iter().map(|(contract, target)| {
            let target = &in_hand[*contract].contract.targets[*target];
            SwitchTarget {
                decision: Decision::NotSent(ErrorCode::Map03),
                shown: 0.0,
                before: target.shares_before(),
                now: target.shares_now(),
            }
        }))
        .collect();
    let found = plan_switches(&targets, &left_behind);
    for PlanSwitch { fall, rise } in found.pairs {
        let (fall, rise) = (places[fall], places[rise]);
        join(in_hand, fall, rise, &mut new_pair);
    }
    for rise in found.unpaired {
        let place = places[rise];
        let remark = old_lines_stay(&in_hand[place.0], place.1);
        let decided = &mut in_hand[place.0].planned.decided[place.1];
        decided.decision = wait_for_person(decided.decision);
        decided.remark = Some(remark);
    }
    for (fall, rise) in found.stranded {
        let rise = places.iter().chain(&barred).nth(rise).copied();
        strand(in_hand, places[fall], rise.expect("one of those that were looked at"));
    }
    for place in places {
        let begun = at(in_hand, place).1.begun_pair;
        let decided = &mut in_hand[place.0].planned.decided[place.1];
        // An earlier attempt made the fall and was then stopped: the rest of the pair is finished as its rise.
        if let (Some(pair), None, Decision::Write(change)) = (begun, decided.half, decided.decision)
            && f64::from(change.to) > change.from
        {
            decided.half = Some(Half { pair, is_rise: true });
        }
    }
}

fn at<'a>(in_hand: &'a [InHand<'_>], (contract, target): (usize, usize)) -> (&'a DecidedTarget, &'a Target) {
    let work = &in_hand[contract];
    (&work.planned.decided[target], &work.contract.targets[target])
}

/// Decides the two halves of a plan switch as one.
fn join(
    in_hand: &mut [InHand<'_>],
    fall: (usize, usize),
    rise: (usize, usize),
    new_pair: &mut impl FnMut() -> PairId,
) {
    let ((falls, old), (rises, new)) = (at(in_hand, fall), at(in_hand, rise));
    let (of_fall, of_rise) = decide_together(falls.decision, rises.decision);
    let either_waits_until = falls.waits_until.or(rises.waits_until);
    let is_one = matches!(
        (of_fall, of_rise),
        (Decision::Write(_), Decision::Write(_)) | (Decision::Hold(..), Decision::Hold(..))
    );
    let pair = is_one.then(new_pair);
    let (falls, rises) = (old.service_name.clone(), new.service_name.clone());
    let remark = pair.map(|_| Remark::PlanSwitch { falls, rises });
    // A rise that waits with its fall has no instant of its own. The fall may wait for another line's write.
    let waits_until = match of_fall {
        Decision::Wait(_) => either_waits_until.or(old.unsure_until),
        _ => None,
    };
    for (place, decision, is_rise) in [(fall, of_fall, false), (rise, of_rise, true)] {
        let decided = &mut in_hand[place.0].planned.decided[place.1];
        decided.decision = decision;
        decided.half = pair.map(|pair| Half { pair, is_rise });
        decided.waits_until = waits_until.filter(|_| matches!(decision, Decision::Wait(_)));
        decided.remark = remark.clone();
    }
}

/// Makes a fall wait if its users went to a line that cannot be written: for a person, or with that line until it
/// can be checked.
fn strand(in_hand: &mut [InHand<'_>], fall: (usize, usize), rise: (usize, usize)) {
    let InHand { contract, planned, .. } = &in_hand[rise.0];
    let new = &contract.targets[rise.1];
    let decided_rise = planned.decided.get(rise.1);
    let of_rise = decided_rise.map(|decided| decided.decision);
    let (falls, rises) = (at(in_hand, fall).1.service_name.clone(), new.service_name.clone());
    let waits_until = decided_rise.and_then(|decided| decided.waits_until).or(new.unsure_until);
    let decided = &mut in_hand[fall.0].planned.decided[fall.1];
    match (decided.decision, of_rise) {
        (Decision::Write(change), Some(Decision::Wait(_))) => {
            decided.decision = Decision::Wait(line_of(&change));
            decided.waits_until = waits_until;
        }
        (decision, _) => decided.decision = wait_for_person(decision),
    }
    decided.remark = Some(Remark::RiseNotSent { falls, rises });
}

/// The old lines that would bill the same users as a rise.
fn old_lines_stay(work: &InHand<'_>, rise: usize) -> Remark {
    let of_rise = &work.contract.targets[rise];
    let concerns = |company: &CompanyId| of_rise.addends.iter().any(|addend| addend.company == *company);
    let gone = work.planned.left_behind.iter().filter(|(left, _)| concerns(&left.company));
    let gone =
        gone.map(|(_, line)| OldLine { service_id: line.service_id, service: None, shown: line.units });
    let stuck = work.planned.decided.iter().zip(&work.contract.targets).filter(|(decided, target)| {
        matches!(decided.decision, Decision::NotSent(_))
            && target.addends.iter().any(|addend| concerns(&addend.company))
            && target.wanted_units().is_some_and(|wanted| decided.shown > f64::from(wanted))
    });
    let stuck = stuck.map(|(decided, target)| OldLine {
        service_id: target.service,
        service: Some(target.service_name.clone()),
        shown: decided.shown,
    });
    Remark::OldLinesStay { rises: of_rise.service_name.clone(), old_lines: gone.chain(stuck).collect() }
}
