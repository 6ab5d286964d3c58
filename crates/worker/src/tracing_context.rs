//! The trace of the current span, as the bus carries it.

use bus::TraceContext;

/// The headers for the current span's context.
pub(crate) fn current_trace() -> TraceContext {
    let (traceparent, tracestate) = runtime::trace::inject(&tracing::Span::current());
    TraceContext { traceparent, tracestate }
}
