//! One contract: what Kaseya shows, and what is to be done about it.

use domain::{
    Change, Decision, ErrorCode, LeftBehind, Line, PairId, PlanContext, ShownContract, Wanted, plan_target,
};
use jiff::{Timestamp, civil::Date};
use kaseya::{BmsError, ContractLine};
use messages::{field::wire_instant, v1};

use crate::{
    attempt::Attempt,
    content::{Contract, Target},
    decided::result_of,
    outcome::TargetResult,
    ownership::{self, Owner},
    shown::out_of_use,
    writing::Written,
};

/// A contract's targets, decided.
#[derive(Default)]
pub(crate) struct Planned {
    /// What was decided about each target, in their order; none where nothing of the contract can be sent.
    pub(crate) decided: Vec<DecidedTarget>,
    /// Whose users are in lines that nothing of them is mapped to any more, and that show units.
    pub(crate) left_behind: Vec<(LeftBehind, ContractLine)>,
    /// One result per target, in their order. Those to be written are overwritten once it is known what came of it.
    pub(crate) results: Vec<TargetResult>,
    /// What is to be written.
    pub(crate) writes: Vec<PlannedWrite>,
    /// The lines of our services, as read.
    pub(crate) lines: Vec<v1::LineSeen>,
    /// When they were read, if they were.
    pub(crate) read_at: Option<Timestamp>,
    /// The contract's total before any change, if the survey showed it.
    pub(crate) total: Option<f64>,
    /// The name of its account, when it was asked whose it is.
    pub(crate) owner_name: Option<String>,
}

/// What was decided about a target, and what Kaseya shows for it.
pub(crate) struct DecidedTarget {
    /// What is to be done.
    pub(crate) decision: Decision,
    /// Its line, where there is exactly one.
    pub(crate) line: Option<ContractLine>,
    /// What its lines show, all together.
    pub(crate) shown: f64,
    /// Its part in a plan switch.
    pub(crate) half: Option<Half>,
    /// Until when it waits with the other half.
    pub(crate) waits_until: Option<Timestamp>,
    /// What people need to know of the plan switch.
    pub(crate) words: Option<String>,
}

/// A part in a plan switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Half {
    /// Which plan switch.
    pub(crate) pair: PairId,
    /// Whether it is the rise, which is written only when Kaseya took the fall.
    pub(crate) is_rise: bool,
}

/// A change of a line that was read.
pub(crate) struct PlannedWrite {
    /// Which target, by its place.
    pub(crate) target: usize,
    /// The whole line as Kaseya showed it.
    pub(crate) line: ContractLine,
    /// The change.
    pub(crate) change: Change,
    /// Its part in a plan switch.
    pub(crate) half: Option<Half>,
}

/// Reads a contract's lines and decides its targets. Lines are read only when a number could be sent.
pub(crate) async fn plan_contract(
    attempt: &Attempt<'_>,
    contract: &Contract,
    shown: Option<&ShownContract>,
) -> Result<Planned, BmsError> {
    let mut planned = Planned::default();
    if let Some((code, words)) = out_of_use(contract, shown) {
        planned.results = all_not_sent(contract, code, &words);
        return Ok(planned);
    }
    let any_number = contract.targets.iter().any(|target| target.wanted != Wanted::Unknown);
    let lines = if any_number { attempt.session.lines(contract.id).await? } else { Vec::new() };
    planned.lines = seen_lines(attempt, contract, &lines);
    planned.total = shown.and_then(|shown| shown.total);
    planned.read_at = any_number.then(|| attempt.clock.now());
    let contract_end = shown.and_then(|shown| shown.end);
    for target in &contract.targets {
        let same_service: Vec<&ContractLine> =
            lines.iter().filter(|line| line.service_id == target.service).collect();
        let decision = decide(attempt, target, &same_service, contract_end);
        planned.decided.push(DecidedTarget {
            decision,
            line: if let [line] = same_service[..] { Some(line.clone()) } else { None },
            shown: same_service.iter().map(|line| line.units).sum(),
            half: None,
            waits_until: None,
            words: None,
        });
    }
    for left in &contract.left_behind {
        let line = lines.iter().find(|line| line.service_id == left.service && line.units > 0.0);
        planned.left_behind.extend(line.map(|line| {
            let (company, run_number) = (left.company.clone(), left.run_number);
            (LeftBehind { company, run_number }, line.clone())
        }));
    }
    let writes = planned.decided.iter().any(|target| matches!(target.decision, Decision::Write(_)));
    if let Some(shown) = shown
        && ownership::is_in_doubt(contract, shown, writes)
    {
        match ownership::ask(attempt, contract, shown).await? {
            Owner::Mapped(name) => planned.owner_name = name,
            Owner::Other => {
                let name = &contract.name;
                let words = format!("The contract \"{name}\" is not one of the account it was mapped with.");
                planned.decided.clear();
                planned.results = all_not_sent(contract, ErrorCode::Con04, &words);
            }
        }
    }
    Ok(planned)
}

