//! The outbox of events: announced at least once, in order per partner.

use bus::{EventTopic, Outgoing, TraceContext};
use domain::{Clock, Entropy};
use messages::{Message as _, v1};
use store::{
    Store, StoreError,
    jobs::{job_end, run_totals},
    messages::events::{self, StoredEvent},
    settings::refused_credentials,
};
use tokio_util::sync::CancellationToken;

use crate::{
    events::{credentials_refused, run_finished},
    password_ages::tell_of_passwords,
    results::Results,
};

/// Events announced under one lock.
const AT_ONCE: i64 = 100;

impl Results {
    /// Announces stored events when woken and every now and then, until `stop`.
    pub(crate) async fn announce_until(&self, stop: CancellationToken) {
        loop {
            if self.announce().await {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.stored.notified() => {}
                () = tokio::time::sleep(self.settings.announce_every) => {}
            }
        }
    }

    /// Announces stored events once; true if there may be more.
    pub(crate) async fn announce(&self) -> bool {
        if let Err(error) = tell_of_ended_runs(&self.store).await {
            tracing::warn!(%error, "the end of runs waits in the store");
        }
        if let Err(error) = tell_of_refusals(&self.store, &*self.clock).await {
            tracing::warn!(%error, "refusals of credentials wait in the store");
        }
        if let Err(error) = tell_of_passwords(&self.store, self.clock.now()).await {
            tracing::warn!(%error, "ages of passwords wait in the store");
        }
        match self.announce_some().await {
            Ok(told) => told == AT_ONCE,
            Err(error) => {
                tracing::warn!(%error, "events wait in the store");
                false
            }
        }
    }

    /// Announces the oldest events and records it. The rows stay locked meanwhile, so replicas do not announce the
    /// same; after a crash in between they are announced again.
    async fn announce_some(&self) -> Result<i64, StoreError> {
        self.store
            .transaction("announce_events", |tx| {
                Box::pin(async move {
                    let mut told = 0;
                    for event in events::unannounced_events(tx, AT_ONCE).await? {
                        let now = self.clock.now();
                        let Some((topic, message)) = outgoing(&event, &self.entropy, now) else {
                            tracing::error!(
                                topic = event.topic,
                                kind = event.kind,
                                "an event of an unknown topic is left out"
                            );
                            events::mark_announced(tx, &event.partner, event.number, now).await?;
                            continue;
                        };
                        if let Err(error) = self.bus.announce(topic, message).await {
                            tracing::warn!(%error, "events wait for the bus");
                            break;
                        }
                        events::mark_announced(tx, &event.partner, event.number, now).await?;
                        if let Some(metrics) = &self.metrics {
                            metrics.announced(&event);
                        }
                        told += 1;
                    }
                    Ok(told)
                })
            })
            .await
    }
}

/// Runs that ended without a `JobDone` (superseded, switched off) get their `RunFinished` too: listeners that know
/// of the run wait for it.
async fn tell_of_ended_runs(store: &Store) -> Result<(), StoreError> {
    store
        .transaction("tell_of_ended_runs", |tx| {
            Box::pin(async move {
                for run_end in job_end::unannounced_runs(tx, AT_ONCE).await? {
                    let (partner, run, at) = (&run_end.partner, run_end.run, run_end.finished_at);
                    let totals = run_totals::count_run(tx, partner, run).await?;
                    let event = run_finished(partner, run, &run_end.ended, totals, at);
                    events::store_events(tx, partner, vec![event], at).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Refusals that no `JobDone` reported: found by Authenticate, or inferred because another partner was refused the
/// same.
async fn tell_of_refusals(store: &Store, clock: &dyn Clock) -> Result<(), StoreError> {
    let partners = store
        .transaction("list_refusals", |tx| {
            Box::pin(refused_credentials::partners_with_unannounced_refusal(tx))
        })
        .await?;
    for partner in &partners {
        store
            .transaction("tell_of_refusal", |tx| {
                Box::pin(async move {
                    let refusal = refused_credentials::unannounced_refusal(tx, partner).await?;
                    let event = refusal.map(credentials_refused).into_iter().collect();
                    events::store_events(tx, partner, event, clock.now()).await
                })
            })
            .await?;
    }
    Ok(())
}

fn outgoing(event: &StoredEvent, entropy: &Entropy, now: jiff::Timestamp) -> Option<(EventTopic, Outgoing)> {
    let topic = EventTopic::ALL.into_iter().find(|topic| topic.routing_key() == event.topic)?;
    let kind = [
        v1::RunFinished::KIND,
        v1::CompanyStatusChanged::KIND,
        v1::CredentialsRefused::KIND,
        v1::PasswordAging::KIND,
        v1::HoldOpened::KIND,
        v1::ReportRefused::KIND,
        v1::ReportIncomplete::KIND,
        v1::RunDeferred::KIND,
        v1::MessageDeadLettered::KIND,
    ]
    .into_iter()
    .find(|kind| *kind == event.kind)?;
    let body = event.body.to_string().into();
    Some((topic, Outgoing { id: entropy.uuid(now), kind, trace: TraceContext::default(), body }))
}
