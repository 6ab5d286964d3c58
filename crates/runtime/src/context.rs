//! What a program's body gets.

use std::net::SocketAddr;
use std::sync::Arc;

use domain::{Clock, Entropy};
use opentelemetry::metrics::Meter;

use crate::config::Config;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::program::Program;
use crate::shutdown::Shutdown;
use crate::telemetry::resource;

/// Everything that a service takes from its environment. Services that share a process share one context; a service
/// may replace a part of its own copy, e.g. the clock by one calibrated on Postgres.
#[derive(Clone)]
pub struct Context {
    /// The program's name.
    pub name: &'static str,
    /// The settings, read section by section.
    pub config: Config,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Entropy,
    /// When to stop, and the tasks to wait for.
    pub shutdown: Shutdown,
    /// What `/livez` and `/readyz` answer from.
    pub health: Health,
    /// Where the health pages are served; `None` if they are off.
    pub health_address: Option<SocketAddr>,
    /// Creates instruments; `/metrics` shows them.
    pub meter: Meter,
    pub(crate) metrics: Metrics,
}

impl Context {
    /// A context without telemetry, pages or signals. [`crate::run`] adds those; a test needs none.
    pub fn new(program: &Program, config: Config, clock: Arc<dyn Clock>, entropy: Entropy) -> Self {
        let metrics = Metrics::new(resource(program.name, program.version));
        Self {
            name: program.name,
            config,
            entropy,
            shutdown: Shutdown::new(),
            health: Health::new(Arc::clone(&clock)),
            health_address: None,
            meter: metrics.meter(program.name),
            metrics,
            clock,
        }
    }

    /// Setup is complete: the program is ready from now on. Returns when it must stop.
    pub async fn serve_until_stopped(&self) {
        self.health.started();
        self.shutdown.soft().cancelled().await;
    }

    /// Shows how far this machine's clock is from the installation's, as a metric and on `/readyz`. Stored times
    /// come from the installation's clock, so a wrong machine clock is visible and harmless.
    pub fn watch_clock(&self, clock: Arc<dyn Clock>) {
        let shown = Arc::clone(&clock);
        self.meter
            .f64_observable_gauge("clock.skew")
            .with_description("Seconds that this machine's clock is ahead of the installation's.")
            .with_callback(move |gauge| gauge.observe(shown.skew().as_secs_f64(), &[]))
            .build();
        self.health.clock(clock);
    }
}
