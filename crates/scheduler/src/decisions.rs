//! What people decide about held changes.
//!
//! Called by `requests` for every `HoldDecided` of the queue `sync.requests`.
//!
//! A decision counts once by its id, and only on an open hold, but that a dismissal takes an approval back that is not used
//! yet; one about another number than the one that is held is refused, be it approval or dismissal. Refusals are logged:
//! nobody waits for an answer, and the hold stays where a person sees it. An approved change is sent by a run for its
//! contract, unless the integration is not on: then the approval waits for the next run.

use bus::Settlement;
use domain::RunMode;
use jiff::Timestamp;
use messages::inbound::{HoldDecision, Verdict};
use store::{
    StoreError, Transaction,
    holds::{self, Decision, PersonsDecision},
    runs::{self, Occasion},
    settings::{self, IntegrationState},
};

use crate::{
    context::Context,
    facts,
    requests::join_or_make,
    runs::{Items, RunOrder},
    settlement::after_failure,
};

/// Takes a decision.
pub(crate) async fn take(context: &Context, decision: &HoldDecision) -> Settlement {
    let now = context.clock.now();
    let decided =
        context.store.transaction("decide_hold", |tx| Box::pin(decide(tx, context, decision, now))).await;
    let HoldDecision { partner, hold, .. } = decision;
    match decided {
        Ok(Decision::Taken(contracts)) => tracing::info!(%partner, %hold, ?contracts, "hold decided"),
        Ok(Decision::Repeated) => tracing::debug!(%partner, %hold, "the decision was taken before"),
        Ok(Decision::UnknownHold) => {
            tracing::warn!(%partner, %hold, "decision refused: there is no such hold")
        }
        Ok(Decision::NotOpen) => {
            tracing::warn!(%partner, %hold, "decision refused: the hold is not open any more")
        }
        Ok(Decision::OtherUnits { held }) => {
            tracing::warn!(%partner, %hold, held, "decision refused: another number is held than was decided about");
        }
        Err(error) => return after_failure("decision about a hold", &error, error.class()),
    }
    Settlement::Done
}

async fn decide(
    tx: &Transaction<'_>,
    context: &Context,
    decision: &HoldDecision,
    now: Timestamp,
) -> Result<Decision, StoreError> {
    let partner = &decision.partner;
    runs::hold_partner(tx, partner).await?;
    let approves = decision.verdict == Verdict::Approve;
    let persons = PersonsDecision {
        decision: &decision.decision,
        hold: decision.hold,
        approves,
        units: decision.units,
        other_units: decision.other_units,
        by: &decision.decided_by,
    };
    let outcome = holds::decide(tx, partner, &persons, now).await?;
    if let Decision::Taken(contracts) = &outcome
        && approves
        && settings::hold_state(tx, partner).await? == Some(IntegrationState::On)
        && let Some(facts) = facts::read(tx, partner, now).await?.facts()
    {
        let items = Items::of_contracts(&facts.plan(), contracts);
        // A contract that nothing is mapped to any more has nothing to be sent.
        if !items.is_empty() {
            let occasion = Occasion::Request(&decision.decided_by);
            let order = RunOrder { occasion, mode: RunMode::Apply, all_companies: false };
            join_or_make(tx, context, &facts, &order, items, now).await?;
        }
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests;
