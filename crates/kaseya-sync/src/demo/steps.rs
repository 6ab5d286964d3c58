//! The steps of a demo.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use domain::{PartnerId, RequestId, Role, RunState, Trigger};
use futures::future::BoxFuture;
use kaseya_simulator::Running as Kaseya;
use operations::{
    access::{MAX_TOKEN_DAYS, TokenForm},
    settings_update::{self, Storing},
    sync_requests::SyncOrder,
};
use runtime::Context;
use store::{
    jobs::requests::{self, Answer},
    settings::{self, switch},
    statuses::{self, RunRow},
};

use super::msp;
use crate::{data_dir::DataDir, installation::Installation, output, services::Services};

/// Timeout of a step. After a kill, the leases of running jobs must expire first.
const STEP: Duration = Duration::from_secs(300);
/// How often to read the tables.
const POLL: Duration = Duration::from_millis(100);

/// The parts of a demo.
pub(super) struct Demo {
    pub(super) services: Services,
    pub(super) kaseya: Kaseya,
    pub(super) partner: PartnerId,
    pub(super) context: Context,
}

impl Demo {
    /// The number of the newest run; 0 before the first.
    pub(super) async fn newest_run(&self) -> anyhow::Result<i64> {
        Ok(self.runs_after(0).await?.first().map_or(0, |run| run.number))
    }

    /// The runs with a higher number, newest first.
    pub(super) async fn runs_after(&self, number: i64) -> anyhow::Result<Vec<RunRow>> {
        let partner = &self.partner;
        Ok(self
            .services
            .store
            .transaction("read_runs", |tx| Box::pin(statuses::runs(tx, partner, number, 100)))
            .await?)
    }

    pub(super) async fn store_settings(&self) -> anyhow::Result<()> {
        let Services { store, keys, clock, spread, .. } = &self.services;
        let now = clock.now();
        let storing = Storing { keys, entropy: &self.context.entropy, spread: *spread, now };
        let file = msp::settings(&self.kaseya.base_url());
        let file = &file;
        store
            .transaction("store_demo", |tx| {
                Box::pin(async move {
                    settings::hold(tx, &file.partner).await?;
                    let stored = settings::read(tx, &file.partner).await?;
                    settings_update::store_file(tx, file, stored.as_ref(), storing).await
                })
            })
            .await?;
        Ok(())
    }

    /// Switches on and brings the schedule's next day forward, both at once, and waits for the run to finish.
    pub(super) async fn scheduled_sync(&self) -> anyhow::Result<()> {
        let partner = &self.partner;
        let now = self.services.clock.now();
        let newest = self
            .services
            .store
            .transaction("bring_forward", |tx| {
                Box::pin(async move {
                    // First, because it waits for a claim in progress. A day due until now was claimed and recorded
                    // while the integration was off; or it is not claimed yet, and is the day that runs.
                    settings::bring_forward(tx, partner, now).await?;
                    switch::switch_on(tx, partner).await?;
                    statuses::runs(tx, partner, 0, 1).await
                })
            })
            .await?;
        let newest = newest.first().map_or(0, |run| run.number);
        self.until("the scheduled sync is through", || {
            Box::pin(async move {
                let runs = self.runs_after(newest).await?;
                Ok(runs.iter().any(|run| run.trigger == Trigger::Schedule && run.state == RunState::Finished))
            })
        })
        .await
    }

    /// Requests a sync as a portal does, and waits for the run to finish.
    pub(super) async fn requested_sync(&self) -> anyhow::Result<()> {
        let operations = self.services.operations(&self.context);
        let order = SyncOrder { companies: &[], plan: false, by: "demo" };
        let request = operations.request_sync(&self.partner, order).await?;
        let asked = &request;
        self.until("the sync that was asked for is through", || Box::pin(self.is_through(asked))).await
    }

    /// Whether the run for the request has ended.
    async fn is_through(&self, request: &RequestId) -> anyhow::Result<bool> {
        let (store, partner) = (&self.services.store, &self.partner);
        let answer = store
            .transaction("read_answer", |tx| Box::pin(requests::answer_to(tx, partner, request)))
            .await?;
        let run = match answer {
            Some(Some(Answer::Accepted { run } | Answer::Joined { run, .. })) => run,
            Some(Some(Answer::Refused { code, reason })) => anyhow::bail!("refused, {code}: {reason}"),
            Some(None) | None => return Ok(false),
        };
        let row = store.transaction("read_run", |tx| Box::pin(statuses::run(tx, partner, run))).await?;
        Ok(row.is_some_and(|row| row.state == RunState::Finished))
    }

    pub(super) async fn until<'a>(
        &self,
        what: &str,
        // Boxed: the compiler cannot yet prove that a future containing an async closure may change threads.
        condition: impl Fn() -> BoxFuture<'a, anyhow::Result<bool>>,
    ) -> anyhow::Result<()> {
        let wait = async {
            while !condition().await? {
                tokio::time::sleep(POLL).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(STEP, wait).await.with_context(|| format!("not within {STEP:?}: {what}"))?
    }

    pub(super) async fn say_where_to_look(
        &self,
        directory: &DataDir,
        pages: SocketAddr,
    ) -> anyhow::Result<()> {
        let path = directory.path().display();
        let operations = self.services.operations(&self.context);
        let form = TokenForm { name: "demo", role: Role::Admin, days: MAX_TOKEN_DAYS };
        let token = operations.by(&Installation::actor("demo")).make_token(&self.partner, form).await?.secret;
        output::tell(&format_args!("portal:            http://{pages}/"));
        output::tell(&format_args!("  sign in with:    {}", token.expose_secret()));
        output::tell(&format_args!("Kaseya, simulated: {} (login: {})", self.kaseya.base_url(), msp::USER));
        output::tell(&format_args!("database:          psql -h {path}/postgres/run -U postgres"));
        if let Some(address) = self.context.health_address {
            output::tell(&format_args!("health pages:      http://{address}/readyz, /livez, /metrics"));
        }
        output::tell(&format_args!(
            "other commands:    kaseya-sync --data-dir {path} status {}",
            self.partner
        ));
        Ok(())
    }
}
