//! Logs and traces of one process. Services in the same process share them.

use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Config;
use crate::config_error::ConfigError;
use crate::log_filter::{ADVICE, LogFilter};
use crate::log_line::LogLines;
use crate::settings::{ExportSettings, LogFormat, LogSettings};

/// Libraries that the exporter itself uses: a span about sending spans would be sent too, and so on for ever.
const EXPORTER_PATH: [&str; 9] = [
    "h2",
    "hyper",
    "hyper_util",
    "opentelemetry",
    "opentelemetry-http",
    "opentelemetry-otlp",
    "opentelemetry_sdk",
    "reqwest",
    "rustls",
];

/// Time limit for sending one batch of spans.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// Telemetry could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// A setting is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// `log.filter` is invalid.
    #[error("configuration key `log.filter`: {0}; {ADVICE}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter cannot be built.
    #[error(
        "configuration key `telemetry.otlp_endpoint`: {0}; give the collector's address, such as `http://collector:4318`"
    )]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Another part of the process has already set up telemetry.
    #[error("telemetry is started once per process: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// The running telemetry of a process; keeps what must be flushed at the end.
#[derive(Debug, Clone)]
pub struct Telemetry {
    provider: SdkTracerProvider,
    pub(crate) log_filter: LogFilter,
    flush_timeout: Duration,
}

impl Telemetry {
    /// Starts logs (to stderr) and traces for the whole process, configured by `[log]` and `[telemetry]`.
    ///
    /// # Errors
    /// If a setting is invalid, or telemetry was started before.
    pub fn start(
        service: &'static str,
        version: &'static str,
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TelemetryError> {
        let (telemetry, subscriber) = Self::build(service, version, config, clock, std::io::stderr)?;
        subscriber.try_init()?;
        Ok(telemetry)
    }

    /// The parts of [`Telemetry::start`], writing where the caller wants and without claiming the process.
    ///
    /// # Errors
    /// If a setting is invalid.
    pub fn build<W>(
        service: &'static str,
        version: &'static str,
        config: &Config,
        clock: Arc<dyn Clock>,
        writer: W,
    ) -> Result<(Self, impl Subscriber + Send + Sync + use<W>), TelemetryError>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let log: LogSettings = config.section("log")?;
        let export: ExportSettings = config.section("telemetry")?;

        // Always sampled at the root: without an exporter it costs little, and the ids are needed in any case.
        let mut provider = SdkTracerProvider::builder().with_resource(resource(service, version));
        if let Some(endpoint) = &export.otlp_endpoint {
            provider = provider.with_batch_exporter(exporter(endpoint)?);
        }
        let provider = provider.build();

        let traces = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(service))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_traced));

        // Spans pass whatever the filter says: their fields belong on the lines that do pass.
        let (log_filter, filter) = LogFilter::new(&log.filter)?;
        let filter = filter.or(filter_fn(is_span));
        let lines = match log.format {
            LogFormat::Json => LogLines::new(service, version, clock, writer).with_filter(filter).boxed(),
            LogFormat::Text => {
                tracing_subscriber::fmt::layer().with_writer(writer).with_filter(filter).boxed()
            }
        };
        let subscriber = tracing_subscriber::registry().with(traces).with(lines);
        Ok((Self { provider, log_filter, flush_timeout: export.flush_timeout }, subscriber))
    }

    /// Sends the last spans and stops within `telemetry.flush_timeout`.
    pub async fn shutdown(self) {
        let limit = self.flush_timeout;
        // The exporter's client blocks, so it must not run on a thread of the async runtime.
        let flushed = tokio::task::spawn_blocking(move || {
            // Shutdown flushes first.
            self.provider.shutdown_with_timeout(limit)
        });
        match tokio::time::timeout(limit, flushed).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the last spans were not sent"),
            Ok(Err(error)) => tracing::warn!(%error, "the last spans were not sent"),
            Err(_) => tracing::warn!("the last spans were not sent in time"),
        }
    }
}

/// The sender's name and version, on spans and metrics.
pub(crate) fn resource(service: &'static str, version: &'static str) -> Resource {
    Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", version))
        .build()
}

fn exporter(endpoint: &str) -> Result<SpanExporter, opentelemetry_otlp::ExporterBuildError> {
    SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(EXPORT_TIMEOUT)
        .build()
}

fn is_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= LevelFilter::INFO
}

fn is_traced(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= LevelFilter::INFO && !EXPORTER_PATH.contains(&library)
}
