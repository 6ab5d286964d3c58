//! Runs whose jobs were put off are told of (G-04).
//!
//! For the main loop: [`tell`], with the month ends. Several statements put a job off, in the scheduler and in the results:
//! the rows are looked at, so none of them can forget to tell.

use bus::EventTopic;
use messages::{field::wire_instant, v1};
use store::{StoreError, jobs::deferrals, messages::events::store_events};

use crate::{announce::wire_wait, context::Context, events::event};

/// How many jobs one round tells of.
const ROUND: i64 = 1_000;

/// Tells of jobs that were put off; answers of how many runs.
pub(crate) async fn tell(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    context
        .store
        .transaction("tell_deferrals", |tx| {
            Box::pin(async move {
                let untold = deferrals::take_untold(tx, ROUND, now).await?;
                for deferral in &untold {
                    let message = v1::RunDeferred {
                        number: None,
                        partner_id: deferral.partner.to_string(),
                        run_id: deferral.run.to_string(),
                        wait: Some(wire_wait(&deferral.wait)),
                        jobs: Some(deferral.jobs),
                        at: Some(wire_instant(now)),
                    };
                    let told = vec![event(EventTopic::RunDeferred, &message)];
                    store_events(tx, &deferral.partner, told, now).await?;
                }
                Ok(untold.len())
            })
        })
        .await
}
