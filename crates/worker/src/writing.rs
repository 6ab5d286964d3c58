//! Permit, write, check: the only place that changes anything in Kaseya.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    Brake, CompanyState, ErrorCode, IntentId, LEAST_PRICE, Outcome, UNSURE_FOR, has_begun_everywhere,
};
use jiff::{SignedDuration, Timestamp};
use kaseya::{BmsError, ContractLine, WriteError};
use messages::{
    field::{required, wire_instant},
    v1::{self, ChangeResult, DenialReason, RefusalReason, permit_answer::Answer},
};
use tracing::Instrument as _;

use crate::{
    attempt::{Attempt, Interrupted, Verdict},
    content::{Contract, wire_addend},
    contract::{Planned, PlannedWrite, seen_lines},
    decided::drift_code,
    outcome::TargetResult,
};

/// How long a contract waits when all writes of the installation are stopped.
const STOPPED_FOR: SignedDuration = SignedDuration::from_mins(5);

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

    fn nothing(writes: &[PlannedWrite], interrupted: Interrupted) -> Self {
        let not_begun = writes.iter().map(|write| write.target).collect();
        Self { not_begun, interrupted: Some(interrupted), ..Self::default() }
    }
}

/// A permit as the worker holds it.
struct Permit {
    /// Monotonic time at which a write must have ended, counted from before the permit was asked for.
    ends: Duration,
    granted: BTreeSet<IntentId>,
    denied: Vec<(IntentId, DenialReason)>,
}

/// Asks for a permit, writes what is granted, and reads the contract again. The results in `planned` are brought up to
/// date, and its lines are those of the second reading.
pub(crate) async fn write_changes(
    attempt: &Attempt<'_>,
    contract: &Contract,
    planned: &mut Planned,
) -> Written {
    if attempt.halt.lost.is_cancelled() {
        let hand_back = Interrupted::All(Verdict::HandBack(None, None));
        return Written::nothing(&planned.writes, hand_back);
    }
    // A token that would end inside the permit is renewed now: a write never logs in.
    if let Err(error) = attempt.session.sign_in_to_lines().await {
        return Written::nothing(&planned.writes, Interrupted::Call(error));
    }
    let intents: Vec<IntentId> =
        planned.writes.iter().map(|_| IntentId(attempt.entropy.uuid(attempt.clock.now()))).collect();
    let permit = match ask(attempt, contract, &planned.writes, &intents).await {
        Ok(permit) => permit,
        Err(interrupted) => return Written::nothing(&planned.writes, interrupted),
    };
    let mut written = Written::default();
    let mut tried: Vec<Tried> = Vec::new();
    for (index, (write, intent)) in planned.writes.iter().zip(&intents).enumerate() {
        if let Some((_, reason)) = permit.denied.iter().find(|(denied, _)| denied == intent) {
            if let Some(verdict) = deny(attempt, &mut planned.results[write.target], *reason) {
                written.not_begun.insert(write.target);
                written.interrupted.get_or_insert(Interrupted::Contract(verdict));
            }
        } else if !permit.granted.contains(intent) || !may_begin(attempt, &permit) {
            tried.push(Tried::not_begun(index, attempt.clock.now()));
            written.interrupted.get_or_insert(Interrupted::Contract(Verdict::HandBack(None, None)));
        } else {
            match write_one(attempt, contract, index, write).await {
                Ok(one) => tried.push(one),
                Err(error) => {
                    tried.push(Tried::not_begun(index, attempt.clock.now()));
                    written.interrupted.get_or_insert(Interrupted::Call(error));
                }
            }
        }
    }
    let shown = check(attempt, contract, planned, &tried).await;
    for mut one in tried {
        let write = &planned.writes[one.index];
        one.result = confirmed_or(one.result, write, shown.as_deref());
        if one.result == ChangeResult::Sent
            && let Some(lines) = &shown
        {
            contradict(attempt, &mut one, write, lines);
        }
        match result_of(write, &one, &planned.results[write.target]) {
            Some(result) => planned.results[write.target] = result,
            None => {
                written.not_begun.insert(write.target);
            }
        }
        written.begun.push((one.index, one.result));
        if permit.granted.contains(&intents[one.index]) {
            written.changes.push(v1::ChangeDone {
                intent_id: intents[one.index].to_string(),
                result: one.result.into(),
                at: Some(wire_instant(one.at)),
                detail: one.words,
            });
        }
    }
    written
}

/// One write that was to be made.
struct Tried {
    /// Its place among the planned writes.
    index: usize,
    result: ChangeResult,
    code: Option<ErrorCode>,
    words: Option<String>,
    at: Timestamp,
}

impl Tried {
    fn not_begun(index: usize, at: Timestamp) -> Self {
        Self { index, result: ChangeResult::NotBegun, code: None, words: None, at }
    }
}

