//! The smallest program on `runtime`, with a piece of work that takes as long as it is told: `[patient] work`.
//!
//! `work = "until_soft"` ends at the first signal, `"until_hard"` at the second step, `"never"` not at all;
//! `"panic"` and `"early"` are what a service must not do.

use std::process::ExitCode;

use runtime::{Context, Program};
use serde::Deserialize;

const DEFAULTS: &str = r#"
[patient]
# until_soft, until_hard, never, panic, early or error
work = "until_soft"

[health]
listen = "127.0.0.1:0"
"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    work: Work,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Work {
    UntilSoft,
    UntilHard,
    Never,
    Panic,
    Early,
    Error,
}

fn main() -> ExitCode {
    let program = Program { name: "patient", version: env!("CARGO_PKG_VERSION"), defaults: DEFAULTS };
    runtime::run(program, body)
}

async fn body(context: Context) -> anyhow::Result<()> {
    let settings: Settings = context.config.section("patient")?;
    let shutdown = context.shutdown.clone();
    context.shutdown.service("work", async move {
        match settings.work {
            Work::UntilSoft => {
                shutdown.soft().cancelled().await;
                tracing::info!("the work is finished");
            }
            Work::UntilHard => {
                shutdown.hard().cancelled().await;
                tracing::info!("the work is let go");
            }
            Work::Never => std::future::pending().await,
            Work::Panic => panic!("a slip"),
            Work::Early => {}
            Work::Error => anyhow::bail!("no more work"),
        }
        Ok(())
    });
    context.health.started();
    tracing::info!("ready to be stopped");
    context.shutdown.soft().cancelled().await;
    Ok(())
}
