//! What strangers put beside a message.

/// Properties with these bytes wherever a stranger can put some.
pub(crate) fn properties(bytes: &[u8]) {
    bus_rabbitmq::fuzzing::properties(bytes);
}

/// The first line is the `traceparent`, the rest the `tracestate`.
pub(crate) fn trace_context(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    let (parent, state) = text.split_once('\n').map_or((text, None), |(parent, state)| (parent, Some(state)));
    runtime::trace::link(&tracing::Span::none(), Some(parent), state);
    runtime::trace::parent(&tracing::Span::none(), Some(parent), state);
}
