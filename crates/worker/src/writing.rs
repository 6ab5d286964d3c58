//! Permit, write, check: the only place that changes anything in Kaseya.

use std::collections::BTreeSet;

use domain::{
    CompanyState, ErrorCode, IntentId, Outcome, PairId, Remark, UNSURE_FOR, UnconfirmedChange,
    has_begun_everywhere, total_tells,
};
use jiff::{Timestamp, civil::Date};
use kaseya::{BmsError, ChangeInWait, ContractLine, WriteError};
use messages::{
    field::wire_instant,
    v1::{self, ChangeResult},
};
use tracing::Instrument as _;

use crate::{
    attempt::{Attempt, Interrupted, Verdict},
    content::Contract,
    contract::{Half, Planned, PlannedWrite, Reading},
    decided::{drift_code, price_code},
    outcome::TargetResult,
    permission::{ask, deny, may_begin},
    switching::InHand,
    whole_contract,
};

/// What became of a contract's writes.
#[derive(Default)]
pub(crate) struct Written {
    /// Every granted change.
    pub(crate) changes: Vec<v1::ChangeDone>,
    /// The targets, by their places, whose change was not begun and has no result of its own.
    pub(crate) not_begun: BTreeSet<usize>,
    /// What kept the contract from being worked on to its end, if anything.
    pub(crate) interrupted: Option<Interrupted>,
    /// What each begun change has done to its line: its place among the planned writes, and whether that is known.
    begun: Vec<(usize, ChangeResult)>,
}

impl Written {
    /// By how much the changes have moved the contract's total; `None` when that is not known.
    pub(crate) fn total_moved(&self, writes: &[PlannedWrite]) -> Option<f64> {
        self.begun.iter().try_fold(0.0, |moved, (index, result)| match result {
            ChangeResult::Confirmed | ChangeResult::Sent => {
                let PlannedWrite { line, change, .. } = &writes[*index];
                Some(moved + (f64::from(change.to) - change.from) * line.unit_price?)
            }
            ChangeResult::Refused | ChangeResult::NotBegun => Some(moved),
            ChangeResult::Unsure | ChangeResult::Unspecified => None,
        })
    }
}

/// Asks for a permit, writes what is granted, and reads each contract again. The results in what is planned are brought up
/// to date, and its lines are those of the second reading.
///
/// Of a plan switch the fall is written first, and the rise is begun only when Kaseya took the fall. Whatever happens between the
/// two, a company is billed too little for a while and never for the same users on two lines: what is missing is finished
/// by the next attempt, and what was invoiced twice would have to be paid back.
pub(crate) async fn write_changes(attempt: &Attempt<'_>, in_hand: &mut [InHand<'_>]) {
    if attempt.halt.lost.is_cancelled() {
        let hand_back = Interrupted::All(Verdict::HandBack(None, None));
        return begin_nothing(attempt, in_hand, hand_back);
    }
    // A token that would end inside the permit is renewed now: a write never logs in.
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
            // Somebody has edited another line between the two readings: it is decided again.
            work.written.not_begun.insert(target);
            let again = Interrupted::Contract(Verdict::HandBack(None, None));
            work.written.interrupted.get_or_insert(again);
        }
        shown.push(lines);
    }
    // In the order in which they were written: a fall is settled before its rise.
    let mut falls: Vec<(PairId, Tried)> = Vec::new();
    for mut one in tried {
        let InHand { contract, planned, written } = &mut in_hand[one.place.0];
        let (write, shown) = (&planned.writes[one.place.1], shown[one.place.0].as_deref());
        let shows_units = confirm(attempt, &mut one, contract, write, shown);
        let others =
            shown.map_or(0, |lines| whole_contract::other_lines_changed(attempt, contract, planned, lines));
        if others > 0 && matches!(one.result, ChangeResult::Sent | ChangeResult::Confirmed) {
            one.result = ChangeResult::Sent;
            one.code = one.code.or(Some(ErrorCode::Unk01));
            one.beside.push(Remark::OtherLinesChanged { contract: contract.name.clone(), lines: others });
        }
        one.take_for_turned_away(write, shown);
        one.find_line_gone(contract, write, shown);
        if one.result == ChangeResult::Sent
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
            (ChangeResult::NotBegun, Some((_, fall))) => without_its_fall(write, fall),
            _ => result_of(write, &one, &planned.results[write.target]),
        };
        let is_alone = half.is_some_and(|half| half.is_rise) && one.result == ChangeResult::Refused;
        let result = result.map(|mut result| {
            // Its fall was taken, here or by an attempt before.
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
        // What another price, or another field, does to the total is not known from here.
        let moved = if !one.beside.is_empty() { ChangeResult::Unsure } else { one.result };
        written.begun.push((one.place.1, moved));
        if permit.granted.contains(&one.intent) {
            written.changes.push(v1::ChangeDone {
                intent_id: one.intent.to_string(),
                result: one.result.into(),
                at: Some(wire_instant(one.at)),
                detail: one.kaseya_says.clone(),
                effective_date_read: one.dated.map(|day| day.to_string()),
            });
        }
        if let Some(half) = half.filter(|half| !half.is_rise) {
            falls.push((half.pair, one));
        }
    }
}

