//! Permit, write, check: the only place that changes anything in Kaseya.

use domain::{
    CompanyState, ErrorCode, IntentId, IntentResult, Outcome, PairId, Remark, SettledIntent, UNSURE_FOR,
};
use jiff::Timestamp;
use kaseya::{BmsError, ChangeInWait, WriteError};
use messages::job_content::Contract;
use tracing::Instrument as _;

use crate::{
    attempt::{Attempt, Interrupted, Verdict},
    confirmation::{check, confirm, contradict},
    in_hand::InHand,
    outcome::TargetResult,
    permission::{ask, deny, may_begin},
    planned::{Half, PlannedWrite},
    whole_contract,
    write_result::Tried,
};

/// Requests a permit, writes what is granted, and reads each contract again. Updates the results of the plans;
/// their lines are then those of the second reading.
///
/// Of a plan switch the fall is written first, and the rise starts only after Kaseya accepted the fall. Whatever
/// happens between the two, a company is billed too little for a while, and never for the same users on two lines:
/// the next attempt finishes what is missing, while a double invoice would have to be paid back.
pub(crate) async fn write_changes(attempt: &Attempt<'_>, in_hand: &mut [InHand<'_>]) {
    if attempt.halt.lost.is_cancelled() {
        let hand_back = Interrupted::All(Verdict::HandBack(None, None));
        return begin_nothing(attempt, in_hand, hand_back);
    }
    // Renew a token that would expire during the permit: a write never logs in.
    if let Err(error) = attempt.session.sign_in_to_lines().await {
        return begin_nothing(attempt, in_hand, Interrupted::Call(error));
    }
    let order = rises_last(in_hand);
    let intents: Vec<IntentId> =
        order.iter().map(|_| IntentId(attempt.entropy.uuid(attempt.clock.now()))).collect();
    let permit = match ask(attempt, in_hand, &order, &intents).await {
        Ok(permit) => permit,
        Err(interrupted) => return begin_nothing(attempt, in_hand, interrupted),
    };
    let mut tried: Vec<Tried> = Vec::new();
    let mut limited: Option<Verdict> = None;
    for (place, intent) in order.iter().zip(&intents) {
        let (place, intent) = (*place, *intent);
        let in_the_way = fall_in_the_way(in_hand, &tried, place)
            || whole_contract::may_yet_land(attempt, &of_contract(&tried, place.0));
        let InHand { contract, planned, written } = &mut in_hand[place.0];
        let write = &planned.writes[place.1];
        if let Some((_, reason)) = permit.denied.iter().find(|(denied, _)| *denied == intent) {
            if let Some(verdict) = deny(attempt, contract.id, &mut planned.results[write.target], *reason) {
                written.not_begun.insert(write.target);
                written.interrupted.get_or_insert(Interrupted::Contract(verdict));
            }
        } else if !permit.granted.contains(&intent) || !may_begin(attempt, &permit) {
            tried.push(Tried::not_begun(place, intent, attempt.clock.now()));
            written.interrupted.get_or_insert(Interrupted::Contract(Verdict::HandBack(None, None)));
        } else if let Some(verdict) = &limited {
            tried.push(Tried::not_begun(place, intent, attempt.clock.now()));
            written.interrupted.get_or_insert(Interrupted::Contract(verdict.clone()));
        } else if in_the_way {
            tried.push(Tried::not_begun(place, intent, attempt.clock.now()));
        } else {
            let in_wait =
                whole_contract::changes_in_wait(attempt, contract, planned, &of_contract(&tried, place.0));
            match write_one(attempt, contract, (place, intent), write, &in_wait).await {
                Ok((one, limit)) => {
                    tried.push(one);
                    if let Some(error) = limit {
                        limited = Some(attempt.judge(&error));
                        written.interrupted.get_or_insert(Interrupted::Call(error));
                    }
                }
                Err(error) => {
                    tried.push(Tried::not_begun(place, intent, attempt.clock.now()));
                    written.interrupted.get_or_insert(Interrupted::Call(error));
                }
            }
        }
    }
    let mut shown = Vec::new();
    for (index, work) in in_hand.iter_mut().enumerate() {
        let of_contract = of_contract(&tried, index);
        let lines = check(attempt, work.contract, &mut work.planned, &of_contract).await;
        for target in lines.iter().flat_map(|lines| work.planned.moved_meanwhile(work.contract, lines)) {
            // Somebody edited another line between the two readings: decide it again.
            work.written.not_begun.insert(target);
            let again = Interrupted::Contract(Verdict::HandBack(None, None));
            work.written.interrupted.get_or_insert(again);
        }
        shown.push(lines);
    }
    // In the order of writing: a fall is settled before its rise.
    let mut falls: Vec<(PairId, Tried)> = Vec::new();
    for mut one in tried {
        let InHand { contract, planned, written } = &mut in_hand[one.place.0];
        let (write, shown) = (&planned.writes[one.place.1], shown[one.place.0].as_deref());
        let shows_units = confirm(attempt, &mut one, contract, write, shown);
        let others =
            shown.map_or(0, |lines| whole_contract::other_lines_changed(attempt, contract, planned, lines));
        if others > 0 && matches!(one.result, IntentResult::Sent | IntentResult::Confirmed) {
            one.result = IntentResult::Sent;
            one.code = one.code.or(Some(ErrorCode::Unk01));
            one.beside.push(Remark::OtherLinesChanged { contract: contract.name.clone(), lines: others });
        }
        one.take_for_turned_away(write, shown);
        one.find_line_gone(contract, write, shown);
        if one.result == IntentResult::Sent
            && !shows_units
            && let Some(lines) = shown
        {
            contradict(attempt, &mut one, write, lines);
        }
        let half = write.half;
        let fall = half
            .filter(|half| half.is_rise)
            .and_then(|half| falls.iter().find(|(pair, _)| *pair == half.pair));
        let result = match (one.result, fall) {
            (IntentResult::NotBegun, Some((_, fall))) => without_its_fall(write, fall),
            _ => result_of(write, &one, &planned.results[write.target]),
        };
        let is_alone = half.is_some_and(|half| half.is_rise) && one.result == IntentResult::Refused;
        let result = result.map(|mut result| {
            // Its fall was accepted, here or by an earlier attempt.
            result.remarks.extend(is_alone.then_some(Remark::RiseRefused));
            result
        });
        match result {
            Some(result) => planned.results[write.target] = result,
            None => {
                written.not_begun.insert(write.target);
                written.interrupted.get_or_insert(Interrupted::Contract(Verdict::HandBack(None, None)));
            }
        }
        // The effect of another price, or of another field, on the total is unknown here.
        let moved = if !one.beside.is_empty() { IntentResult::Unsure } else { one.result };
        written.begun.push((one.place.1, moved));
        if permit.granted.contains(&one.intent) {
            written.changes.push(SettledIntent {
                intent: one.intent,
                result: one.result,
                at: one.at,
                kaseya_says: one.kaseya_says.clone(),
                effective_date_read: one.dated,
                fields_changed: one.fields_changed.clone(),
            });
        }
        if let Some(half) = half.filter(|half| !half.is_rise) {
            falls.push((half.pair, one));
        }
    }
}

