//! The program of the results service.

use std::process::ExitCode;

use results::{Letters, Results, ResultsSettings};
use runtime::{Context, Database, Program};
use store::DatabaseSection;

fn main() -> ExitCode {
    let defaults = [DatabaseSection::DEFAULTS, include_str!("defaults.toml")].concat();
    let program = Program {
        name: "kaseya-sync-results",
        version: env!("CARGO_PKG_VERSION"),
        defaults: defaults.leak(),
    };
    runtime::run(program, serve)
}

async fn serve(context: Context) -> anyhow::Result<()> {
    let settings: ResultsSettings = context.config.section("results")?;
    let bus = context.broker()?;
    let Database { store, clock } = Database::serve(&context).await?;

    let letters =
        Letters::new(store.clone(), bus.clone(), clock.clone(), context.entropy.clone(), &context.meter);
    let (stop, shown) = (context.shutdown.soft(), context.health.intake("dead-letters"));
    context.shutdown.service("dead letters", async move { letters.run(stop, shown).await });
    let results = Results::new(store, bus, clock, context.entropy.clone(), settings).measured(&context.meter);
    let (stop, health) = (context.shutdown.soft(), context.health.clone());
    context.shutdown.service("results", async move { results.run(stop, &health).await });
    context.serve_until_stopped().await;
    Ok(())
}
