//! The program of the scheduler.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use bus::Bus as _;
use bus_rabbitmq::RabbitMq;
use runtime::{BusSection, Program};
use scheduler::{Context, Scheduler, SchedulerSettings};
use secrecy::ExposeSecret as _;
use store::{CalibratedClock, DatabaseSection, Store};

const NAME: &str = "kaseya-sync-scheduler";

fn main() -> ExitCode {
    let defaults = [DatabaseSection::DEFAULTS, include_str!("defaults.toml")].concat();
    let program = Program { name: NAME, version: env!("CARGO_PKG_VERSION"), defaults: defaults.leak() };
    runtime::run(program, serve)
}

async fn serve(surroundings: runtime::Context) -> anyhow::Result<()> {
    let database: DatabaseSection = surroundings.config.section("database")?;
    let bus: BusSection = surroundings.config.section("bus")?;
    let settings: SchedulerSettings = surroundings.config.section("scheduler")?;
    let stop = surroundings.shutdown.soft();

    let store = Store::connect(database.settings(NAME)?, surroundings.entropy.clone()).await?;
    store.require_current_schema().await?;
    let clock = CalibratedClock::start(&store, Arc::clone(&surroundings.clock), stop.clone())
        .await
        .context("asking the database for the time")?;
    let bus = RabbitMq::connect(bus.uri_file.read()?.expose_secret(), NAME, surroundings.entropy.clone())?;
    surroundings.health.dependency("rabbitmq", bus.connected());
    surroundings.health.dependency("postgres", store.reachable(stop.clone()));

    let entropy = surroundings.entropy.clone();
    let context = Context { store, bus, clock: Arc::new(clock), entropy, settings };
    let scheduler = Scheduler::new(context, &surroundings.meter, &surroundings.health);
    surroundings.shutdown.service("scheduler", async move { scheduler.run(stop).await });
    surroundings.health.started();
    surroundings.shutdown.soft().cancelled().await;
    Ok(())
}