/// Starts no change of these contracts. A reason that does not concern one of them alone applies to the others too.
fn begin_nothing(attempt: &Attempt<'_>, in_hand: &mut [InHand<'_>], interrupted: Interrupted) {
    let same = match &interrupted {
        Interrupted::Call(error) => attempt.judge(error),
        Interrupted::Contract(verdict) | Interrupted::All(verdict) => verdict.clone(),
    };
    let mut first = Some(interrupted);
    for work in in_hand.iter_mut().filter(|work| !work.planned.writes.is_empty()) {
        work.written.not_begun = work.planned.writes.iter().map(|write| write.target).collect();
        work.written.interrupted = Some(first.take().unwrap_or_else(|| Interrupted::Contract(same.clone())));
    }
}

/// Every planned write as (contract's place, write's place); rises of plan switches come after all others.
fn rises_last(in_hand: &[InHand<'_>]) -> Vec<(usize, usize)> {
    let writes = in_hand.iter().enumerate().flat_map(|(contract, work)| {
        work.planned.writes.iter().enumerate().map(move |(index, write)| ((contract, index), write.half))
    });
    let (rises, others): (Vec<_>, Vec<_>) =
        writes.partition(|(_, half)| half.is_some_and(|half| half.is_rise));
    others.into_iter().chain(rises).map(|(place, _)| place).collect()
}

/// Whether a write is a rise, and its fall is planned here and was not accepted.
fn fall_in_the_way(in_hand: &[InHand<'_>], tried: &[Tried], place: (usize, usize)) -> bool {
    let half_at = |(contract, index): (usize, usize)| in_hand[contract].planned.writes[index].half;
    let Some(Half { pair, is_rise: true }) = half_at(place) else { return false };
    let fall = Some(Half { pair, is_rise: false });
    let planned = in_hand.iter().flat_map(|work| &work.planned.writes).any(|write| write.half == fall);
    planned && !tried.iter().any(|one| half_at(one.place) == fall && one.result == IntentResult::Sent)
}

fn of_contract(tried: &[Tried], contract: usize) -> Vec<&Tried> {
    tried.iter().filter(|one| one.place.0 == contract).collect()
}

/// Sends one change. A result that cannot be determined is unsure: the change may have landed, or may still. `Err`
/// means that it was never sent. An error next to the result means that the call limit is reached, and nothing more
/// is sent.
async fn write_one(
    attempt: &Attempt<'_>,
    contract: &Contract,
    (place, intent): ((usize, usize), IntentId),
    write: &PlannedWrite,
    in_wait: &[ChangeInWait],
) -> Result<(Tried, Option<BmsError>), BmsError> {
    let change = &write.change;
    let span = tracing::info_span!(
        "write units",
        contract_id = contract.id.0,
        line_id = change.line.0,
        from = change.from,
        to = change.to
    );
    let (units, day) = (change.to, change.effective_date);
    let writing = attempt.session.write_units_among(contract.id, &write.line, units, day, in_wait);
    let answer = writing.instrument(span).await;
    let kaseya_says = answer.as_ref().err().and_then(WriteError::words).map(str::to_owned);
    let (mut remark, mut limit) = (None, None);
    let (result, code) = match answer {
        Ok(()) => (IntentResult::Sent, None),
        Err(WriteError::NotSent(error)) => return Err(error),
        Err(WriteError::Refused { code, status, .. }) => {
            remark =
                Some(Remark::ChangeRefused { sent: change.to, status }).filter(|_| kaseya_says.is_none());
            (IntentResult::Refused, Some(code))
        }
        Err(WriteError::Unanswered | WriteError::Unclear { .. }) => {
            (IntentResult::Unsure, Some(ErrorCode::Net02))
        }
        Err(WriteError::Limited(error)) => {
            limit = Some(error);
            (IntentResult::Unsure, Some(ErrorCode::Lim01))
        }
    };
    let at = attempt.clock.now();
    let tried = Tried { result, code, remark, kaseya_says, ..Tried::not_begun(place, intent, at) };
    Ok((tried, limit))
}

/// The result of a write; `None` if it never started.
fn result_of(write: &PlannedWrite, one: &Tried, planned: &TargetResult) -> Option<TargetResult> {
    let change = &write.change;
    let outcome = match one.result {
        IntentResult::Confirmed => Outcome { state: CompanyState::Changed, code: planned.outcome.code },
        IntentResult::Sent => Outcome { state: CompanyState::Sent, code: one.code },
        IntentResult::Unsure => Outcome::with(CompanyState::Deferred, ErrorCode::Net02),
        // It continues when the limit allows it.
        IntentResult::Refused if one.is_limited() => return None,
        IntentResult::Refused => Outcome::with(CompanyState::NotSent, one.code.unwrap_or(ErrorCode::Unk01)),
        IntentResult::NotBegun => return None,
    };
    let deferred_until = match one.result {
        IntentResult::Unsure => one.at.checked_add(UNSURE_FOR).ok(),
        _ => None,
    };
    Some(TargetResult {
        from: Some(change.from),
        to: Some(change.to),
        effective_date: Some(change.effective_date),
        remarks: match (&one.remark, one.beside.as_slice()) {
            (None, []) => planned.remarks.clone(),
            (found, beside) => found.iter().chain(beside).cloned().collect(),
        },
        kaseya_says: one.kaseya_says.clone(),
        deferred_until,
        pair: planned.pair,
        ..TargetResult::of(outcome)
    })
}

/// The result of a rise that was not started because Kaseya did not accept its fall. `None` if it continues at
/// once: the fall was found to have landed, or was not started either.
fn without_its_fall(write: &PlannedWrite, fall: &Tried) -> Option<TargetResult> {
    let result = match fall.result {
        IntentResult::Unsure => {
            let until = fall.at.checked_add(UNSURE_FOR).unwrap_or(Timestamp::MAX);
            TargetResult::deferred(ErrorCode::Net02, until)
        }
        IntentResult::Refused if fall.is_limited() => return None,
        IntentResult::Refused => TargetResult::not_sent(ErrorCode::Map03, Some(Remark::FallRefused)),
        IntentResult::Confirmed | IntentResult::Sent | IntentResult::NotBegun => return None,
    };
    let change = &write.change;
    Some(TargetResult {
        from: Some(change.from),
        to: Some(change.to),
        effective_date: Some(change.effective_date),
        pair: write.half.map(|half| half.pair),
        ..result
    })
}
