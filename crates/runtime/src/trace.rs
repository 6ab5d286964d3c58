//! Trace context over the bus: W3C `traceparent` and `tracestate` as headers.
//!
//! The context of a span must be set **before the span is entered**: make the span, call [`parent`] or [`link`],
//! then `.instrument(span)` the work. Afterwards it is too late, and a parent is ignored with a warning.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Maximum length of a `traceparent` that is read: version 00 has 55 characters, later ones may append.
const MAX_TRACEPARENT: usize = 128;

/// Maximum length of a `tracestate` that is passed on; the standard requires at least this much.
const MAX_TRACESTATE: usize = 512;

/// The headers with `span`'s context: `(traceparent, tracestate)`. Both are absent without a trace.
pub fn inject(span: &Span) -> (Option<String>, Option<String>) {
    let mut headers = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    (headers.remove(TRACEPARENT), headers.remove(TRACESTATE).filter(|state| !state.is_empty()))
}

/// Makes `span` a child of the context in the headers. For messages between our own services. If the headers are
/// missing, malformed or too long, the span stays the root of its own trace.
pub fn parent(span: &Span, traceparent: Option<&str>, tracestate: Option<&str>) {
    if let Some(remote) = extract(traceparent, tracestate)
        && let Err(error) = span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote))
        && !span.is_disabled()
    {
        tracing::warn!(%error, "the trace context came too late for its span");
    }
}

/// Links `span` to the context in the headers without making it a child: for headers from outside, which may say
/// anything, for messages settled in batches, and for retries.
pub fn link(span: &Span, traceparent: Option<&str>, tracestate: Option<&str>) {
    if let Some(remote) = extract(traceparent, tracestate) {
        span.add_link(remote);
    }
}

/// The trace id of `span`, for rows and pages that lead a person to the trace.
pub fn trace_id(span: &Span) -> Option<String> {
    let context = span.context();
    let found = context.span().span_context().clone();
    found.is_valid().then(|| found.trace_id().to_string())
}

fn extract(traceparent: Option<&str>, tracestate: Option<&str>) -> Option<SpanContext> {
    let traceparent = traceparent.filter(|header| header.len() <= MAX_TRACEPARENT)?;
    let mut headers = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    // A `tracestate` that is too long is dropped; the parent still counts.
    if let Some(state) = tracestate.filter(|header| header.len() <= MAX_TRACESTATE) {
        headers.insert(TRACESTATE.to_owned(), state.to_owned());
    }
    // Into an empty context: the current one must not show through if the headers are malformed.
    let context =
        TraceContextPropagator::new().extract_with_context(&opentelemetry::Context::new(), &headers);
    let found = context.span().span_context().clone();
    found.is_valid().then_some(found)
}
