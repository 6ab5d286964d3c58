//! Metrics: the meter that services create instruments from, and its Prometheus text.

pub use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
pub use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};
use opentelemetry_prometheus_text_exporter::PrometheusExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;

/// The instruments of one program and the page that shows them.
#[derive(Clone)]
pub(crate) struct Metrics {
    provider: SdkMeterProvider,
    page: PrometheusExporter,
}

impl Metrics {
    pub(crate) fn new(resource: Resource) -> Self {
        // Without the scope labels: one program has one scope, and every sample would carry it.
        let page = PrometheusExporter::builder().without_scope_info().build();
        let provider = SdkMeterProvider::builder().with_reader(page.clone()).with_resource(resource).build();
        Self { provider, page }
    }

    pub(crate) fn meter(&self, name: &'static str) -> Meter {
        self.provider.meter(name)
    }

    /// The page `/metrics`.
    pub(crate) fn text(&self) -> std::io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.page.export(&mut text)?;
        Ok(text)
    }
}