/// Whether a write may be begun: its own time-out ends inside the permit, and the job is still ours.
fn may_begin(attempt: &Attempt<'_>, permit: &Permit) -> bool {
    !attempt.halt.lost.is_cancelled() && attempt.clock.monotonic() + attempt.limits.write < permit.ends
}

async fn ask(
    attempt: &Attempt<'_>,
    contract: &Contract,
    writes: &[PlannedWrite],
    intents: &[IntentId],
) -> Result<Permit, Interrupted> {
    let changes = writes
        .iter()
        .zip(intents)
        .map(|(write, intent)| {
            let target = &contract.targets[write.target];
            let approved = target.approved.filter(|_| write.change.approved);
            v1::IntendedChange {
                intent_id: intent.to_string(),
                contract_id: Some(contract.id.0),
                service_id: Some(target.service.0),
                line_id: Some(write.change.line.0),
                from_units: Some(write.change.from),
                to_units: Some(write.change.to),
                effective_date: write.change.effective_date.to_string(),
                addends: target.addends.iter().map(wire_addend).collect(),
                approved_hold_id: approved.map(|(hold, _)| hold.to_string()),
                rewrite: Some(write.change.rewrite.is_some()),
            }
        })
        .collect();
    let asked_at = attempt.clock.monotonic();
    let version = attempt.content.integration.credentials_version;
    // With a wait: whatever is wrong between scheduler and worker must not become a circle of calls to Kaseya.
    let hand_back = || Interrupted::All(Verdict::HandBack(None, Some(attempt.try_again_at())));
    let answer = attempt.calls.permit(attempt.ticket, version, changes).await.map_err(|error| {
        tracing::warn!(%error, "no permit came; what is left is handed back");
        hand_back()
    })?;
    match answer {
        Answer::Permit(permit) => read_permit(permit, asked_at).map_err(|error| {
            tracing::error!(%error, "a permit that cannot be read permits nothing");
            hand_back()
        }),
        Answer::Refused(refusal) => {
            tracing::info!(reason = refusal.reason().as_str_name(), detail = refusal.detail, "no permit");
            Err(Interrupted::All(refused(attempt, refusal.reason())))
        }
    }
}

fn read_permit(permit: v1::Permit, asked_at: Duration) -> Result<Permit, messages::FieldError> {
    let intent = |text: &str| messages::field::id("intent_id", IntentId::parse(text));
    Ok(Permit {
        ends: asked_at + Duration::from_secs(required("seconds", permit.seconds)?.into()),
        granted: permit.granted_intent_ids.iter().map(|id| intent(id)).collect::<Result<_, _>>()?,
        denied: permit
            .denied
            .iter()
            .map(|denied| Ok((intent(&denied.intent_id)?, denied.reason())))
            .collect::<Result<_, messages::FieldError>>()?,
    })
}

/// What a refused permit means for the contract and all that are left.
fn refused(attempt: &Attempt<'_>, reason: RefusalReason) -> Verdict {
    match reason {
        RefusalReason::WritesStopped => {
            let until = attempt.clock.now().saturating_add(STOPPED_FOR).unwrap_or(Timestamp::MAX);
            Verdict::Deferred(ErrorCode::Job01, until)
        }
        RefusalReason::SwitchedOff => Verdict::Off,
        // The next attempt starts with what is true then; a superseded one is the ledger's to forget.
        RefusalReason::Unspecified
        | RefusalReason::Superseded
        | RefusalReason::Held
        | RefusalReason::Busy
        | RefusalReason::BudgetSpent
        | RefusalReason::BreakerOpen
        | RefusalReason::Credentials
        | RefusalReason::CredentialsChanged => Verdict::HandBack(None, None),
    }
}

/// What a denied change means for its target; a verdict when its contract is not worked on to its end.
fn deny(attempt: &Attempt<'_>, result: &mut TargetResult, reason: DenialReason) -> Option<Verdict> {
    match reason {
        DenialReason::ManyCompanies => {
            result.outcome = Outcome::with(CompanyState::Held, ErrorCode::Qty01);
            result.brake = Some(Brake::ManyCompanies);
        }
        DenialReason::LineUnsure => {
            let until = attempt.clock.now().saturating_add(UNSURE_FOR).unwrap_or(Timestamp::MAX);
            result.outcome = Outcome::with(CompanyState::Deferred, ErrorCode::Net02);
            result.deferred_until = Some(until);
        }
        // A newer run has spoken for this target: what it says stands, and there is nothing to wait for.
        DenialReason::OlderRun => {
            result.outcome = Outcome::with(CompanyState::Deferred, ErrorCode::Job02);
        }
        // The contract follows by itself, with what is true then.
        DenialReason::MappingChanged => return Some(Verdict::HandBack(None, None)),
        DenialReason::Unspecified => return Some(Verdict::HandBack(None, Some(attempt.try_again_at()))),
    }
    None
}

