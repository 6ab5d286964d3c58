//! One JSON object per log line, with the ids of its trace.

use std::fmt::Debug;
use std::io::Write as _;
use std::sync::Arc;

use domain::Clock;
use opentelemetry::Context as TraceContext;
use opentelemetry::trace::TraceContextExt as _;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Writes log lines. The ids come from the OpenTelemetry layer of the same subscriber, which keeps its own current
/// context in step with the entered spans.
pub(crate) struct LogLines<W> {
    service: &'static str,
    version: &'static str,
    clock: Arc<dyn Clock>,
    writer: W,
}

/// The content of a line; absent ids are left out.
#[derive(Serialize)]
struct Line<'a> {
    ts: String,
    level: &'static str,
    target: &'a str,
    message: String,
    service: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<&'static str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    fields: Map<String, Value>,
}

impl<W> LogLines<W> {
    pub(crate) fn new(
        service: &'static str,
        version: &'static str,
        clock: Arc<dyn Clock>,
        writer: W,
    ) -> Self {
        Self { service, version, clock, writer }
    }
}

impl<S, W> Layer<S> for LogLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let message = match own.0.remove("message") {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        };

        // From the outermost span inwards, so that the field closest to the event wins.
        let mut fields = Map::new();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(Fields(outer)) = span.extensions().get::<Fields>() {
                let known = outer.iter().filter(|(name, _)| !name.starts_with("otel."));
                fields.extend(known.map(|(name, value)| (name.clone(), value.clone())));
            }
        }
        fields.extend(own.0);

        let trace = TraceContext::current();
        let ids = Some(trace.span().span_context().clone()).filter(|ids| ids.is_valid());
        let line = Line {
            ts: self.clock.now().to_string(),
            level: event.metadata().level().as_str(),
            target: event.metadata().target(),
            message,
            service: self.service,
            version: self.version,
            trace_id: ids.as_ref().map(|ids| ids.trace_id().to_string()),
            span_id: ids.as_ref().map(|ids| ids.span_id().to_string()),
            span: context.event_span(event).map(|span| span.name()),
            fields,
        };
        // A failed write cannot be reported anywhere.
        if let Ok(mut bytes) = serde_json::to_vec(&line) {
            bytes.push(b'\n');
            let _ = self.writer.make_writer_for(event.metadata()).write_all(&bytes);
        }
    }
}

/// The fields of a span or an event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        // The whole chain: the innermost cause is often the one that helps.
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        self.put(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }
}
