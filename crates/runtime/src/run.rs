//! The shared `main`.

use std::fmt::Display;
use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Entropy, SystemClock};
use rand::TryRng as _;
use rand::rngs::SysRng;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::arguments::{Arguments, Order};
use crate::config::Config;
use crate::context::Context;
use crate::health_pages::{self, Pages, Request};
use crate::panics::log_panics;
use crate::program::Program;
use crate::settings::{HealthSettings, ShutdownSettings};
use crate::shutdown::{Outcome, Shutdown};
use crate::telemetry::Telemetry;

/// How long to wait for threads that are still blocked when everything else has ended.
const BLOCKED_THREADS: Duration = Duration::from_secs(1);

/// Why a program did not start.
type StartError = Box<dyn std::error::Error + Send + Sync>;

/// The whole `main` of a service: reads `--config FILE`, or answers `health-check`, then continues as [`run_with`].
pub fn run<B, F, E>(program: Program, body: B) -> ExitCode
where
    B: FnOnce(Context) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Display + Send + 'static,
{
    let arguments = Arguments::read(&program);
    let config = match Config::load(program.defaults, arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return refuse(&program, &error),
    };
    match arguments.order {
        Some(Order::HealthCheck) => health_check(&program, &config),
        Some(Order::LogFilter { filter }) => log_filter(&program, &config, filter.as_deref()),
        None => run_with(program, config, body),
    }
}

/// Runs `body` with telemetry, health pages and signals, for a program with a command line of its own.
///
/// The program ends when the body returns, at the first SIGTERM or SIGINT, or when one of its services fails. Then
/// it waits for its tasks (`[shutdown]`); a second signal drops them at once. The exit code is 0 only if the body
/// and every task ended by themselves and without an error.
pub fn run_with<B, F, E>(program: Program, config: Config, body: B) -> ExitCode
where
    B: FnOnce(Context) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Display + Send + 'static,
{
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&program, &error),
    };
    let outcome = runtime.block_on(live(&program, config, body));
    runtime.shutdown_timeout(BLOCKED_THREADS);
    match outcome {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Faulty) => ExitCode::FAILURE,
        Err(error) => refuse(&program, &error),
    }
}

async fn live<B, F, E>(program: &Program, config: Config, body: B) -> Result<Outcome, StartError>
where
    B: FnOnce(Context) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Display + Send + 'static,
{
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let limits: ShutdownSettings = config.section("shutdown")?;
    let pages: HealthSettings = config.section("health")?;
    let mut context = Context::new(program, config, Arc::clone(&clock), entropy()?);

    let signals =
        Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
    let telemetry = Telemetry::start(program.name, program.version, &context.config, clock)?;
    log_panics();

    if let Some(address) = pages.listen {
        let pages = Pages {
            health: context.health.clone(),
            metrics: context.metrics.clone(),
            log_filter: telemetry.log_filter.clone(),
        };
        let served = health_pages::serve(address, pages);
        let address = served.await.map_err(|error| {
            format!(
                "configuration key `health.listen`: cannot listen on {address}: {error}; give a free address"
            )
        })?;
        tracing::info!(%address, "health pages are served");
        context.health_address = Some(address);
    }

    let shutdown = context.shutdown.clone();
    let health = context.health.clone();
    tokio::spawn(signals.obey(shutdown.clone()));
    tokio::spawn({
        let soft = shutdown.soft();
        async move {
            soft.cancelled().await;
            health.stopping();
        }
    });
    tracing::info!("started");
    shutdown.main(body(context));
    let outcome = shutdown.finish(limits.grace, limits.abandon).await;
    tracing::info!(?outcome, "ended");
    telemetry.shutdown().await;
    Ok(outcome)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// The first signal starts the soft step, the second the hard step.
    async fn obey(mut self, shutdown: Shutdown) {
        self.next().await;
        tracing::info!("told to stop: finishing what is begun");
        shutdown.stop();
        self.next().await;
        tracing::warn!("told to stop again: letting go");
        shutdown.stop_now();
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The only place where randomness comes from outside.
fn entropy() -> Result<Entropy, StartError> {
    let mut seed = [0_u8; 32];
    SysRng.try_fill_bytes(&mut seed)?;
    Ok(Entropy::from_seed(seed))
}

fn health_check(program: &Program, config: &Config) -> ExitCode {
    match request(config, Request::get("/readyz")) {
        Ok((true, _)) => ExitCode::SUCCESS,
        Ok((false, said)) => refuse(program, &format_args!("not ready: {said}")),
        Err(error) => refuse(program, &error),
    }
}

fn log_filter(program: &Program, config: &Config, filter: Option<&str>) -> ExitCode {
    let page = "/log-filter";
    match request(config, filter.map_or(Request::get(page), |filter| Request::put(page, filter))) {
        Ok((true, said)) => {
            // If stdout is gone, the exit code still tells.
            let _ = std::io::stdout().write_all(said.as_bytes());
            ExitCode::SUCCESS
        }
        Ok((false, said)) => refuse(program, &said.trim_end()),
        Err(error) => refuse(program, &error),
    }
}

/// Requests a page of the program that runs with this configuration.
fn request(config: &Config, request: Request<'_>) -> Result<(bool, String), StartError> {
    let HealthSettings { listen } = config.section("health")?;
    let address = listen.ok_or("configuration key `health.listen` is not set, so there is nothing to ask")?;
    health_pages::ask(address, request).map_err(|error| format!("no answer from {address}: {error}").into())
}

/// Reports errors before any log line can be written.
fn refuse(program: &Program, why: &dyn Display) -> ExitCode {
    // If stderr is gone, the exit code still tells.
    let _ = writeln!(std::io::stderr(), "{}: {why}", program.name);
    ExitCode::FAILURE
}
