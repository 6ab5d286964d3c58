//! From *switching off* to *off*, without waiting under a lock.

use domain::PartnerId;
use store::{StoreError, jobs::switched_off, settings::switch};

use crate::Context;

/// One look at all partners that are not on: drops jobs that were handed back or made during the switch-off, and
/// turns every partner without an outstanding permit off. Returns those partners.
pub(crate) async fn finish(context: &Context) -> Result<Vec<PartnerId>, StoreError> {
    let left = context
        .store
        .transaction("off_with_open_work", |tx| Box::pin(switched_off::off_with_open_work(tx)))
        .await?;
    for partner in &left {
        drop_open_work(context, partner).await?;
    }
    let off = context
        .store
        .transaction("finish_switching_off", |tx| {
            Box::pin(async move { switch::finish_switching_off(tx, context.clock.now()).await })
        })
        .await?;
    for partner in &off {
        tracing::info!(%partner, "off: no write is begun from now on");
    }
    Ok(off)
}

async fn drop_open_work(context: &Context, partner: &PartnerId) -> Result<(), StoreError> {
    context
        .store
        .transaction("drop_open_work", |tx| {
            Box::pin(async move {
                let now = context.clock.now();
                // Locked, so that the partner cannot be switched on again between the look and the drop.
                match switch::hold_switch(tx, partner).await? {
                    Some(switch) if switch.state != domain::IntegrationState::On => {
                        switched_off::drop_open_jobs(tx, partner, now).await.map(drop)
                    }
                    _ => Ok(()),
                }
            })
        })
        .await
}
