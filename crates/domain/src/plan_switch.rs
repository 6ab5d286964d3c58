//! Plan switches (B-07): a company's users moved from one product to another, so that one line falls and another rises.
//!
//! # What is a pair
//!
//! A fall of one target and a rise of another, each the work of the same one company, and of nobody else:
//!
//! - a target *falls* or *rises* when its line is to be changed, or held, to fewer or more units. A fall that waits after a
//!   write without an answer is one too; a change that sends again what Kaseya had before is none: somebody else moved that
//!   line.
//! - it is a company's *work* when, since the line was last seen to hold our number (or Kaseya last took it), what that
//!   company's counts are in the number went the same way, and what every other company's are stayed as it was. Of a line
//!   that was never seen to hold our number nothing is known, unless it shows 0: then nobody was in it.
//!
//! The two need not be of one size: people join and leave on the day of a switch. Of several falls and rises of one company
//! the largest go together; what is left over is no pair. A number that a person has dismissed is in no pair: what
//! becomes of that line is decided.
//!
//! No pair: a target that two companies moved at once, a fall and a rise of two companies, a first sync.
//!
//! # A switch that cannot be a pair
//!
//! Where the rise is a company's work and the old line stays above what its counts are, because nothing maps the old
//! product there any more or its line cannot be written, the rise would bill the same users twice: it waits for a person
//! (MAP-03). Only what went on since both lines were last seen counts: once the new line holds our number, the old one is
//! a leftover and no switch.
//!
//! The other way round, where the fall is a company's work and its users went to a line that cannot be written, the fall alone
//! would bill them nowhere: it waits for a person too.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Brake, Change, CompanyId, Decision, Line};

/// What each company's counts were in a target's number when its line was last seen to hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenShares {
    /// Units by company.
    pub units: BTreeMap<CompanyId, u32>,
    /// The run that saw it.
    pub run_number: u64,
}

/// A target as a plan switch looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchTarget {
    /// What is to be done about it.
    pub decision: Decision,
    /// What its lines show, all together.
    pub shown: f64,
    /// As last seen; `None` before that.
    pub before: Option<SeenShares>,
    /// What each company's counts are in the wanted number; `None` when a count is missing.
    pub now: Option<BTreeMap<CompanyId, u32>>,
}

/// A company's users in a line that nothing of it is mapped to any more, and that is still above 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// Whose.
    pub company: CompanyId,
    /// The run that last saw the line hold our number.
    pub run_number: u64,
}

/// The two halves of a plan switch, by their places among the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanSwitch {
    /// The target whose line falls.
    pub fall: usize,
    /// The target whose line rises.
    pub rise: usize,
}

/// The plan switches among the targets of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanSwitches {
    /// The pairs.
    pub pairs: Vec<PlanSwitch>,
    /// The targets whose rise waits for a person because the old line cannot fall with it.
    pub unpaired: Vec<usize>,
    /// The targets whose fall waits for a person because the new line cannot rise with it, each with that line's target.
    pub stranded: Vec<(usize, usize)>,
}

/// Finds the plan switches.
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

/// Falls and rises, each with its size and its place.
#[derive(Default)]
struct Moves {
    falls: Vec<(u64, usize)>,
    rises: Vec<(u64, usize)>,
}

impl SwitchTarget {
    /// What each company's counts are in the wanted number, and that number.
    fn wanted(&self) -> Option<(&BTreeMap<CompanyId, u32>, f64)> {
        let now = self.now.as_ref()?;
        Some((now, now.values().copied().map(f64::from).sum()))
    }

    /// The one company whose counts moved the target, and by how much.
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

    /// The run that last saw the line hold our number, where the company's counts fell since and the line cannot be written
    /// although it shows more than is wanted.
    fn stuck_above(&self, company: &CompanyId) -> Option<u64> {
        let (before, (now, wanted)) = (self.before.as_ref()?, self.wanted()?);
        let stuck = matches!(self.decision, Decision::NotSent(_)) && self.shown > wanted;
        let fell = before.units.get(company) > Some(now.get(company).unwrap_or(&0));
        (stuck && fell).then_some(before.run_number)
    }

    /// The run that last saw the line hold our number, where the company's counts rose since and the line cannot be written.
    fn stuck_below(&self, company: &CompanyId) -> Option<u64> {
        let (before, now) = (self.before.as_ref()?, self.now.as_ref()?);
        let stuck =
            matches!(self.decision, Decision::NotSent(_) | Decision::Wait(_) | Decision::Dismissed(_));
        let rose = now.get(company) > Some(before.units.get(company).unwrap_or(&0));
        (stuck && rose).then_some(before.run_number)
    }

    /// Whether the change waits for a person if it must: it was not approved as it is.
    fn may_be_held(&self) -> bool {
        match self.decision {
            Decision::Write(change) => !change.approved,
            Decision::Hold(..) => true,
            _ => false,
        }
    }
}

/// What becomes of a pair's two halves: both are written, or both wait for a person in one approval; and the rise waits with
/// a fall that waits after a write without an answer.
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

/// What becomes of half of a plan switch whose other half cannot be written with it.
pub fn wait_for_person(half: Decision) -> Decision {
    match half {
        Decision::Write(change) | Decision::Hold(change, _) => Decision::Hold(change, Brake::PlanSwitch),
        other => other,
    }
}
