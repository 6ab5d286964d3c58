//! `demo`: the whole job on one machine, with a simulated Kaseya and a ready MSP.
//!
//! Everything is the real thing but Kaseya and the provider: settings are stored as by `apply`, counts come in over the
//! bus in parts, the schedule's next day is brought forward and then claimed as any other, the second sync is asked for
//! by a message. With `--data-dir` all of it is kept, the simulated Kaseya too: another start finds its own work done.

mod msp;
mod provider;
mod report;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use domain::{PartnerId, RequestId, Role, RunState, Trigger};
use futures::future::BoxFuture;
use kaseya::AllowedHosts;
use kaseya_simulator::{Clock as KaseyaClock, Running as Kaseya, Simulator, State};
use operations::{
    access::{MAX_TOKEN_DAYS, TokenForm},
    sync_requests::SyncOrder,
};
use runtime::Context;
use store::{
    jobs::requests::{self, Answer},
    settings::{self, switch},
    statuses::{self, RunRow},
};

use crate::{
    apply::{self, Applying, Trial},
    data_dir::DataDir,
    ended::Ended,
    installation::Installation,
    output,
    services::{self, Services},
};

/// How long a step may take. After a kill the lease of what was going on has to end first.
const STEP: Duration = Duration::from_secs(300);
/// How often the tables are looked at.
const POLL: Duration = Duration::from_millis(100);

pub(crate) async fn command(
    context: Context,
    data_dir: Option<PathBuf>,
    once: bool,
    json: bool,
) -> anyhow::Result<Ended> {
    let directory = match data_dir {
        Some(path) => DataDir::at(path),
        // Without a directory to keep, all of it goes when the demo ends.
        None => DataDir::thrown_away()?,
    };
    let stop = context.shutdown.soft();
    match stop.run_until_cancelled(show(&context, &directory, once, json)).await {
        Some(ended) => ended,
        None => Ok(Ended::InOrder),
    }
}

async fn show(context: &Context, directory: &DataDir, once: bool, json: bool) -> anyhow::Result<Ended> {
    output::tell(&format_args!("starting in {}", directory.path().display()));
    let services = services::prepare(context, directory).await?;
    let demo = Demo {
        kaseya: start_kaseya(&services, directory).await?,
        partner: msp::partner(),
        context: context.clone(),
        services,
    };
    let before = demo.newest_run().await?;
    // Before the services start: what an earlier one has left open then goes to where Kaseya is now.
    demo.store_settings().await?;
    let pages = demo.services.run(context, true).await?;
    context.health.started();
    provider::report(&demo).await?;
    output::tell(&"the schedule's next sync is due now");
    demo.scheduled_sync().await?;
    output::tell(&"a sync is asked for");
    demo.requested_sync().await?;

    let shown = report::Shown::read(&demo, before).await?;
    if json {
        output::say(&shown.document()?)?;
    } else {
        shown.print()?;
    }
    if !once {
        demo.say_where_to_look(directory, pages).await?;
        output::tell(&"Ctrl-C ends it");
        context.shutdown.soft().cancelled().await;
    }
    demo.kaseya.stop().await;
    Ok(Ended::InOrder)
}

/// The simulated Kaseya on a free port of loopback, as it was left, or new.
async fn start_kaseya(services: &Services, directory: &DataDir) -> anyhow::Result<Kaseya> {
    let file = directory.path().join("kaseya.json");
    let state = if file.exists() { State::load(&file)? } else { msp::kaseya(services.clock.now()) };
    let clock = Arc::clone(&services.clock);
    let kaseya = Simulator::new(state, KaseyaClock::following(move || clock.now()));
    Ok(kaseya.keep_in(file).start((Ipv4Addr::LOCALHOST, 0).into()).await?)
}

/// What a demo works with.
struct Demo {
    services: Services,
    kaseya: Kaseya,
    partner: PartnerId,
    context: Context,
}

impl Demo {
    /// The number of the newest run; 0 before the first.
    async fn newest_run(&self) -> anyhow::Result<i64> {
        Ok(self.runs_after(0).await?.first().map_or(0, |run| run.number))
    }

    /// The runs with a higher number, the newest first.
    async fn runs_after(&self, number: i64) -> anyhow::Result<Vec<RunRow>> {
        let partner = &self.partner;
        Ok(self
            .services
            .store
            .transaction("read_runs", |tx| Box::pin(statuses::runs(tx, partner, number, 100)))
            .await?)
    }

    async fn store_settings(&self) -> anyhow::Result<()> {
        let Services { store, keys, clock, spread, .. } = &self.services;
        let now = clock.now();
        let trial = Trial::Without;
        let allowed_hosts = &AllowedHosts::default().with_loopback_http(true);
        let entropy = &self.context.entropy;
        let applying = Applying { keys, entropy, spread: *spread, now, trial, allowed_hosts };
        let file = msp::settings(&self.kaseya.base_url());
        let file = &file;
        store
            .transaction("store_demo", |tx| {
                Box::pin(async move {
                    settings::hold(tx, &file.partner).await?;
                    let stored = settings::read(tx, &file.partner).await?;
                    apply::store_file(tx, file, stored.as_ref(), applying).await
                })
            })
            .await?;
        Ok(())
    }

    /// Switches on and lets the schedule's next day come due, both at once, and waits until its run is through.
    async fn scheduled_sync(&self) -> anyhow::Result<()> {
        let partner = &self.partner;
        let now = self.services.clock.now();
        let newest = self
            .services
            .store
            .transaction("bring_forward", |tx| {
                Box::pin(async move {
                    // First, for it waits for a claim that is going on. Whatever was due until now was claimed while off,
                    // and recorded as that; or it is not claimed yet, and is the day that is run.
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

    /// Asks for a sync as a portal does, and waits until its run is through.
    async fn requested_sync(&self) -> anyhow::Result<()> {
        let operations = self.services.operations(&self.context);
        let order = SyncOrder { companies: &[], plan: false, by: "demo" };
        let request = operations.request_sync(&self.partner, order).await?;
        let asked = &request;
        self.until("the sync that was asked for is through", || Box::pin(self.is_through(asked))).await
    }

    /// Whether the run that does what was asked for has ended.
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

    /// Waits for a condition.
    async fn until<'a>(
        &self,
        what: &str,
        // Boxed: the compiler cannot yet prove that a future with an async closure in it may change threads.
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

    async fn say_where_to_look(&self, directory: &DataDir, pages: SocketAddr) -> anyhow::Result<()> {
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
