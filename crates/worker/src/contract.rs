//! One contract: what Kaseya shows, and what is to be done about it.

use domain::{Change, Decision, ErrorCode, Line, PlanContext, ShownContract, Wanted, plan_target};
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

/// A change of a line that was read.
pub(crate) struct PlannedWrite {
    /// Which target, by its place.
    pub(crate) target: usize,
    /// The whole line as Kaseya showed it.
    pub(crate) line: ContractLine,
    /// The change.
    pub(crate) change: Change,
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
    for (index, target) in contract.targets.iter().enumerate() {
        let same_service: Vec<&ContractLine> =
            lines.iter().filter(|line| line.service_id == target.service).collect();
        let decision = decide(attempt, target, &same_service, contract_end);
        let line = if let [line] = same_service[..] { Some(line) } else { None };
        let result = result_of(contract, target, &decision, line);
        if let (Decision::Write(change), Some(line)) = (decision, line) {
            planned.writes.push(PlannedWrite { target: index, line: line.clone(), change });
        }
        planned.results.push(result);
    }
    if let Some(shown) = shown
        && ownership::is_in_doubt(contract, shown, !planned.writes.is_empty())
    {
        match ownership::ask(attempt, contract, shown).await? {
            Owner::Mapped(name) => planned.owner_name = name,
            Owner::Other => {
                let name = &contract.name;
                let words = format!("The contract \"{name}\" is not one of the account it was mapped with.");
                planned.writes.clear();
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
