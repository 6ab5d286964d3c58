//! One contract: what Kaseya shows, and what is to be done about it.

use domain::{Change, Decision, ErrorCode, Line, PlanContext, Wanted, plan_target};
use jiff::civil::Date;
use kaseya::{BmsError, ContractLine};
use messages::{field::wire_instant, v1};

use crate::{
    attempt::Attempt,
    content::{Contract, Target},
    decided::result_of,
    outcome::TargetResult,
};

/// A contract's targets, decided.
pub(crate) struct Planned {
    /// One result per target, in their order. Those to be written are overwritten once it is known what came of it.
    pub(crate) results: Vec<TargetResult>,
    /// What is to be written.
    pub(crate) writes: Vec<PlannedWrite>,
    /// The lines of our services, as read.
    pub(crate) lines: Vec<v1::LineSeen>,
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
    shown: Option<&kaseya::Contract>,
) -> Result<Planned, BmsError> {
    let mut planned = Planned { results: Vec::new(), writes: Vec::new(), lines: Vec::new() };
    if let Some((code, words)) = out_of_use(contract, shown) {
        let result = TargetResult::not_sent(code, Some(words));
        let of = |target: &Target| TargetResult { to: target.wanted_units(), ..result.clone() };
        planned.results = contract.targets.iter().map(of).collect();
        return Ok(planned);
    }
    let any_number = contract.targets.iter().any(|target| target.wanted != Wanted::Unknown);
    let lines = if any_number { attempt.session.lines(contract.id).await? } else { Vec::new() };
    planned.lines = seen_lines(attempt, contract, &lines);
    let contract_end = shown.and_then(|shown| shown.end_date);
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
    if !planned.writes.is_empty() && !belongs_to_account(attempt, contract).await? {
        let words =
            format!("The contract \"{}\" is not one of the account it was mapped with.", contract.name);
        for write in std::mem::take(&mut planned.writes) {
            let result = TargetResult::not_sent(ErrorCode::Con04, Some(words.clone()));
            planned.results[write.target] = TargetResult { to: Some(write.change.to), ..result };
        }
    }
    Ok(planned)
}

/// Whether the contract is still the mapped account's. Asked only before a change: the look-up by contract does not say
/// whose it is, and one look-up per account every night would be many calls.
async fn belongs_to_account(attempt: &Attempt<'_>, contract: &Contract) -> Result<bool, BmsError> {
    let owned = attempt.session.contracts_of(contract.account).await?;
    Ok(owned.iter().any(|owned| owned.id == contract.id))
}

/// Why a contract cannot be billed on, if it cannot.
fn out_of_use(contract: &Contract, shown: Option<&kaseya::Contract>) -> Option<(ErrorCode, String)> {
    let name = &contract.name;
    let Some(shown) = shown else {
        return Some((ErrorCode::Con02, format!("Kaseya no longer shows the contract \"{name}\".")));
    };
    if !shown.is_active {
        return Some((ErrorCode::Con02, format!("The contract \"{name}\" is not active in Kaseya.")));
    }
    let newest_count = contract
        .targets
        .iter()
        .flat_map(|target| &target.addends)
        .filter_map(|addend| addend.count.map(|count| count.day))
        .max();
    match (shown.end_date, newest_count) {
        (Some(end), Some(day)) if end < day => Some((
            ErrorCode::Con01,
            format!("The contract \"{name}\" ended on {end}, before the count of {day}."),
        )),
        _ => None,
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