/// Begins no change of any of these contracts. What is not about one of them alone is so for the others too.
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

/// Every planned write, by its contract's place and its own: the rises of plan switches after all others.
fn rises_last(in_hand: &[InHand<'_>]) -> Vec<(usize, usize)> {
    let writes = in_hand.iter().enumerate().flat_map(|(contract, work)| {
        work.planned.writes.iter().enumerate().map(move |(index, write)| ((contract, index), write.half))
    });
    let (rises, others): (Vec<_>, Vec<_>) =
        writes.partition(|(_, half)| half.is_some_and(|half| half.is_rise));
    others.into_iter().chain(rises).map(|(place, _)| place).collect()
}

/// Whether a write is a rise whose fall is to be written here and was not taken.
fn fall_in_the_way(in_hand: &[InHand<'_>], tried: &[Tried], place: (usize, usize)) -> bool {
    let half_at = |(contract, index): (usize, usize)| in_hand[contract].planned.writes[index].half;
    let Some(Half { pair, is_rise: true }) = half_at(place) else { return false };
    let fall = Some(Half { pair, is_rise: false });
    let planned = in_hand.iter().flat_map(|work| &work.planned.writes).any(|write| write.half == fall);
    planned && !tried.iter().any(|one| half_at(one.place) == fall && one.result == ChangeResult::Sent)
}

/// One write that was to be made.
pub(crate) struct Tried {
    /// Its contract's place, and its own among that one's planned writes.
    pub(crate) place: (usize, usize),
    intent: IntentId,
    pub(crate) result: ChangeResult,
    code: Option<ErrorCode>,
    /// What was found when the contract was read again.
    remark: Option<Remark>,
    /// What of the line is another than before the change beside units and date, its price first.
    beside: Vec<Remark>,
    kaseya_says: Option<String>,
    /// The effective date that the line held when it was read again with our units.
    dated: Option<Date>,
    at: Timestamp,
}

impl Tried {
    fn not_begun(place: (usize, usize), intent: IntentId, at: Timestamp) -> Self {
        Self {
            place,
            intent,
            result: ChangeResult::NotBegun,
            code: None,
            remark: None,
            beside: Vec::new(),
            kaseya_says: None,
            dated: None,
            at,
        }
    }

    /// Whether the answer said that there is no such call.
    fn is_not_served(&self) -> bool {
        self.result == ChangeResult::Refused && self.code == Some(ErrorCode::Lin01)
    }

    /// Where the line has gone since it was read, the call for it is not at fault.
    fn find_line_gone(&mut self, contract: &Contract, write: &PlannedWrite, shown: Option<&[ContractLine]>) {
        let is_gone = shown.is_some_and(|lines| lines.iter().all(|line| line.id != write.change.line));
        if self.is_not_served() && is_gone {
            let service = contract.targets[write.target].service_name.clone();
            self.code = Some(ErrorCode::Svc01);
            self.remark = Some(Remark::LineMissing { service, contract: contract.name.clone() });
        }
    }

    /// Whether the answer spoke of the call limit.
    fn is_limited(&self) -> bool {
        self.code == Some(ErrorCode::Lim01)
    }

    /// A change that was answered with the call limit, and that the second reading does not show, was turned away.
    fn take_for_turned_away(&mut self, write: &PlannedWrite, shown: Option<&[ContractLine]>) {
        let as_before = |line: &ContractLine| line.id == write.change.line && line.units == write.change.from;
        let is_as_before = shown.is_some_and(|lines| lines.iter().any(as_before));
        if self.is_limited() && self.result == ChangeResult::Unsure && is_as_before {
            self.result = ChangeResult::Refused;
        }
    }
}

fn of_contract(tried: &[Tried], contract: usize) -> Vec<&Tried> {
    tried.iter().filter(|one| one.place.0 == contract).collect()
}

/// Sends one change. What cannot be told is unsure: it may have landed, or may yet. An error: it was never sent. An error
/// beside it: the call limit is reached, and nothing more is sent.
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
        Ok(()) => (ChangeResult::Sent, None),
        Err(WriteError::NotSent(error)) => return Err(error),
        Err(WriteError::Refused { code, status, .. }) => {
            remark =
                Some(Remark::ChangeRefused { sent: change.to, status }).filter(|_| kaseya_says.is_none());
            (ChangeResult::Refused, Some(code))
        }
        Err(WriteError::Unanswered | WriteError::Unclear { .. }) => {
            (ChangeResult::Unsure, Some(ErrorCode::Net02))
        }
        Err(WriteError::Limited(error)) => {
            limit = Some(error);
            (ChangeResult::Unsure, Some(ErrorCode::Lim01))
        }
    };
    let at = attempt.clock.now();
    let tried =
        Tried { place, intent, result, code, remark, beside: Vec::new(), kaseya_says, dated: None, at };
    Ok((tried, limit))
}

