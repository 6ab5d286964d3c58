//! What every program shares: configuration, telemetry, health, shutdown in two steps, and one `main`.
//!
//! A service's program is a few lines:
//!
//! ```no_run
//! use std::process::ExitCode;
//! use runtime::{Context, Program};
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     #[serde(with = "runtime::duration")]
//!     poll_every: std::time::Duration,
//! }
//!
//! fn main() -> ExitCode {
//!     let program = Program {
//!         name: "kaseya-sync-example",
//!         version: env!("CARGO_PKG_VERSION"),
//!         defaults: "[example]\n# How often to look for work.\npoll_every = \"1s\"\n",
//!     };
//!     runtime::run(program, |context| async move {
//!         let settings: Settings = context.config.section("example")?;
//!         let progress = context.health.progress("example", settings.poll_every * 10);
//!         let stop = context.shutdown.soft();
//!         context.shutdown.service("example", async move {
//!             while !stop.is_cancelled() {
//!                 progress.mark();
//!                 // … one piece of work …
//!             }
//!             anyhow::Ok(())
//!         });
//!         context.serve_until_stopped().await;
//!         anyhow::Ok(())
//!     })
//! }
//! ```
//!
//! What the parts promise, and to whom:
//!
//! * [`run`] reads `--config FILE`, starts telemetry, the health pages and the signal handler, gives the body its
//!   [`Context`], and turns what happened into an exit code. The program ends when the body returns; its tasks
//!   are then waited for. [`run_with`] is the same for a program with a command line of its own.
//! * [`Config`]: the program's commented defaults, then the file, then `KASEYA_SYNC_SECTION__KEY`. Each section is
//!   read by its owner into a struct with `deny_unknown_fields`; secrets come from files by [`SecretFile`].
//! * [`Shutdown`]: *soft* means "begin nothing new", *hard* means "let go now". [`Shutdown::service`] is for a task
//!   that must live until soft, [`Shutdown::work`] for a piece of work that ends by itself.
//! * [`Context::broker`] and, with the feature `database`, `Database`: what services have behind them, shown on
//!   `/readyz` and `/metrics`; a bus inside the process is counted by [`Context::measured`]. Workers go without the feature, so they have no database to name.
//! * [`Health`]: `/livez` by progress, `/readyz` by dependencies, `/metrics`. On the same port, for the program's own
//!   machine alone, `/log-filter` shows the log filter by GET and changes it by PUT.
//! * [`trace`]: trace context over the bus. [`metrics`]: the types to count with.

mod arguments;
mod broker;
mod config;
mod config_error;
mod context;
#[cfg(feature = "database")]
mod database;
mod environment;
mod health;
mod health_pages;
mod log_filter;
mod log_filter_page;
mod log_line;
mod measured_bus;
pub mod metrics;
mod panics;
mod program;
mod run;
mod service_links;
mod settings;
mod shutdown;
mod telemetry;
pub mod trace;

pub use broker::BrokerError;
pub use config::{Config, SecretFile};
pub use config_error::ConfigError;
pub use context::Context;
#[cfg(feature = "database")]
pub use database::{Database, DatabaseError};
pub use health::{Check, Health, Intake, Progress, Report};
/// For `#[serde(with = "runtime::duration")]`: a duration as people write it (`"250ms"`, `"1m 30s"`).
pub use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
pub use program::Program;
pub use run::{run, run_with};
pub use settings::{BusSection, VaultSection};
pub use shutdown::{Outcome, Shutdown};
pub use telemetry::{Telemetry, TelemetryError};
