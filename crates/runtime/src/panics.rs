//! A panic is a log line like any other, so that nothing but JSON reaches the log.

use std::panic;

/// Replaces the hook that prints to stderr.
pub(crate) fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("a value that is not text");
        let location = info.location().map(ToString::to_string);
        tracing::error!(target: "panic", location, "panicked: {message}");
    }));
}
