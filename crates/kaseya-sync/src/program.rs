//! From the command line to the exit code.

use std::{
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use clap::Parser as _;
use kaseya::KaseyaSection;
use runtime::{Config, Context, Program};
use store::DatabaseSection;

use crate::{
    apply, authenticate, calls,
    command_line::{Command, CommandLine, Keys},
    correct, dead_letters, demo,
    ended::{Ended, NAME},
    holds,
    installation::Installation,
    integration_switch, keys, line_profile, migrate, new_partner, output, probe, security_events, standalone,
    status, sync_now, tokens, writes,
};

/// For a person at a terminal: only errors. The broker's library complains about connections that we close; the bus
/// itself reports what matters. That of the migrations complains about those of a newer version, which are let through.
const FOR_PEOPLE: &str = "
[log]
filter = \"warn,lapin=off,refinery_core=off\"
format = \"text\"
";
/// Like any other service.
const AS_A_SERVICE: &str = "
[health]
listen = \"127.0.0.1:9090\"
";
/// Only the table matters; any free port, so that several demos can run at the same time.
const FOR_THE_DEMO: &str = "
[log]
filter = \"warn\"
format = \"text\"

[health]
listen = \"127.0.0.1:0\"
";

/// The whole program.
pub fn main() -> ExitCode {
    let line = CommandLine::parse();
    let config = line.config.as_deref();
    let data_dir = line.data_dir;
    match line.command {
        Command::Keys(Keys::New { id, file }) => {
            run(FOR_PEOPLE, config, move |context| async move { keys::new(&context, &id, file.as_deref()) })
        }
        Command::Keys(Keys::Rotate) => {
            on_installation(config, data_dir, |installation| async move { keys::rotate(&installation).await })
        }
        Command::Apply { file, without_trying, by } => {
            on_installation(config, data_dir, move |installation| async move {
                apply::command(&installation, &file, without_trying, &by.by).await
            })
        }
        Command::Authenticate { subject, json, fixed, advice } => {
            on_installation(config, data_dir, move |installation| async move {
                authenticate::command(&installation, &subject, json, fixed, advice.get()).await
            })
        }
        Command::SyncNow(order) => on_installation(config, data_dir, move |installation| async move {
            sync_now::command(&installation, order).await
        }),
        Command::Status { partner, json, advice } => {
            on_installation(config, data_dir, move |installation| async move {
                status::command(&installation, &partner, json, advice.get()).await
            })
        }
        Command::Calls { partner, json } => {
            on_installation(config, data_dir, move |installation| async move {
                calls::command(&installation, &partner, json).await
            })
        }
        Command::Holds { partner, advice, decision } => {
            on_installation(config, data_dir, move |installation| async move {
                holds::command(&installation, &partner, advice.get(), decision).await
            })
        }
        Command::Correct { partner, correction } => {
            on_installation(config, data_dir, move |installation| async move {
                correct::command(&installation, &partner, correction).await
            })
        }
        Command::DeadLetters { all, json, order } => {
            on_installation(config, data_dir, move |installation| async move {
                dead_letters::command(&installation, all, json, order).await
            })
        }
        Command::NewPartner { partner, name, count_zone } => {
            on_installation(config, data_dir, move |installation| async move {
                new_partner::command(&installation, &partner, &name, &count_zone).await
            })
        }
        Command::Off { partner, by } => on_installation(config, data_dir, move |installation| async move {
            integration_switch::off(&installation, &partner, &by.by).await
        }),
        Command::On { partner, by } => on_installation(config, data_dir, move |installation| async move {
            integration_switch::on(&installation, &partner, &by.by).await
        }),
        Command::SecurityEvents { days, json } => {
            on_installation(config, data_dir, move |installation| async move {
                security_events::command(&installation, days, json).await
            })
        }
        Command::StopWrites => {
            on_installation(
                config,
                data_dir,
                move |installation| async move { writes::stop(&installation).await },
            )
        }
        Command::AllowWrites => on_installation(config, data_dir, move |installation| async move {
            writes::allow(&installation).await
        }),
        Command::LineProfile { partner, set, reset } => {
            on_installation(config, data_dir, move |installation| async move {
                line_profile::command(&installation, partner, set, reset).await
            })
        }
        Command::Restored => on_installation(config, data_dir, move |installation| async move {
            writes::restored(&installation).await
        }),
        Command::Probe(order) => {
            run(
                FOR_PEOPLE,
                config,
                move |context| async move { probe::command(&context, data_dir, order).await },
            )
        }
        Command::Migrate { roles } => run(FOR_PEOPLE, config, move |context| async move {
            migrate::command(&context, data_dir, &roles).await
        }),
        Command::Token(order) => on_installation(config, data_dir, move |installation| async move {
            tokens::command(&installation, order).await
        }),
        Command::Standalone => {
            run(
                AS_A_SERVICE,
                config,
                move |context| async move { standalone::command(context, data_dir).await },
            )
        }
        Command::Demo { once, json } => run(FOR_THE_DEMO, config, move |context| async move {
            demo::command(context, data_dir, once, json).await
        }),
    }
}

/// Runs a command on the configured installation, or on the one running in a data directory.
fn on_installation<B, F>(config: Option<&Path>, data_dir: Option<std::path::PathBuf>, body: B) -> ExitCode
where
    B: FnOnce(Installation) -> F + Send + 'static,
    F: Future<Output = anyhow::Result<Ended>> + Send + 'static,
{
    run(FOR_PEOPLE, config, move |context| async move {
        let stop = context.shutdown.soft();
        let work = async {
            let installation = Installation::reach(&context, data_dir).await?;
            body(installation).await
        };
        match stop.run_until_cancelled(work).await {
            Some(ended) => ended,
            None => anyhow::bail!("interrupted"),
        }
    })
}

/// Runs a command, prints its error, and turns its result into the exit code.
fn run<B, F>(defaults: &str, config: Option<&Path>, body: B) -> ExitCode
where
    B: FnOnce(Context) -> F,
    F: Future<Output = anyhow::Result<Ended>> + Send + 'static,
{
    let defaults =
        [DatabaseSection::DEFAULTS, KaseyaSection::DEFAULTS, include_str!("defaults.toml"), defaults]
            .concat();
    let program = Program { name: NAME, version: env!("CARGO_PKG_VERSION"), defaults: defaults.leak() };
    let config = match Config::load(program.defaults, config) {
        Ok(config) => config,
        Err(error) => {
            output::complain(&error);
            return ExitCode::FAILURE;
        }
    };
    let code = Arc::new(AtomicU8::new(0));
    let told = Arc::clone(&code);
    let ran = runtime::run_with(program, config, |context| {
        let body = body(context);
        async move {
            let ended = body.await.unwrap_or_else(|error| {
                output::complain(&format_args!("{error:#}"));
                Ended::Refused
            });
            told.store(ended.code(), Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(())
        }
    });
    match code.load(Ordering::Relaxed) {
        0 => ran,
        code => ExitCode::from(code),
    }
}

#[cfg(test)]
mod tests {
    use toml::Table;

    /// `standalone` runs the services as their own programs do.
    #[test]
    fn the_services_defaults_are_those_of_their_own_programs() {
        let ours: Table = include_str!("defaults.toml").parse().expect("it is TOML");
        for service in [
            include_str!("../../scheduler/src/defaults.toml"),
            include_str!("../../worker/src/defaults.toml"),
            include_str!("../../results/src/defaults.toml"),
        ] {
            let theirs: Table = service.parse().expect("it is TOML");
            for (section, keys) in &theirs {
                assert_eq!(ours.get(section), Some(keys), "[{section}]");
            }
        }
    }
}
