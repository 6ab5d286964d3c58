//! What a contract shows after its changes: whether they are confirmed.

use domain::{
    ErrorCode, FieldChange, IntentResult, Remark, UnconfirmedChange, has_begun_everywhere, total_tells,
};
use kaseya::ContractLine;
use messages::job_content::Contract;

use crate::{
    attempt::Attempt,
    planned::{Planned, PlannedWrite, Reading},
    target_result::price_code,
    write_result::Tried,
};

/// Whether the next survey's total will show all of these changes, together with earlier ones that were accepted
/// and not shown yet.
fn confirmed_by_total(
    attempt: &Attempt<'_>,
    contract: &Contract,
    planned: &Planned,
    tried: &[&Tried],
) -> bool {
    // A total does not show a field that a write has lost, and a write of a list may have lost more.
    if !attempt.content.confirm_by_total || attempt.session.writes_lists() {
        return false;
    }
    let sent = tried.iter().filter(|one| matches!(one.result, IntentResult::Sent | IntentResult::Unsure));
    let mut changes: Vec<UnconfirmedChange> = sent
        .map(|one| {
            let PlannedWrite { line, change, half, .. } = &planned.writes[one.place.1];
            let moves = line.unit_price.map(|price| (f64::from(change.to) - change.from) * price);
            UnconfirmedChange {
                moves: moves.filter(|_| one.result == IntentResult::Sent),
                is_half: half.is_some(),
                read_since: false,
            }
        })
        .collect();
    let moved: f64 = changes.iter().filter_map(|change| change.moves).sum();
    let written = |place: usize| tried.iter().any(|one| planned.writes[one.place.1].target == place);
    for (place, (target, decided)) in contract.targets.iter().zip(&planned.decided).enumerate() {
        let remembered = &target.remembered;
        let pending = remembered.pending.filter(|pending| decided.shown != f64::from(pending.to));
        if written(place) || pending.is_none() && remembered.unanswered.is_none() {
            continue;
        }
        let price = decided.line.as_ref().and_then(|line| line.unit_price);
        let of_pending =
            pending.zip(price).map(|(pending, price)| (f64::from(pending.to) - pending.from) * price);
        let moves = of_pending.filter(|_| remembered.unanswered.is_none());
        changes.push(UnconfirmedChange { moves, is_half: false, read_since: true });
    }
    planned.expected_total(moved).is_some_and(|expected| expected.tells()) && total_tells(&changes)
}

/// Reads the contract again if anything may have changed, or if the endpoint for a line did not exist. `None` if
/// the reading failed, or is left to the next survey: then nothing is confirmed.
pub(crate) async fn check(
    attempt: &Attempt<'_>,
    contract: &Contract,
    planned: &mut Planned,
    tried: &[&Tried],
) -> Option<Vec<ContractLine>> {
    let not_served = tried.iter().any(|one| one.is_not_served());
    let any_sent = tried.iter().any(|one| matches!(one.result, IntentResult::Sent | IntentResult::Unsure));
    if !not_served && (!any_sent || confirmed_by_total(attempt, contract, planned, tried)) {
        return None;
    }
    let read = attempt.session.lines(contract.id).await.and_then(|lines| {
        let of_other = lines.iter().any(|line| line.names_other_account(contract.account));
        if of_other { Err(attempt.session.lines_of_other_account(contract.id)) } else { Ok(lines) }
    });
    match read {
        Ok(lines) => {
            planned.reading = Some(Reading::of(contract, &lines, attempt.clock.now()));
            Some(lines)
        }
        Err(error) => {
            tracing::warn!(%error, contract_id = contract.id.0, "the contract could not be read after writing");
            None
        }
    }
}

/// A change that the second reading shows is confirmed, even if its response was lost. If the line holds our units
/// from another day than ours, or another of its fields has changed, the change is accepted but not confirmed, and
/// people see both values. Returns whether the line shows our units.
pub(crate) fn confirm(
    attempt: &Attempt<'_>,
    one: &mut Tried,
    contract: &Contract,
    write: &PlannedWrite,
    shown: Option<&[ContractLine]>,
) -> bool {
    let change = &write.change;
    let found = shown.into_iter().flatten().find(|line| is_written(line, write));
    let Some(line) = found.filter(|line| line.units == f64::from(change.to)) else { return false };
    if !matches!(one.result, IntentResult::Sent | IntentResult::Unsure) {
        return false;
    }
    one.dated = line.effective_date;
    match line.effective_date.filter(|day| *day != change.effective_date) {
        None => one.result = IntentResult::Confirmed,
        Some(shown_day) => {
            one.result = IntentResult::Sent;
            one.code = Some(ErrorCode::Unk01);
            let (sent, from_day) = (change.to, change.effective_date);
            one.remark = Some(Remark::DateShownOtherwise { sent, from_day, shown_day });
        }
    }
    let prices = write.line.unit_price.zip(line.unit_price);
    if let Some((before, now)) = prices.filter(|(before, now)| before != now) {
        one.result = IntentResult::Sent;
        one.code = price_code(Some(line), Some(change.to)).or(Some(ErrorCode::Unk01));
        let service = contract.targets[write.target].service_name.clone();
        one.beside.push(Remark::PriceChanged { service, before, now });
    }
    let mut fields = attempt.session.fields_changed(&write.line, line);
    one.fields_changed = attempt.session.price_changed(&write.line, line).into_iter().collect();
    one.fields_changed.extend(fields.iter().cloned());
    let earlier = line.still_changed(&contract.targets[write.target].fields_changed);
    let is_new = |field: &FieldChange| one.fields_changed.iter().all(|changed| changed.name != field.name);
    fields.extend(earlier.into_iter().filter(is_new));
    if !fields.is_empty() {
        one.result = IntentResult::Sent;
        one.code = one.code.or(Some(ErrorCode::Unk01));
        let service = contract.targets[write.target].service_name.clone();
        one.beside.push(Remark::FieldsChanged { service, fields });
    }
    true
}

/// Whether this is the line that was written. A line that sells something else by now is a different line.
fn is_written(line: &ContractLine, write: &PlannedWrite) -> bool {
    line.id == write.change.line && line.service_id == write.line.service_id
}

/// A change that Kaseya accepted and does not show, although it already counts: people see both numbers. A change
/// that counts from a later day may not be visible until then.
pub(crate) fn contradict(
    attempt: &Attempt<'_>,
    one: &mut Tried,
    write: &PlannedWrite,
    shown: &[ContractLine],
) {
    let change = &write.change;
    if !has_begun_everywhere(change.effective_date, attempt.clock.now()) {
        return;
    }
    let found = shown.iter().find(|line| is_written(line, write));
    // A whole number was sent: the fraction comes from Kaseya.
    let fraction = found.is_some_and(|line| line.units.fract() != 0.0);
    one.code = Some(if fraction { ErrorCode::Qty03 } else { ErrorCode::Unk01 });
    one.remark = Some(match found {
        Some(line) => Remark::ShownOtherwise { sent: change.to, shown: line.units },
        None => Remark::LineGone { sent: change.to },
    });
}
