//! Schedules that have come due.
//!
//! For the main loop: [`run_due`], every poll. Any number of schedulers may call it at once. A due schedule is
//! claimed (`for update skip locked`), and that one transaction records its local day, writes its run and jobs, and
//! advances the schedule. An error of one partner stops no other.
//!
//! - After downtime the newest day is run; older days are recorded as missed.
//! - While the integration is not on, the day is recorded as off.
//! - A recorded day is not run again, whatever was edited since.
//! - While the credentials are refused, the run says so on every contract.

use domain::{IntegrationState, Occurrence, PartnerId, RunMode, due, spread_offset};
use jiff::Timestamp;
use messages::inbound::Companies;
use store::{
    StoreError, Transaction,
    jobs::runs::{self, Occasion},
    settings::{
        self,
        schedules::{self, DayOutcome},
    },
};
use tracing::Instrument as _;

use crate::{
    context::Context,
    facts,
    runs::{Items, RunOrder, make},
};

/// How many due partners one round handles.
pub(crate) const ROUND: i64 = 500;

/// Begins the runs of at most [`ROUND`] schedules that are due. Returns how many schedules advanced.
pub(crate) async fn run_due(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    let partners =
        context.store.transaction("list_due", |tx| Box::pin(schedules::due_partners(tx, now, ROUND))).await?;
    let mut moved = 0;
    for partner in &partners {
        let claimed = context
            .store
            .transaction("run_due", |tx| Box::pin(claim(tx, context, partner, now)))
            .instrument(tracing::info_span!("run due schedule", %partner))
            .await;
        match claimed {
            Ok(claimed) => moved += usize::from(claimed),
            Err(error) => tracing::error!(%partner, %error, "the due schedule could not be run"),
        }
    }
    Ok(moved)
}

async fn claim(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(stored) = schedules::claim(tx, partner, now).await? else {
        return Ok(false);
    };
    // The partner's own delay is not part of the schedule: without the delay, the clock of its days is that much
    // behind.
    let spread = jiff::SignedDuration::try_from(spread_offset(partner, context.settings.spread))
        .unwrap_or(jiff::SignedDuration::ZERO);
    let pending = Occurrence {
        nominal: stored.next_nominal,
        due: stored.next_run_at.saturating_sub(spread).unwrap_or(now),
    };
    let Some(owed) = due(&stored.schedule, pending, now.saturating_sub(spread).unwrap_or(now)) else {
        return Ok(false);
    };
    for day in owed.missed {
        schedules::record(tx, partner, day, DayOutcome::Missed, now).await?;
    }
    let nominal = owed.run.nominal;
    if !schedules::is_recorded(tx, partner, nominal).await? {
        let outcome = run_day(tx, context, partner, nominal, now).await?;
        schedules::record(tx, partner, nominal, outcome, now).await?;
    }
    let (next_nominal, next_run_at) = match owed.next {
        Some(next) => (next.nominal, next.due.saturating_add(spread).unwrap_or(next.due)),
        // Beyond the calendar's end nothing more is due.
        None => (nominal, Timestamp::MAX),
    };
    schedules::move_on(tx, partner, nominal, next_nominal, next_run_at).await?;
    Ok(true)
}

async fn run_day(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    nominal: jiff::civil::Date,
    now: Timestamp,
) -> Result<DayOutcome, StoreError> {
    runs::hold_partner(tx, partner).await?;
    if settings::hold_state(tx, partner).await? != Some(IntegrationState::On) {
        return Ok(DayOutcome::Off);
    }
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else {
        return Ok(DayOutcome::Off);
    };
    let order = RunOrder {
        occasion: Occasion::Schedule(nominal),
        mode: RunMode::Apply,
        all_companies: true,
        expires_at: None,
    };
    let items = Items::of_companies(&facts.plan(), &Companies::All);
    Ok(DayOutcome::Run(make(tx, &context.entropy, &facts, &order, &items, now).await?))
}

#[cfg(test)]
mod tests;