/// Sends one change. What cannot be told is unsure: it may have landed, or may yet. An error: it was never sent.
async fn write_one(
    attempt: &Attempt<'_>,
    contract: &Contract,
    index: usize,
    write: &PlannedWrite,
) -> Result<Tried, BmsError> {
    let change = &write.change;
    let span = tracing::info_span!(
        "write units",
        contract_id = contract.id.0,
        line_id = change.line.0,
        from = change.from,
        to = change.to
    );
    let writing = attempt.session.write_units(contract.id, &write.line, change.to, change.effective_date);
    let answer = writing.instrument(span).await;
    let words = answer.as_ref().err().and_then(WriteError::words).map(str::to_owned);
    let (result, code) = match answer {
        Ok(()) => (ChangeResult::Sent, None),
        Err(WriteError::NotSent(error)) => return Err(error),
        Err(WriteError::Refused { code, .. }) => (ChangeResult::Refused, Some(code)),
        Err(WriteError::Unanswered) => (ChangeResult::Unsure, Some(ErrorCode::Net02)),
    };
    Ok(Tried { index, result, code, words, at: attempt.clock.now() })
}

/// Whether the next survey's total will show all of these changes: each was taken, and has a price.
fn told_by_total(attempt: &Attempt<'_>, planned: &Planned, tried: &[Tried]) -> bool {
    let priced = |one: &Tried| {
        let price = planned.writes[one.index].line.unit_price;
        one.result != ChangeResult::Unsure && price.is_some_and(|price| price >= LEAST_PRICE)
    };
    attempt.content.confirm_by_total && planned.total.is_some() && tried.iter().all(priced)
}

/// Reads the contract again when anything may have been changed. `None` when the reading failed, and where it is left to the
/// next survey: then nothing is confirmed.
async fn check(
    attempt: &Attempt<'_>,
    contract: &Contract,
    planned: &mut Planned,
    tried: &[Tried],
) -> Option<Vec<ContractLine>> {
    if !tried.iter().any(|one| matches!(one.result, ChangeResult::Sent | ChangeResult::Unsure)) {
        return None;
    }
    if told_by_total(attempt, planned, tried) {
        return None;
    }
    match attempt.session.lines(contract.id).await {
        Ok(lines) => {
            planned.lines = seen_lines(attempt, contract, &lines);
            Some(lines)
        }
        Err(error) => {
            tracing::warn!(%error, contract_id = contract.id.0, "the contract could not be read after writing");
            None
        }
    }
}

/// A change that the second reading shows is confirmed, also when its answer was lost.
fn confirmed_or(result: ChangeResult, write: &PlannedWrite, shown: Option<&[ContractLine]>) -> ChangeResult {
    let shows_it = shown.is_some_and(|lines| {
        lines.iter().any(|line| line.id == write.change.line && line.units == f64::from(write.change.to))
    });
    match result {
        ChangeResult::Sent | ChangeResult::Unsure if shows_it => ChangeResult::Confirmed,
        other => other,
    }
}

/// A change that Kaseya took and then does not show, though it counts already: people are told both numbers. One that
/// counts from a later day may be shown only then.
fn contradict(attempt: &Attempt<'_>, one: &mut Tried, write: &PlannedWrite, shown: &[ContractLine]) {
    let change = &write.change;
    if !has_begun_everywhere(change.effective_date, attempt.clock.now()) {
        return;
    }
    let found = shown.iter().find(|line| line.id == change.line);
    // A whole number was sent: a fraction is what Kaseya made of it.
    let fraction = found.is_some_and(|line| line.units.fract() != 0.0);
    one.code = Some(if fraction { ErrorCode::Qty03 } else { ErrorCode::Unk01 });
    one.words = Some(match found {
        Some(line) => format!("Kaseya took {} units and shows {}.", change.to, line.units),
        None => format!("Kaseya took {} units and no longer shows the line.", change.to),
    });
}

/// What a write came out as; `None` when it was never begun.
fn result_of(write: &PlannedWrite, one: &Tried, planned: &TargetResult) -> Option<TargetResult> {
    let change = &write.change;
    let outcome = match one.result {
        ChangeResult::Confirmed => Outcome { state: CompanyState::Changed, code: drift_code(change) },
        ChangeResult::Sent => Outcome { state: CompanyState::Sent, code: one.code },
        ChangeResult::Unsure => Outcome::with(CompanyState::Deferred, ErrorCode::Net02),
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
        words: one.words.clone().or_else(|| planned.words.clone()),
        deferred_until,
        ..TargetResult::of(outcome)
    })
}