/// The same result for each target.
fn all_not_sent(contract: &Contract, code: ErrorCode, words: &str) -> Vec<TargetResult> {
    let result = TargetResult::not_sent(code, Some(words.to_owned()));
    let of = |target: &Target| TargetResult { to: target.wanted_units(), ..result.clone() };
    contract.targets.iter().map(of).collect()
}

impl Planned {
    /// Makes results and writes of what was decided.
    pub(crate) fn settle(&mut self, contract: &Contract) {
        for (index, (decided, target)) in self.decided.iter().zip(&contract.targets).enumerate() {
            let result = result_of(contract, target, &decided.decision, decided.line.as_ref());
            let words = [result.words.clone(), decided.words.clone()];
            let words: Vec<String> = words.into_iter().flatten().collect();
            self.results.push(TargetResult {
                words: (!words.is_empty()).then(|| words.join(" ")),
                deferred_until: decided.waits_until.or(result.deferred_until),
                pair: decided.half.map(|half| half.pair),
                ..result
            });
            if let (Decision::Write(change), Some(line)) = (decided.decision, &decided.line) {
                let (line, half) = (line.clone(), decided.half);
                self.writes.push(PlannedWrite { target: index, line, change, half });
            }
        }
    }

    /// That the contract was read, and what its total should be by now; `None` when its lines were not.
    pub(crate) fn read(&self, contract: &Contract, written: &Written) -> Option<v1::ContractRead> {
        Some(v1::ContractRead {
            contract_id: Some(contract.id.0),
            read_at: Some(wire_instant(self.read_at?)),
            total_before: self.total,
            total_moved: written.total_moved(&self.writes),
            owner_name: self.owner_name.clone(),
        })
    }
}

fn decide(
    attempt: &Attempt<'_>,
    target: &Target,
    same_service: &[&ContractLine],
    contract_end: Option<Date>,
) -> Decision {
    let lines: Vec<Line> = same_service
        .iter()
        .map(|line| Line { id: line.id, units: line.units, effective_date: line.effective_date })
        .collect();
    let context = PlanContext {
        wanted: target.wanted,
        effective_date: target.effective_date,
        contract_start: None,
        contract_end,
        brakes: attempt.content.brakes,
        approved: target.approved.map(|(_, units)| units),
        dismissed: target.dismissed,
        // The scheduler says so by its own clock, which is the ledger's.
        unsure: target.unsure_until.is_some(),
        remembered: target.remembered,
        drift: target.drift,
    };
    plan_target(&lines, &context)
}

/// The lines of the services that are mapped here; others are none of our business.
pub(crate) fn seen_lines(
    attempt: &Attempt<'_>,
    contract: &Contract,
    lines: &[ContractLine],
) -> Vec<v1::LineSeen> {
    let now = wire_instant(attempt.clock.now());
    lines
        .iter()
        .filter(|line| contract.targets.iter().any(|target| target.service == line.service_id))
        .map(|line| v1::LineSeen {
            contract_id: Some(contract.id.0),
            service_id: Some(line.service_id.0),
            line_id: Some(line.id.0),
            units: Some(line.units),
            unit_price: line.unit_price,
            effective_date: line.effective_date.map(|day| day.to_string()),
            seen_at: Some(now),
        })
        .collect()
}