/// Whether the next survey's total will show all of these changes, with those that were taken before and not shown yet.
fn told_by_total(attempt: &Attempt<'_>, contract: &Contract, planned: &Planned, tried: &[&Tried]) -> bool {
    // A total shows no field that a write has lost, and of a list it may have lost more.
    if !attempt.content.confirm_by_total || attempt.session.writes_lists() {
        return false;
    }
    let sent = tried.iter().filter(|one| matches!(one.result, ChangeResult::Sent | ChangeResult::Unsure));
    let mut changes: Vec<UnconfirmedChange> = sent
        .map(|one| {
            let PlannedWrite { line, change, half, .. } = &planned.writes[one.place.1];
            let moves = line.unit_price.map(|price| (f64::from(change.to) - change.from) * price);
            UnconfirmedChange {
                moves: moves.filter(|_| one.result == ChangeResult::Sent),
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

/// Reads the contract again when anything may have been changed, or when a call for a line was not served. `None` when the reading failed, and where it is left to the
/// next survey: then nothing is confirmed.
async fn check(
    attempt: &Attempt<'_>,
    contract: &Contract,
    planned: &mut Planned,
    tried: &[&Tried],
) -> Option<Vec<ContractLine>> {
    let not_served = tried.iter().any(|one| one.is_not_served());
    let any_sent = tried.iter().any(|one| matches!(one.result, ChangeResult::Sent | ChangeResult::Unsure));
    if !not_served && (!any_sent || told_by_total(attempt, contract, planned, tried)) {
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

/// A change that the second reading shows is confirmed, also when its answer was lost. Where the line holds our units from another
/// day than ours, or another field of it is not what it was, it is taken, and not confirmed: people are told both. Says whether the
/// line shows our units.
fn confirm(
    attempt: &Attempt<'_>,
    one: &mut Tried,
    contract: &Contract,
    write: &PlannedWrite,
    shown: Option<&[ContractLine]>,
) -> bool {
    let change = &write.change;
    let found = shown.into_iter().flatten().find(|line| is_written(line, write));
    let Some(line) = found.filter(|line| line.units == f64::from(change.to)) else { return false };
    if !matches!(one.result, ChangeResult::Sent | ChangeResult::Unsure) {
        return false;
    }
    one.dated = line.effective_date;
    match line.effective_date.filter(|day| *day != change.effective_date) {
        None => one.result = ChangeResult::Confirmed,
        Some(shown_day) => {
            one.result = ChangeResult::Sent;
            one.code = Some(ErrorCode::Unk01);
            let (sent, from_day) = (change.to, change.effective_date);
            one.remark = Some(Remark::DateShownOtherwise { sent, from_day, shown_day });
        }
    }
    let prices = write.line.unit_price.zip(line.unit_price);
    if let Some((before, now)) = prices.filter(|(before, now)| before != now) {
        one.result = ChangeResult::Sent;
        one.code = price_code(Some(line), Some(change.to)).or(Some(ErrorCode::Unk01));
        let service = contract.targets[write.target].service_name.clone();
        one.beside.push(Remark::PriceChanged { service, before, now });
    }
    let fields = attempt.session.fields_changed(&write.line, line);
    if !fields.is_empty() {
        one.result = ChangeResult::Sent;
        one.code = one.code.or(Some(ErrorCode::Unk01));
        let service = contract.targets[write.target].service_name.clone();
        one.beside.push(Remark::FieldsChanged { service, fields });
    }
    true
}

/// Whether it is the line that was written. One that sells something else by now is another.
fn is_written(line: &ContractLine, write: &PlannedWrite) -> bool {
    line.id == write.change.line && line.service_id == write.line.service_id
}

/// A change that Kaseya took and then does not show, though it counts already: people are told both numbers. One that
/// counts from a later day may be shown only then.
fn contradict(attempt: &Attempt<'_>, one: &mut Tried, write: &PlannedWrite, shown: &[ContractLine]) {
    let change = &write.change;
    if !has_begun_everywhere(change.effective_date, attempt.clock.now()) {
        return;
    }
    let found = shown.iter().find(|line| is_written(line, write));
    // A whole number was sent: a fraction is what Kaseya made of it.
    let fraction = found.is_some_and(|line| line.units.fract() != 0.0);
    one.code = Some(if fraction { ErrorCode::Qty03 } else { ErrorCode::Unk01 });
    one.remark = Some(match found {
        Some(line) => Remark::ShownOtherwise { sent: change.to, shown: line.units },
        None => Remark::LineGone { sent: change.to },
    });
}

/// What a write came out as; `None` when it was never begun.
fn result_of(write: &PlannedWrite, one: &Tried, planned: &TargetResult) -> Option<TargetResult> {
    let change = &write.change;
    let outcome = match one.result {
        ChangeResult::Confirmed => {
            let code = drift_code(change).or_else(|| price_code(Some(&write.line), Some(change.to)));
            Outcome { state: CompanyState::Changed, code }
        }
        ChangeResult::Sent => Outcome { state: CompanyState::Sent, code: one.code },
        ChangeResult::Unsure => Outcome::with(CompanyState::Deferred, ErrorCode::Net02),
        // It goes on when the limit allows it.
        ChangeResult::Refused if one.is_limited() => return None,
        ChangeResult::Refused => Outcome::with(CompanyState::NotSent, one.code.unwrap_or(ErrorCode::Unk01)),
        ChangeResult::NotBegun | ChangeResult::Unspecified => return None,
    };
    let deferred_until = match one.result {
        ChangeResult::Unsure => one.at.checked_add(UNSURE_FOR).ok(),
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

/// What a rise comes out as that was not begun because Kaseya did not take its fall; `None` when it goes on at once: the fall was
/// found to have landed, or was not begun either.
fn without_its_fall(write: &PlannedWrite, fall: &Tried) -> Option<TargetResult> {
    let result = match fall.result {
        ChangeResult::Unsure => {
            let until = fall.at.checked_add(UNSURE_FOR).unwrap_or(Timestamp::MAX);
            TargetResult::deferred(ErrorCode::Net02, until)
        }
        ChangeResult::Refused if fall.is_limited() => return None,
        ChangeResult::Refused => TargetResult::not_sent(ErrorCode::Map03, Some(Remark::FallRefused)),
        ChangeResult::Confirmed | ChangeResult::Sent | ChangeResult::NotBegun | ChangeResult::Unspecified => {
            return None;
        }
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
