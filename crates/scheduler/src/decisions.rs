//! Decisions of people about held changes.
//!
//! Called by `requests` for every `HoldDecided` of the queue `sync.requests`.
//!
//! A decision counts once by its id, and only on an open hold. One exception: a dismissal withdraws an approval that
//! is not used yet. A decision, approval or dismissal, is refused if it is about another number than the held one, or
//! starts from another number than Kaseya shows. Each decision is answered by an event, which says what prevents the
//! approved change from being sent (G-04). A run for its contract sends an approved change. While the integration is
//! not on, the approval waits for the next run.

use std::collections::BTreeSet;

use domain::{ContractId, IntegrationState, PartnerId, RunMode, Wait};
use jiff::Timestamp;
use messages::inbound::{HoldDecision, Verdict};
use store::{
    StoreError, Transaction,
    holds::{self, Decision, PersonsDecision},
    jobs::{
        requests::Answer,
        runs::{self, Occasion},
    },
    settings::{self},
};

use crate::{
    announce::{Sending, Verdict as Answered, answer_decision},
    context::Context,
    facts,
    joining::{join_or_make, put_off_runs},
    runs::{Items, RunOrder},
    settlement::{Handled, after_failure},
};

/// Handles a decision.
pub(crate) async fn take(context: &Context, decision: &HoldDecision) -> Handled {
    let now = context.clock.now();
    let decided =
        context.store.transaction("decide_hold", |tx| Box::pin(decide(tx, context, decision, now))).await;
    let HoldDecision { partner, hold, decision: id, .. } = decision;
    let mut held_units = None;
    let (decided, sending) = match decided {
        Ok((decided, sending)) => (Ok(decided), sending),
        Err(error) => (Err(error), Sending::Nothing),
    };
    let verdict = match decided {
        Ok(Decision::Taken(contracts)) => {
            tracing::info!(%partner, %hold, ?contracts, "hold decided");
            Answered::Taken
        }
        Ok(Decision::Repeated) => Answered::Taken,
        Ok(Decision::OtherContent) => {
            let reason =
                format!("decisionId {id} was used for another decision; send this one under a new id");
            Answered::refused("ID-USED", reason)
        }
        Ok(Decision::UnknownHold) => {
            Answered::refused("UNKNOWN-HOLD", format!("partner {partner} has no hold {hold}"))
        }
        Ok(Decision::NotOpen) => Answered::refused("NOT-OPEN", format!("hold {hold} is not open any more")),
        Ok(Decision::OtherUnits { held }) => {
            held_units = Some(held);
            let reason = format!("{held} units are held now, and another number was decided on: look again");
            Answered::refused("OTHER-UNITS", reason)
        }
        Ok(Decision::OtherFrom { shown }) => {
            let reason =
                format!("Kaseya shows {shown} units now, and another change was decided on: look again");
            Answered::refused("OTHER-UNITS", reason)
        }
        Err(error) => return after_failure("decision about a hold", &error, error.class()),
    };
    if let Answered::Refused { code, reason } = &verdict {
        tracing::warn!(%partner, %hold, code, reason, "decision refused");
    }
    match answer_decision(context, partner, (id, &hold.to_string()), &verdict, held_units, sending).await {
        Ok(()) => Handled::DONE,
        Err(error) => after_failure("answer of a decision", &error, error.class()),
    }
}

async fn decide(
    tx: &Transaction<'_>,
    context: &Context,
    decision: &HoldDecision,
    now: Timestamp,
) -> Result<(Decision, Sending), StoreError> {
    let partner = &decision.partner;
    runs::hold_partner(tx, partner).await?;
    let approves = decision.verdict == Verdict::Approve;
    let persons = PersonsDecision {
        decision: &decision.decision,
        hold: decision.hold,
        approves,
        units: decision.units,
        other_units: decision.other_units,
        from: decision.from,
        other_from: decision.other_from,
        by: &decision.decided_by,
    };
    let outcome = holds::decide(tx, partner, &persons, now).await?;
    let Decision::Taken(contracts) = &outcome else { return Ok((outcome, Sending::Nothing)) };
    if !approves {
        return Ok((outcome, Sending::Nothing));
    }
    if settings::hold_state(tx, partner).await? != Some(IntegrationState::On) {
        return Ok((outcome, Sending::Off));
    }
    let sending = send(tx, context, partner, contracts, &decision.decided_by, now).await?;
    Ok((outcome, sending))
}

/// Has approved changes sent.
async fn send(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    contracts: &BTreeSet<ContractId>,
    by: &str,
    now: Timestamp,
) -> Result<Sending, StoreError> {
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else { return Ok(Sending::Nothing) };
    let items = Items::of_contracts(&facts.plan(), contracts);
    // A contract that nothing is mapped to any more has nothing to send.
    if items.is_empty() {
        return Ok(Sending::Nothing);
    }
    let occasion = Occasion::Request(by);
    let order = RunOrder { occasion, mode: RunMode::Apply, all_companies: false, expires_at: None };
    let answer = join_or_make(tx, context, &facts, &order, items, now).await?;
    if let Some(refused) = facts.integration.credentials_refused {
        return Ok(Sending::Waits(Wait::stored(refused.code.as_str(), refused.at, None)));
    }
    put_off_runs(tx, &facts, &answer, now).await?;
    Ok(match answer {
        Answer::Accepted { run } => Sending::By(run),
        // The approved change is what the current run can no longer include.
        Answer::Joined { run, follow_up, .. } => Sending::By(follow_up.unwrap_or(run)),
        Answer::Refused { .. } => Sending::Nothing,
    })
}

#[cfg(test)]
mod tests;
