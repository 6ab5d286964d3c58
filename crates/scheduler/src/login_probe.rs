//! Login attempts without anything to sync: the daily probe, and the one attempt after a lock is over (B-03,
//! AUTH-03). Also the automatic sync once refused credentials are right: it does not wait for the night.
//!
//! A probe is a run in which nothing can be written, with one job that has no contract: its worker logs in and asks
//! which user it is. The result of the login counts like that of any job.

use domain::{IntegrationState, JobId, PartnerId, RunId, RunMode, probe_due};
use jiff::Timestamp;
use messages::inbound::Companies;
use store::{
    StoreError, Transaction,
    jobs::runs::{self, JobSlice, NewJob, NewRun, Occasion},
    settings::probes::{self, Unproven},
};

use crate::{
    Context,
    facts::{self, Facts},
    runs::{Items, RunOrder, make},
};

/// The requester of a sync that follows a refusal, if no scheduled sync did.
const AFTER_REFUSAL: &str = "kaseya-sync";

/// Makes the probes that are due, and allows a login for users whose lock is over. Returns how many.
pub(crate) async fn prove_logins(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    let unlocked =
        context.store.transaction("list_unlocked", |tx| Box::pin(probes::unlocked(tx, now))).await?;
    for partner in &unlocked {
        context
            .store
            .transaction("try_unlocked", |tx| Box::pin(try_unlocked(tx, context, partner, now)))
            .await?;
    }
    let right_again = context
        .store
        .transaction("list_right_again", |tx| Box::pin(probes::to_sync_after_refusal(tx)))
        .await?;
    for partner in &right_again {
        context
            .store
            .transaction("sync_after_refusal", |tx| Box::pin(sync_after_refusal(tx, context, partner, now)))
            .await?;
    }
    let due = |unproven: &Unproven| probe_due(&unproven.partner, unproven.last, unproven.next_run, now);
    let unproven =
        context.store.transaction("list_unproven", |tx| Box::pin(probes::unproven(tx, None, now))).await?;
    let mut made = unlocked.len() + right_again.len();
    for Unproven { partner, .. } in unproven.iter().filter(|unproven| due(unproven)) {
        context
            .store
            .transaction("probe", |tx| {
                Box::pin(async move {
                    runs::hold_partner(tx, partner).await?;
                    // Another scheduler may have been quicker.
                    match probes::unproven(tx, Some(partner), now).await?.iter().any(due) {
                        true => probe(tx, context, partner, now).await,
                        false => Ok(()),
                    }
                })
            })
            .await?;
        made += 1;
    }
    Ok(made)
}

async fn probe(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    match on(tx, partner, now).await? {
        Some(_) => make_probe(tx, context, partner, now).await,
        None => Ok(()),
    }
}

/// The lock is over: the one login that is allowed syncs everything the lock kept back.
async fn try_unlocked(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    runs::hold_partner(tx, partner).await?;
    if !probes::lock_is_over(tx, partner).await? {
        return Ok(());
    }
    let Some(facts) = on(tx, partner, now).await? else { return Ok(()) };
    sync_what_was_left(tx, context, partner, &facts, now).await
}

/// The credentials are right again, or have changed: syncs everything that was left.
async fn sync_after_refusal(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    runs::hold_partner(tx, partner).await?;
    let Some(facts) = on(tx, partner, now).await? else { return Ok(()) };
    match probes::synced_after_refusal(tx, partner).await? {
        true => sync_what_was_left(tx, context, partner, &facts, now).await,
        false => Ok(()),
    }
}

/// Syncs all companies in the mode of the last scheduled run. Before the first scheduled run it only tries the login.
async fn sync_what_was_left(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    facts: &Facts,
    now: Timestamp,
) -> Result<(), StoreError> {
    let last = facts.settings.schedule.as_ref().and_then(|schedule| schedule.last_nominal);
    let occasion = match last {
        Some(nominal) => Occasion::Schedule(nominal),
        None if runs::were_made(tx, partner).await? => Occasion::Request(AFTER_REFUSAL),
        None => return make_probe(tx, context, partner, now).await,
    };
    let order = RunOrder { occasion, mode: RunMode::Apply, all_companies: true, expires_at: None };
    let items = Items::of_companies(&facts.plan(), &Companies::All);
    make(tx, &context.entropy, facts, &order, &items, now).await.map(drop)
}

/// The partner's facts, if the partner is on. The caller holds the partner's lock.
async fn on(tx: &Transaction<'_>, partner: &PartnerId, now: Timestamp) -> Result<Option<Facts>, StoreError> {
    if store::settings::hold_state(tx, partner).await? != Some(IntegrationState::On) {
        return Ok(None);
    }
    Ok(facts::read(tx, partner, now).await?.facts())
}

async fn make_probe(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let run = RunId(context.entropy.uuid(now));
    let (traceparent, _) = runtime::trace::inject(&tracing::Span::current());
    let new = NewRun {
        run,
        partner,
        occasion: Occasion::Probe,
        mode: RunMode::Plan,
        all_companies: false,
        traceparent: traceparent.as_deref(),
        expires_at: None,
    };
    let job =
        NewJob { job: JobId(context.entropy.uuid(now)), content: JobSlice::Work { contracts: Vec::new() } };
    runs::create(tx, &new, &[job], now).await?;
    tracing::info!(%partner, %run, "the login is probed");
    Ok(())
}
