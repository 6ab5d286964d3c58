//! Plan switches (B-07): a company's users move from one product to another, so one line falls and another rises.
//!
//! # What is a pair
//!
//! A fall of one target and a rise of another, both caused by the same company and by no other:
//!
//! - A target *falls* or *rises* if its line is due to be changed, or is held, to fewer or more units. A fall that
//!   waits after a write without a response counts as one. A change that sends a number Kaseya had before does not:
//!   someone else moved that line.
//! - A company *causes* it if, since the line last showed our number (or Kaseya last accepted it), that company's
//!   share of the number moved the same way and every other company's share stayed the same. Nothing is known about a
//!   line that never showed our number, unless it shows 0: then it held no users.
//!
//! The two need not be of the same size: people join and leave on the day of a switch. If one company has several
//! falls and rises, the largest are paired; the rest are not a pair. A number that a person has dismissed is in no
//! pair: that line is already decided.
//!
//! Not a pair: a target that two companies moved at once, a fall and a rise of two companies, a first sync.
//!
//! # A switch that cannot be a pair
//!
//! If a company causes the rise and the old line stays above the company's share, because nothing maps the old
//! product there any more or because its line cannot be written, the rise would bill the same users twice: it waits
//! for a person (MAP-03). Only changes since both lines were last seen count: once the new line holds our number, the
//! old line is a leftover and not a switch.
//!
//! In the opposite case a company causes the fall and its users moved to a line that cannot be written. The fall
//! alone would bill them nowhere: it waits for a person too.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Brake, Change, CompanyId, Decision, Line};

/// Each company's share of a target's number when the line was last seen to hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenShares {
    /// Units of each company.
    pub units: BTreeMap<CompanyId, u32>,
    /// The run that saw the line.
    pub run_number: u64,
}

/// A target as plan-switch detection sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchTarget {
    /// The decision on the target.
    pub decision: Decision,
    /// The units on all its lines together.
    pub shown: f64,
    /// The shares as last seen; `None` if never seen.
    pub before: Option<SeenShares>,
    /// Each company's share of the wanted number; `None` if a count is missing.
    pub now: Option<BTreeMap<CompanyId, u32>>,
}

/// A company's users on a line still above 0 that none of the company's products is mapped to any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// The company that the users belong to.
    pub company: CompanyId,
    /// The run in which the line last showed our number.
    pub run_number: u64,
}

/// The two halves of a plan switch, as indices into the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanSwitch {
    /// The target with the falling line.
    pub fall: usize,
    /// The target with the rising line.
    pub rise: usize,
}

/// The plan switches among the targets of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanSwitches {
    /// The paired falls and rises.
    pub pairs: Vec<PlanSwitch>,
    /// The targets with a rise that waits for a person because the old line cannot fall with it.
    pub unpaired: Vec<usize>,
    /// The targets with a fall that waits for a person because the new line cannot rise with it, each with that
    /// line's target.
    pub stranded: Vec<(usize, usize)>,
}

/// Finds the plan switches among an account's targets.
pub fn plan_switches(targets: &[SwitchTarget], left_behind: &[LeftBehind]) -> PlanSwitches {
    let mut of_companies: BTreeMap<&CompanyId, Moves> = BTreeMap::new();
    for (place, target) in targets.iter().enumerate() {
        if let Some((company, size)) = target.moved_by() {
            let moves = of_companies.entry(company).or_default();
            let side = if size < 0 { &mut moves.falls } else { &mut moves.rises };
            side.push((size.unsigned_abs(), place));
        }
    }
    let mut found = PlanSwitches::default();
    for (company, mut moves) in of_companies {
        for side in [&mut moves.falls, &mut moves.rises] {
            side.sort_by_key(|(size, place)| (std::cmp::Reverse(*size), *place));
        }
        let together = moves.falls.iter().zip(&moves.rises);
        let pairs = together.map(|((_, fall), (_, rise))| PlanSwitch { fall: *fall, rise: *rise });
        found.pairs.extend(pairs);
        let alone = moves.rises.iter().skip(moves.falls.len()).map(|(_, place)| *place);
        found.unpaired.extend(alone.filter(|place| {
            let rise = &targets[*place];
            let stuck = targets.iter().filter_map(|target| target.stuck_above(company));
            let left = left_behind.iter().filter(|left| left.company == *company);
            let mut seen = stuck.chain(left.map(|left| left.run_number));
            rise.may_be_held()
                && seen.any(|run| rise.before.as_ref().is_none_or(|before| before.run_number <= run))
        }));
        let alone = moves.falls.iter().skip(moves.rises.len()).map(|(_, place)| *place);
        found.stranded.extend(alone.filter_map(|place| {
            let fall = &targets[place];
            let before = fall.before.as_ref().filter(|_| fall.may_be_held())?.run_number;
            let stuck = targets.iter().position(|target| target.stuck_below(company) >= Some(before))?;
            Some((place, stuck))
        }));
    }
    found.unpaired.sort_unstable();
    found.stranded.sort_unstable();
    found
}

