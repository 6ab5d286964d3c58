//! The scheduler's permit to write: the request, its duration, and the meaning of a denial.

use std::{collections::BTreeSet, time::Duration};

use domain::{Brake, CompanyState, ContractId, ErrorCode, IntentId, Outcome, UNSURE_FOR};
use jiff::{SignedDuration, Timestamp};
use messages::{
    FieldError,
    field::{id, required},
    v1::{self, DenialReason, RefusalReason, permit_answer::Answer},
};

use crate::{
    attempt::{Attempt, Interrupted, Said, Verdict},
    in_hand::InHand,
    outcome::TargetResult,
};

/// How long a contract waits when all writes of the installation are stopped.
const STOPPED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Upper limit, whatever the permit says: switching off waits no longer than this for writes in flight.
const LONGEST_PERMIT: Duration = Duration::from_secs(180);

/// A permit, as the worker holds it.
pub(crate) struct Permit {
    /// Monotonic time by which a write must have ended, counted from before the request.
    ends: Duration,
    pub(crate) granted: BTreeSet<IntentId>,
    pub(crate) denied: Vec<(IntentId, DenialReason)>,
}

/// Whether a write may start: its timeout ends within the permit, and the job is still ours.
pub(crate) fn may_begin(attempt: &Attempt<'_>, permit: &Permit) -> bool {
    !attempt.halt.lost.is_cancelled() && attempt.clock.monotonic() + attempt.limits.write < permit.ends
}

/// Requests a permit for these writes, each given as (contract's place, write's place).
pub(crate) async fn ask(
    attempt: &Attempt<'_>,
    in_hand: &[InHand<'_>],
    order: &[(usize, usize)],
    intents: &[IntentId],
) -> Result<Permit, Interrupted> {
    let changes: Vec<v1::IntendedChange> = order
        .iter()
        .zip(intents)
        .map(|((contract, index), intent)| {
            let InHand { contract, planned, .. } = &in_hand[*contract];
            let write = &planned.writes[*index];
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
                addends: target.addends.iter().map(v1::Addend::from).collect(),
                approved_hold_id: approved.map(|(hold, _)| hold.to_string()),
                pair_id: write.half.map(|half| half.pair.to_string()),
                rewrite: Some(write.change.rewrite.is_some()),
            }
        })
        .collect();
    let asked_at = attempt.clock.monotonic();
    let version = attempt.content.integration.credentials_version;
    // With a wait: an error between scheduler and worker must not become a loop of calls to Kaseya.
    let hand_back = || Interrupted::All(Verdict::HandBack(None, Some(attempt.try_again_at())));
    let whole = attempt.session.writes_whole_contracts();
    let answer = attempt.calls.permit(attempt.ticket, version, changes.clone(), whole).await;
    let answer = answer.map_err(|error| {
        tracing::warn!(%error, "no permit came; what is left is handed back");
        hand_back()
    })?;
    match answer {
        Answer::Permit(permit) => read_permit(permit, &changes, asked_at).map_err(|error| {
            tracing::error!(%error, "a permit that cannot be read permits nothing");
            hand_back()
        }),
        Answer::Refused(refusal) => {
            tracing::info!(reason = refusal.reason().as_str_name(), detail = refusal.detail, "no permit");
            Err(Interrupted::All(refused(attempt, refusal.reason())))
        }
    }
}

/// Reads a permit for these changes. A permit that names another change, or one of them with other units, another
/// line or another day, is not for this request: it permits nothing.
fn read_permit(
    permit: v1::Permit,
    asked: &[v1::IntendedChange],
    asked_at: Duration,
) -> Result<Permit, FieldError> {
    let intent = |text: &str| {
        if asked.iter().any(|change| change.intent_id == text) {
            id("intent_id", IntentId::parse(text))
        } else {
            Err(FieldError::new("intent_id", format!("nobody asked for {text:?}")))
        }
    };
    let granted: BTreeSet<IntentId> =
        permit.granted_intent_ids.iter().map(|id| intent(id)).collect::<Result<_, _>>()?;
    let denied: Vec<(IntentId, DenialReason)> = permit
        .denied
        .iter()
        .map(|denied| Ok((intent(&denied.intent_id)?, denied.reason())))
        .collect::<Result<_, FieldError>>()?;
    if let Some((both, _)) = denied.iter().find(|(denied, _)| granted.contains(denied)) {
        return Err(FieldError::new("denied", format!("{both} is granted as well")));
    }
    for change in &permit.granted {
        if !asked.iter().any(|asked| is_as_asked(change, asked)) {
            let reason = format!("{} is another change than was asked for", change.intent_id);
            return Err(FieldError::new("granted", reason));
        }
    }
    // An older scheduler sends only the ids.
    let described = |id: &&String| permit.granted.iter().any(|change| change.intent_id == **id);
    let is_described = permit.granted.is_empty() || permit.granted_intent_ids.iter().all(|id| described(&id));
    if !is_described {
        return Err(FieldError::new("granted", "it does not say what every granted intent is"));
    }
    let seconds = Duration::from_secs(required("seconds", permit.seconds)?.into());
    Ok(Permit { ends: asked_at + seconds.min(LONGEST_PERMIT), granted, denied })
}

fn is_as_asked(granted: &v1::GrantedChange, asked: &v1::IntendedChange) -> bool {
    granted.intent_id == asked.intent_id
        && granted.contract_id == asked.contract_id
        && granted.service_id == asked.service_id
        && granted.line_id == asked.line_id
        && granted.to_units == asked.to_units
        && granted.effective_date == asked.effective_date
}

/// What a refused permit means for the contract and all remaining ones.
fn refused(attempt: &Attempt<'_>, reason: RefusalReason) -> Verdict {
    match reason {
        RefusalReason::WritesStopped => {
            let until = attempt.clock.now().saturating_add(STOPPED_FOR).unwrap_or(Timestamp::MAX);
            Verdict::Deferred(ErrorCode::Job01, until, Said::default())
        }
        RefusalReason::SwitchedOff => Verdict::Off,
        // The next attempt starts from the state at that time; a superseded attempt is the ledger's to drop.
        RefusalReason::Unspecified
        | RefusalReason::Superseded
        | RefusalReason::Held
        | RefusalReason::Busy
        | RefusalReason::BudgetSpent
        | RefusalReason::BreakerOpen
        | RefusalReason::Credentials
        | RefusalReason::CredentialsChanged
        | RefusalReason::TooLarge => Verdict::HandBack(None, None),
    }
}

/// What a denied change means for its target; a verdict if it interrupts the contract.
pub(crate) fn deny(
    attempt: &Attempt<'_>,
    contract: ContractId,
    result: &mut TargetResult,
    reason: DenialReason,
) -> Option<Verdict> {
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
        // A newer run has decided this target: its result stands, and there is nothing to wait for.
        DenialReason::OlderRun => {
            result.outcome = Outcome::with(CompanyState::Deferred, ErrorCode::Job02);
        }
        DenialReason::OtherWriter => {
            result.outcome = Outcome::with(CompanyState::NotSent, ErrorCode::Map04);
        }
        DenialReason::LineOfOtherContract => {
            let unusable = attempt.session.line_of_other_contract(contract);
            result.outcome = Outcome::with(CompanyState::NotSent, ErrorCode::Unk01);
            result.remarks = Said::by(&unusable).remark.into_iter().collect();
        }
        // The contract continues by itself, from the state at that time.
        DenialReason::MappingChanged => return Some(Verdict::HandBack(None, None)),
        DenialReason::Unspecified => return Some(Verdict::HandBack(None, Some(attempt.try_again_at()))),
    }
    None
}
