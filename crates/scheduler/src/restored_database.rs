//! After a restore of the database (B-14): a run in which nothing can be written reads each partner's lines again.
//! Until that run is through, no permit is given.

use domain::{PartnerId, RunMode};
use jiff::Timestamp;
use messages::inbound::Companies;
use store::{
    StoreError, Transaction,
    jobs::runs::{self, Occasion},
    settings::installation,
};

use crate::{
    Context, facts,
    runs::{Items, RunOrder, make},
};

/// Makes the runs that are owed. Returns how many.
pub(crate) async fn reread(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    let owed = context
        .store
        .transaction("list_rereads", |tx| Box::pin(installation::to_be_reread(tx, None, now)))
        .await?;
    for partner in &owed {
        context.store.transaction("reread", |tx| Box::pin(reread_one(tx, context, partner, now))).await?;
    }
    Ok(owed.len())
}

async fn reread_one(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    runs::hold_partner(tx, partner).await?;
    // Another scheduler may have been quicker.
    if installation::to_be_reread(tx, Some(partner), now).await?.is_empty() {
        return Ok(());
    }
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else { return Ok(()) };
    let order =
        RunOrder { occasion: Occasion::FullRead, mode: RunMode::Plan, all_companies: true, expires_at: None };
    let items = Items::of_companies(&facts.plan(), &Companies::All);
    make(tx, &context.entropy, &facts, &order, &items, now).await.map(drop)
}
