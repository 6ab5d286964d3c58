//! The program of the results service.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use bus::Bus as _;
use bus_rabbitmq::RabbitMq;
use results::{Letters, Results, ResultsSettings};
use runtime::{BusSection, Context, Program};
use secrecy::ExposeSecret as _;
use store::{CalibratedClock, DatabaseSection, Store};

const NAME: &str = "kaseya-sync-results";

fn main() -> ExitCode {
    let defaults = [DatabaseSection::DEFAULTS, include_str!("defaults.toml")].concat();
    let program = Program { name: NAME, version: env!("CARGO_PKG_VERSION"), defaults: defaults.leak() };
    runtime::run(program, serve)
}

async fn serve(context: Context) -> anyhow::Result<()> {
    let database: DatabaseSection = context.config.section("database")?;
    let bus: BusSection = context.config.section("bus")?;
    let settings: ResultsSettings = context.config.section("results")?;
    let stop = context.shutdown.soft();

    let store = Store::connect(database.settings(NAME)?, context.entropy.clone()).await?;
    store.require_current_schema().await?;
    let clock = CalibratedClock::start(&store, Arc::clone(&context.clock), stop.clone())
        .await
        .context("asking the database for the time")?;
    // Read once here to report its error; each connection reads it again.
    bus.uri_file.read()?;
    let read_uri = Arc::new(move || bus.uri_file.read().ok().map(|uri| uri.expose_secret().to_owned()));
    let bus = RabbitMq::connect_by(read_uri, NAME, context.entropy.clone())?;
    context.health.dependency("rabbitmq", bus.connected());
    context.health.dependency_with_fault("postgres", store.fault(stop.clone()));

    let (health, clock) = (context.health.clone(), Arc::new(clock));
    context.watch_clock(clock.clone());
    let letters =
        Letters::new(store.clone(), bus.clone(), clock.clone(), context.entropy.clone(), &context.meter);
    let (letters_stop, shown) = (stop.clone(), health.intake("dead-letters"));
    context.shutdown.service("dead letters", async move { letters.run(letters_stop, shown).await });
    let results = Results::new(store, bus, clock, context.entropy.clone(), settings);
    context.shutdown.service("results", async move { results.run(stop, &health).await });
    context.health.started();
    context.shutdown.soft().cancelled().await;
    Ok(())
}
