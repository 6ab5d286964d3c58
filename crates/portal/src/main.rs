//! The portal program.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use kaseya::KaseyaSection;
use operations::{Connections, Operations};
use portal::{Portal, PortalSettings};
use runtime::{Context, Database, Program, VaultSection};
use store::DatabaseSection;
use vault::KeyRing;

fn main() -> ExitCode {
    let defaults =
        [DatabaseSection::DEFAULTS, KaseyaSection::DEFAULTS, include_str!("defaults.toml")].concat();
    let program =
        Program { name: "kaseya-sync-portal", version: env!("CARGO_PKG_VERSION"), defaults: defaults.leak() };
    runtime::run(program, serve)
}

async fn serve(context: Context) -> anyhow::Result<()> {
    let vault: VaultSection = context.config.section("vault")?;
    let kaseya: KaseyaSection = context.config.section("kaseya")?;
    if kaseya.allow_loopback_http {
        let reached_by = ["portal.address", "portal.proxies"];
        context.config.take_development_switch(KaseyaSection::ALLOW_LOOPBACK_HTTP, &reached_by)?;
    }
    let settings: PortalSettings = context.config.section("portal")?;
    let keys = KeyRing::read(&vault.key_ring_file)?;
    let bus = context.broker()?;
    let Database { store, clock } = Database::serve(&context).await?;

    let bms = kaseya.client(clock.clone())?.measured(&context.meter);
    let operations = Operations {
        store,
        bus: Some(bus),
        clock,
        entropy: context.entropy.clone(),
        spread: settings.spread,
    };
    let connections = Connections::new(operations, bms, Arc::new(keys));
    let portal = Portal::new(portal::Context { connections, settings, stop: context.shutdown.soft() })?
        .measured(&context.meter);
    let listener = portal.bind().await.context("listening for browsers")?;
    context.shutdown.service("portal", portal.run(listener));
    context.serve_until_stopped().await;
    Ok(())
}
