//! What a write of a whole contract, or of its whole list of lines, would undo on other lines: changes that Kaseya
//! accepted and shows only from a later day, and changes that may still land. Also what any write has changed on
//! other lines.

use std::collections::BTreeSet;

use domain::{Change, Decision, ErrorCode, IntentResult, LineId, Remark, line_of};
use kaseya::{ChangeInWait, ContractLine};
use messages::job_content::{Contract, WaitingChange};

use crate::{
    attempt::Attempt,
    planned::{DecidedTarget, Planned},
    write_result::Tried,
};

/// Writes nothing if a write would revert another change. It waits for a change that may still land. It is not sent
/// next to a change that nothing here would send again, because its line is no target of the contract.
pub(crate) fn stand_back(contract: &Contract, lines: &[ContractLine], decided: &mut [DecidedTarget]) {
    let unsure = contract.targets.iter().filter_map(|target| target.unsure_until);
    let landing = contract.waiting.iter().filter_map(|change| change.lands_until);
    if let Some(until) = unsure.chain(landing).max() {
        for decided in decided {
            if let Decision::Write(change) = decided.decision {
                decided.decision = Decision::Wait(line_of(&change));
                decided.waits_until = Some(until);
            }
        }
        return;
    }
    let taken_back = contract.waiting.iter().filter(|change| is_taken_back(change, lines, decided));
    if let Some(from_day) = taken_back.map(|change| change.effective_date).max() {
        for decided in decided.iter_mut() {
            if matches!(decided.decision, Decision::Write(_)) {
                decided.decision = Decision::NotSent(ErrorCode::Lin02);
                decided.remark = Some(Remark::ChangeInWait { from_day });
            }
        }
    }
}

/// Whether a line still shows something other than what was sent, and is not a target's line: for targets the wait
/// is known.
fn is_taken_back(change: &WaitingChange, lines: &[ContractLine], decided: &[DecidedTarget]) -> bool {
    let is_target =
        decided.iter().filter_map(|target| target.line.as_ref()).any(|line| line.id == change.line);
    let shows_other = |line: &ContractLine| line.id == change.line && line.units != f64::from(change.to);
    !is_target && lines.iter().any(shows_other)
}

/// Whether a write of the whole contract had no response: if it lands later, it reverts what is written meanwhile.
pub(crate) fn may_yet_land(attempt: &Attempt<'_>, of_contract: &[&Tried]) -> bool {
    attempt.session.writes_whole_contracts()
        && of_contract.iter().any(|one| one.result == IntentResult::Unsure)
}

/// The changes of a contract's other lines that Kaseya accepted and that its lines may not show yet. A write of the
/// whole contract would revert them.
pub(crate) fn changes_in_wait(
    attempt: &Attempt<'_>,
    contract: &Contract,
    planned: &Planned,
    tried: &[&Tried],
) -> Vec<ChangeInWait> {
    if !attempt.session.writes_whole_contracts() {
        return Vec::new();
    }
    let before = contract.targets.iter().zip(&planned.decided).filter_map(|(target, decided)| {
        // Once its day has come the line should show it: otherwise it is lost, and decided again.
        let pending = target.remembered.pending.filter(|pending| !pending.due)?;
        let line = decided.line.as_ref().filter(|line| line.units == pending.from)?;
        let is_replaced = matches!(decided.decision, Decision::Write(_));
        (!is_replaced).then_some(ChangeInWait {
            line: line.id,
            from: pending.from,
            to: pending.to,
            effective_date: pending.effective_date,
        })
    });
    let now = tried.iter().filter(|one| one.result == IntentResult::Sent).map(|one| {
        let Change { line, from, to, effective_date, .. } = planned.writes[one.place.1].change;
        ChangeInWait { line, from, to, effective_date }
    });
    before.chain(now).collect()
}

/// Number of lines other than ours that a write changed: lines that were sent with it, and lines that are gone or
/// new. A line with a waiting change is left to the reading on its day.
pub(crate) fn other_lines_changed(
    attempt: &Attempt<'_>,
    contract: &Contract,
    planned: &Planned,
    shown: &[ContractLine],
) -> u32 {
    let targets = contract.targets.iter().zip(&planned.decided);
    let waits = targets.filter(|(target, _)| target.remembered.pending.is_some());
    let waits = waits.filter_map(|(_, decided)| decided.line.as_ref()).map(|line| line.id);
    let told = planned.writes.iter().map(|write| write.change.line).chain(waits);
    let told: BTreeSet<LineId> = told.chain(contract.waiting.iter().map(|change| change.line)).collect();
    let writes_lists = attempt.session.writes_lists();
    let held = |line: &ContractLine| (line.service_id, line.units, line.unit_price, line.effective_date);
    let is_as_before = |before: &&ContractLine| {
        let mut now = shown.iter().filter(|line| line.id == before.id);
        let is_same = |line: &ContractLine| {
            held(line) == held(before) && attempt.session.fields_changed(before, line).is_empty()
        };
        now.any(|line| !writes_lists || is_same(line))
    };
    let others = planned.lines.iter().filter(|line| !told.contains(&line.id) && !is_as_before(line));
    let is_new = |line: &&ContractLine| planned.lines.iter().all(|before| before.id != line.id);
    let count = others.count() + shown.iter().filter(is_new).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}
