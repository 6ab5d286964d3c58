//! Reads every line once more in the 24 hours before the invoice day, whatever the schedule.
//!
//! For the main loop: [`begin_due`], with the month ends. The run is separate and made once per invoice day, as soon
//! as its window has begun. The time of a line's last reading decides which lines are read, and that each is read
//! once (`domain::read_is_due`). While the partner is off or its credentials are refused no run is made; it is made
//! when it can do something.

use domain::{PartnerId, RunMode, full_read_window};
use jiff::Timestamp;
use messages::inbound::Companies;
use store::{
    StoreError, Transaction,
    jobs::{
        full_reads,
        runs::{self, Occasion},
    },
    settings,
};

use crate::{
    context::Context,
    facts,
    month_end_window::can_run,
    runs::{Items, RunOrder, make},
};

/// Begins the runs that are due. Returns how many.
pub(crate) async fn begin_due(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    let partners =
        context.store.transaction("list_full_reads", |tx| Box::pin(full_reads::possible(tx, now))).await?;
    let mut begun = 0;
    for partner in &partners {
        let made = context
            .store
            .transaction("begin_full_read", |tx| Box::pin(begin(tx, context, partner, now)))
            .await;
        match made {
            Ok(made) => begun += usize::from(made),
            Err(error) => {
                tracing::error!(%partner, %error, "the lines could not be read before the invoice day")
            }
        }
    }
    Ok(begun)
}

async fn begin(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    runs::hold_partner(tx, partner).await?;
    settings::hold_state(tx, partner).await?;
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else { return Ok(false) };
    let window =
        full_read_window(facts.integration.settings.invoice_day, now, facts.settings.invoice_zones());
    let Some((invoice_day, _)) = window else { return Ok(false) };
    if !can_run(&facts.integration) || full_reads::is_made(tx, partner, invoice_day).await? {
        return Ok(false);
    }
    let items = Items::of_companies(&facts.plan(), &Companies::All);
    let occasion = Occasion::FullRead;
    let order = RunOrder { occasion, mode: RunMode::Apply, all_companies: true, expires_at: None };
    let run = make(tx, &context.entropy, &facts, &order, &items, now).await?;
    full_reads::note(tx, partner, invoice_day, run).await?;
    Ok(true)
}
