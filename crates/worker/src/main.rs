//! The program of the worker.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use bus::Bus as _;
use bus_rabbitmq::RabbitMq;
use kaseya::KaseyaSection;
use runtime::{BusSection, Context, Program};
use secrecy::ExposeSecret as _;
use vault::KeyRing;
use worker::{Worker, WorkerSettings};

const NAME: &str = "kaseya-sync-worker";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct VaultSection {
    key_ring_file: PathBuf,
}

fn main() -> ExitCode {
    let defaults = [include_str!("defaults.toml"), KaseyaSection::DEFAULTS].concat();
    let program = Program { name: NAME, version: env!("CARGO_PKG_VERSION"), defaults: defaults.leak() };
    runtime::run(program, serve)
}

async fn serve(context: Context) -> anyhow::Result<()> {
    let bus: BusSection = context.config.section("bus")?;
    let vault: VaultSection = context.config.section("vault")?;
    let kaseya: KaseyaSection = context.config.section("kaseya")?;
    if kaseya.allow_loopback_http {
        context.config.take_development_switch(KaseyaSection::ALLOW_LOOPBACK_HTTP, &[])?;
    }
    let settings: WorkerSettings = context.config.section("worker")?;

    let keys = Arc::new(KeyRing::read(&vault.key_ring_file)?);
    let bms = kaseya.client(Arc::clone(&context.clock))?;
    // Read once here to report an error at the start, and again for each connection.
    bus.uri_file.read()?;
    let read_uri = Arc::new(move || bus.uri_file.read().ok().map(|uri| uri.expose_secret().to_owned()));
    let bus = RabbitMq::connect_by(read_uri, NAME, context.entropy.clone())?;
    context.health.dependency("rabbitmq", bus.connected());

    let worker = Worker::new(bus, bms, keys, Arc::clone(&context.clock), context.entropy.clone(), settings);
    let (stop, health) = (context.shutdown.soft(), context.health.clone());
    context.shutdown.service("worker", async move { worker.run(stop, &health).await });
    context.health.started();
    context.shutdown.soft().cancelled().await;
    Ok(())
}
