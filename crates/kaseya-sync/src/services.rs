//! All services in one process, on an in-process bus.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use bus::{InProcess, SharedBus};
use domain::Clock;
use local_postgres::Running;
use operations::{Connections, Operations};
use portal::{Portal, PortalSettings};
use results::{Letters, Results, ResultsSettings};
use runtime::{Context, Database};
use scheduler::{Scheduler, SchedulerSettings};
use store::{Migrated, Settings, Store};
use tokio::sync::mpsc;
use vault::KeyRing;
use worker::{Worker, WorkerSettings};

use crate::{data_dir::DataDir, ended::NAME, installation::kaseya_section};

/// Database connections for all services and for people's requests.
const POOL: usize = 24;

/// What the services share; their starter uses it too.
pub(crate) struct Services {
    pub store: Store,
    pub bus: SharedBus,
    pub clock: Arc<dyn Clock>,
    pub keys: Arc<KeyRing>,
    /// The period over which the scheduler spreads partners due at the same hour.
    pub spread: Duration,
    /// Postgres lives as long as a clone of this sender.
    alive: mpsc::Sender<std::convert::Infallible>,
}

/// Starts a private Postgres in `directory`, migrates its tables, and creates what the services need. It ends with
/// the context's shutdown, after all services.
pub(crate) async fn prepare(context: &Context, directory: &DataDir) -> anyhow::Result<Services> {
    directory.prepare()?;
    let keys = Arc::new(directory.key_ring(&context.entropy)?);
    let (postgres, url) = directory.start_postgres().await?;
    let alive = stop_after_all(context, directory, postgres);
    let settings = Settings { application: NAME.to_owned(), pool_size: POOL, ..Settings::new(url) };
    let store = Database::connect(context, settings).await?;
    if store.migrate().await? == Migrated::Newer {
        anyhow::bail!(
            "{}: its tables are those of a newer version of this program: start that one",
            directory.path().display()
        );
    }
    let Database { store, clock } = Database::open(context, store).await?.shown(context);
    let bus = context.measured(Arc::new(InProcess::new()));
    let spread = context.config.section::<SchedulerSettings>("scheduler")?.spread;
    Ok(Services { store, bus, clock, keys, spread, alive })
}

impl Services {
    /// Operations that execute people's orders.
    pub fn operations(&self, context: &Context) -> Operations {
        Operations {
            store: self.store.clone(),
            bus: Some(Arc::clone(&self.bus)),
            clock: Arc::clone(&self.clock),
            entropy: context.entropy.clone(),
            spread: self.spread,
        }
    }

    /// Starts all services, and returns the portal's address. With `allow_loopback_http` Kaseya may be a simulated
    /// one on this machine, whatever the configuration says.
    pub async fn run(&self, context: &Context, allow_loopback_http: bool) -> anyhow::Result<SocketAddr> {
        self.run_scheduler(context)?;
        self.run_worker(context, allow_loopback_http)?;
        self.run_results(context)?;
        self.run_portal(context, allow_loopback_http).await
    }

    fn run_scheduler(&self, context: &Context) -> anyhow::Result<()> {
        let with = scheduler::Context {
            store: self.store.clone(),
            bus: Arc::clone(&self.bus),
            clock: Arc::clone(&self.clock),
            entropy: context.entropy.clone(),
            settings: context.config.section("scheduler")?,
        };
        let scheduler = Scheduler::new(with, &context.meter, &context.health);
        let (stop, alive) = (context.shutdown.soft(), self.alive.clone());
        // Its rounds show that the process makes progress; the other services rightly wait for work.
        context.shutdown.service("scheduler", async move {
            let _alive = alive;
            scheduler.run(stop).await
        });
        Ok(())
    }

    fn run_worker(&self, context: &Context, allow_loopback_http: bool) -> anyhow::Result<()> {
        let settings: WorkerSettings = context.config.section("worker")?;
        let mut kaseya = kaseya_section(&context.config)?;
        kaseya.allow_loopback_http |= allow_loopback_http;
        let clock = Arc::clone(&self.clock);
        let bms = kaseya.client(Arc::clone(&clock))?.measured(&context.meter);
        let (bus, keys) = (Arc::clone(&self.bus), Arc::clone(&self.keys));
        let worker = Worker::new(bus, bms, keys, clock, context.entropy.clone(), settings);
        let (stop, alive, health) = (context.shutdown.soft(), self.alive.clone(), context.health.clone());
        context.shutdown.service("worker", async move {
            let _alive = alive;
            worker.run(stop, &health).await
        });
        Ok(())
    }

    fn run_results(&self, context: &Context) -> anyhow::Result<()> {
        let settings: ResultsSettings = context.config.section("results")?;
        let (bus, clock) = (Arc::clone(&self.bus), Arc::clone(&self.clock));
        let results = Results::new(self.store.clone(), bus, clock, context.entropy.clone(), settings)
            .measured(&context.meter);
        let (bus, clock) = (Arc::clone(&self.bus), Arc::clone(&self.clock));
        let letters = Letters::new(self.store.clone(), bus, clock, context.entropy.clone(), &context.meter);
        let (stop, alive, shown) =
            (context.shutdown.soft(), self.alive.clone(), context.health.intake("dead-letters"));
        context.shutdown.service("dead letters", async move {
            let _alive = alive;
            letters.run(stop, shown).await
        });
        let (stop, alive, health) = (context.shutdown.soft(), self.alive.clone(), context.health.clone());
        context.shutdown.service("results", async move {
            let _alive = alive;
            results.run(stop, &health).await
        });
        Ok(())
    }

    async fn run_portal(&self, context: &Context, allow_loopback_http: bool) -> anyhow::Result<SocketAddr> {
        let settings: PortalSettings = context.config.section("portal")?;
        let mut kaseya = kaseya_section(&context.config)?;
        kaseya.allow_loopback_http |= allow_loopback_http;
        let bms = kaseya.client(Arc::clone(&self.clock))?.measured(&context.meter);
        let connections = Connections::new(self.operations(context), bms, Arc::clone(&self.keys));
        let portal = Portal::new(portal::Context { connections, settings, stop: context.shutdown.soft() })?
            .measured(&context.meter);
        let listener = portal.bind().await.context("listening for browsers")?;
        let address = listener.local_addr()?;
        let alive = self.alive.clone();
        context.shutdown.service("portal", async move {
            let _alive = alive;
            portal.run(listener).await
        });
        Ok(address)
    }
}

/// Keeps Postgres until the shutdown has started and all clones of the returned sender are dropped.
fn stop_after_all(
    context: &Context,
    directory: &DataDir,
    postgres: Running,
) -> mpsc::Sender<std::convert::Infallible> {
    let (alive, mut all_gone) = mpsc::channel(1);
    let soft = context.shutdown.soft();
    let directory = directory.clone();
    context.shutdown.work("postgres", async move {
        soft.cancelled().await;
        // Nothing is ever sent: this ends when the last sender is dropped.
        all_gone.recv().await;
        if let Err(error) = postgres.stop().await {
            tracing::error!(%error, "Postgres did not stop by itself");
        }
        // A temporary directory is deleted now that nothing uses it.
        drop(directory);
    });
    alive
}
