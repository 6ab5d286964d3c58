//! The program of the worker.

use std::{process::ExitCode, sync::Arc};

use kaseya::KaseyaSection;
use runtime::{Context, Program, VaultSection};
use vault::KeyRing;
use worker::{Worker, WorkerSettings};

fn main() -> ExitCode {
    let defaults = [include_str!("defaults.toml"), KaseyaSection::DEFAULTS].concat();
    let program =
        Program { name: "kaseya-sync-worker", version: env!("CARGO_PKG_VERSION"), defaults: defaults.leak() };
    runtime::run(program, serve)
}

async fn serve(context: Context) -> anyhow::Result<()> {
    let vault: VaultSection = context.config.section("vault")?;
    let kaseya: KaseyaSection = context.config.section("kaseya")?;
    if kaseya.allow_loopback_http {
        context.config.take_development_switch(KaseyaSection::ALLOW_LOOPBACK_HTTP, &[])?;
    }
    let settings: WorkerSettings = context.config.section("worker")?;

    let keys = Arc::new(KeyRing::read(&vault.key_ring_file)?);
    let bms = kaseya.client(Arc::clone(&context.clock))?.measured(&context.meter);
    let bus = context.broker()?;

    let worker = Worker::new(bus, bms, keys, Arc::clone(&context.clock), context.entropy.clone(), settings);
    let (stop, health) = (context.shutdown.soft(), context.health.clone());
    context.shutdown.service("worker", async move { worker.run(stop, &health).await });
    context.serve_until_stopped().await;
    Ok(())
}
