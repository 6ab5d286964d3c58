//! Announces runs with deferred jobs (G-04).
//!
//! For the main loop: [`tell`], with the month ends. Several statements defer a job, in the scheduler and in results.
//! This module reads the rows, so none of those statements can forget the announcement.

use bus::EventTopic;
use messages::{Message as _, field::wire_instant, v1};
use store::{
    StoreError,
    jobs::deferrals,
    messages::events::{NewEvent, store_events},
};

use crate::{announce::wire_wait, context::Context};

/// How many jobs one round announces.
const ROUND: i64 = 1_000;

/// Announces jobs that were deferred. Returns for how many runs.
pub(crate) async fn tell(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    context
        .store
        .transaction("tell_deferrals", |tx| {
            Box::pin(async move {
                let unannounced = deferrals::take_unannounced(tx, ROUND, now).await?;
                for deferral in &unannounced {
                    let message = v1::RunDeferred {
                        number: None,
                        partner_id: deferral.partner.to_string(),
                        run_id: deferral.run.to_string(),
                        wait: Some(wire_wait(&deferral.wait)),
                        jobs: Some(deferral.jobs),
                        at: Some(wire_instant(now)),
                    };
                    let events = vec![NewEvent::new(
                        EventTopic::RunDeferred.routing_key(),
                        v1::RunDeferred::KIND,
                        &message,
                    )];
                    store_events(tx, &deferral.partner, events, now).await?;
                }
                Ok(unannounced.len())
            })
        })
        .await
}
