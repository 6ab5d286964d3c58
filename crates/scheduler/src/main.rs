//! The scheduler's program.

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
    // Read once here so that an error shows at start, and again for each connection.
    bus.uri_file.read()?;
    let read_uri = Arc::new(move || bus.uri_file.read().ok().map(|uri| uri.expose_secret().to_owned()));
    let bus = RabbitMq::connect_by(read_uri, NAME, surroundings.entropy.clone())?;
    surroundings.health.dependency("rabbitmq", bus.connected());
    surroundings.health.dependency_with_fault("postgres", store.fault(stop.clone()));

    let (entropy, clock) = (surroundings.entropy.clone(), Arc::new(clock));
    surroundings.watch_clock(clock.clone());
    let context = Context { store, bus, clock, entropy, settings };
    let scheduler = Scheduler::new(context, &surroundings.meter, &surroundings.health);
    surroundings.shutdown.service("scheduler", async move { scheduler.run(stop).await });
    surroundings.health.started();
    surroundings.shutdown.soft().cancelled().await;
    Ok(())
}