/// Falls and rises, each with its size and index.
#[derive(Default)]
struct Moves {
    falls: Vec<(u64, usize)>,
    rises: Vec<(u64, usize)>,
}

impl SwitchTarget {
    /// Each company's share of the wanted number, and that number.
    fn wanted(&self) -> Option<(&BTreeMap<CompanyId, u32>, f64)> {
        let now = self.now.as_ref()?;
        Some((now, now.values().copied().map(f64::from).sum()))
    }

    /// The only company that moved the target, and by how much.
    fn moved_by(&self) -> Option<(&CompanyId, i64)> {
        let (now, wanted) = self.wanted()?;
        let (from, to) = match self.decision {
            Decision::Write(change) | Decision::Hold(change, _) if change.rewrite.is_none() => {
                (change.from, f64::from(change.to))
            }
            Decision::Wait(line) if wanted < line.units => (line.units, wanted),
            _ => return None,
        };
        let before = self.before.as_ref().map(|before| &before.units);
        if before.is_none() && self.shown != 0.0 {
            return None;
        }
        let companies: BTreeSet<&CompanyId> =
            before.into_iter().flat_map(BTreeMap::keys).chain(now.keys()).collect();
        let size = |company: &CompanyId| {
            let before = before.and_then(|before| before.get(company)).copied().unwrap_or(0);
            i64::from(now.get(company).copied().unwrap_or(0)) - i64::from(before)
        };
        let mut moved =
            companies.into_iter().map(|company| (company, size(company))).filter(|(_, size)| *size != 0);
        let (only, None) = (moved.next()?, moved.next()) else { return None };
        ((only.1 < 0) == (to < from)).then_some(only)
    }

    /// The run in which the line last showed our number, if the company's share has fallen since and the line cannot
    /// be written although it shows more than is wanted.
    fn stuck_above(&self, company: &CompanyId) -> Option<u64> {
        let (before, (now, wanted)) = (self.before.as_ref()?, self.wanted()?);
        let stuck = matches!(self.decision, Decision::NotSent(_)) && self.shown > wanted;
        let fell = before.units.get(company) > Some(now.get(company).unwrap_or(&0));
        (stuck && fell).then_some(before.run_number)
    }

    /// The run in which the line last showed our number, if the company's share has risen since and the line cannot
    /// be written.
    fn stuck_below(&self, company: &CompanyId) -> Option<u64> {
        let (before, now) = (self.before.as_ref()?, self.now.as_ref()?);
        let stuck =
            matches!(self.decision, Decision::NotSent(_) | Decision::Wait(_) | Decision::Dismissed(_));
        let rose = now.get(company) > Some(before.units.get(company).unwrap_or(&0));
        (stuck && rose).then_some(before.run_number)
    }

    /// Whether the change may be held for a person: it has no approval as it stands.
    fn may_be_held(&self) -> bool {
        match self.decision {
            Decision::Write(change) => !change.approved,
            Decision::Hold(..) => true,
            _ => false,
        }
    }
}

/// Decides a pair's two halves: both are written, or both wait for a person in one approval. The rise also waits with
/// a fall that waits after a write without a response.
pub fn decide_together(fall: Decision, rise: Decision) -> (Decision, Decision) {
    match (fall, rise) {
        (Decision::Hold(..), Decision::Write(change)) => (fall, Decision::Hold(change, Brake::PlanSwitch)),
        (Decision::Write(change), Decision::Hold(..)) => (Decision::Hold(change, Brake::PlanSwitch), rise),
        (Decision::Wait(_), Decision::Write(change)) => (fall, Decision::Wait(line_of(&change))),
        others => others,
    }
}

/// The line of a change, as Kaseya shows it.
pub fn line_of(change: &Change) -> Line {
    Line { id: change.line, units: change.from, effective_date: None }
}

/// Holds half of a plan switch if its other half cannot be written with it.
pub fn wait_for_person(half: Decision) -> Decision {
    match half {
        Decision::Write(change) | Decision::Hold(change, _) => Decision::Hold(change, Brake::PlanSwitch),
        other => other,
    }
}
