//! The portal program.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use bus::Bus as _;
use bus_rabbitmq::RabbitMq;
use kaseya::KaseyaSection;
use operations::{Connections, Operations};
use portal::{Portal, PortalSettings};
use runtime::{BusSection, Context, Program};
use secrecy::ExposeSecret as _;
use store::{CalibratedClock, DatabaseSection, Store};
use vault::KeyRing;

const NAME: &str = "kaseya-sync-portal";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct VaultSection {
    key_ring_file: PathBuf,
}

fn main() -> ExitCode {
    let defaults =
        [DatabaseSection::DEFAULTS, KaseyaSection::DEFAULTS, include_str!("defaults.toml")].concat();
    let program = Program { name: NAME, version: env!("CARGO_PKG_VERSION"), defaults: defaults.leak() };
    runtime::run(program, serve)
}

async fn serve(context: Context) -> anyhow::Result<()> {
    let database: DatabaseSection = context.config.section("database")?;
    let bus: BusSection = context.config.section("bus")?;
    let vault: VaultSection = context.config.section("vault")?;
    let kaseya: KaseyaSection = context.config.section("kaseya")?;
    if kaseya.allow_loopback_http {
        let reached_by = ["portal.address", "portal.proxies"];
        context.config.take_development_switch(KaseyaSection::ALLOW_LOOPBACK_HTTP, &reached_by)?;
    }
    let settings: PortalSettings = context.config.section("portal")?;
    let keys = KeyRing::read(&vault.key_ring_file)?;
    let stop = context.shutdown.soft();

    let store = Store::connect(database.settings(NAME)?, context.entropy.clone()).await?;
    store.require_current_schema().await?;
    let clock = CalibratedClock::start(&store, Arc::clone(&context.clock), stop.clone())
        .await
        .context("asking the database for the time")?;
    let clock = Arc::new(clock);
    context.watch_clock(clock.clone());
    // Read once here to report an error, and again for each connection.
    bus.uri_file.read()?;
    let read_uri = Arc::new(move || bus.uri_file.read().ok().map(|uri| uri.expose_secret().to_owned()));
    let bus = RabbitMq::connect_by(read_uri, NAME, context.entropy.clone())?;
    context.health.dependency("rabbitmq", bus.connected());
    context.health.dependency_with_fault("postgres", store.fault(stop.clone()));

    let operations = Operations {
        store,
        bus: Some(bus),
        clock,
        entropy: context.entropy.clone(),
        spread: settings.spread,
    };
    let bms = kaseya.client(Arc::clone(&operations.clock))?;
    let connections = Connections::new(operations, bms, Arc::new(keys));
    let portal = Portal::new(portal::Context { connections, settings, stop })?;
    let listener = portal.bind().await.context("listening for browsers")?;
    context.shutdown.service("portal", portal.run(listener));
    context.health.started();
    context.shutdown.soft().cancelled().await;
    Ok(())
}
