//! The scheduler's program.

use std::process::ExitCode;

use runtime::{Database, Program};
use scheduler::{Context, Scheduler, SchedulerSettings};
use store::DatabaseSection;

fn main() -> ExitCode {
    let defaults = [DatabaseSection::DEFAULTS, include_str!("defaults.toml")].concat();
    let program = Program {
        name: "kaseya-sync-scheduler",
        version: env!("CARGO_PKG_VERSION"),
        defaults: defaults.leak(),
    };
    runtime::run(program, serve)
}

async fn serve(surroundings: runtime::Context) -> anyhow::Result<()> {
    let settings: SchedulerSettings = surroundings.config.section("scheduler")?;
    let bus = surroundings.broker()?;
    let Database { store, clock } = Database::serve(&surroundings).await?;

    let context = Context { store, bus, clock, entropy: surroundings.entropy.clone(), settings };
    let scheduler = Scheduler::new(context, &surroundings.meter, &surroundings.health);
    let stop = surroundings.shutdown.soft();
    surroundings.shutdown.service("scheduler", async move { scheduler.run(stop).await });
    surroundings.serve_until_stopped().await;
    Ok(())
}
