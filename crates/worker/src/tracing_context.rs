//! The trace of the present span, as the bus carries it.

use bus::TraceContext;

/// The headers that carry the present span's context.
pub(crate) fn current_trace() -> TraceContext {
    let (traceparent, tracestate) = runtime::trace::inject(&tracing::Span::current());
    TraceContext { traceparent, tracestate }
}
