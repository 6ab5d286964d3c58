//! Which log lines are written, and how that changes while the program runs.

use std::sync::{Arc, Mutex, PoisonError};

use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::reload;

/// What to do about an invalid filter.
pub(crate) const ADVICE: &str =
    "give a level or `target=level` pairs separated by commas, such as `info,store=debug`";

/// Why a filter is not set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogFilterError {
    /// No text: it would write errors only, which nobody means by it.
    #[error("it is empty")]
    Empty,
    /// Not a level or `target=level` pairs.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The subscriber of the log is gone.
    #[error(transparent)]
    Reload(#[from] reload::Error),
}

/// The log filter of a running program.
#[derive(Clone)]
pub(crate) struct LogFilter {
    text: Arc<Mutex<String>>,
    reload: Arc<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>,
}

impl LogFilter {
    /// The filter for a subscriber, and its handle.
    pub(crate) fn new<S: Subscriber + 'static>(
        text: &str,
    ) -> Result<(Self, reload::Layer<EnvFilter, S>), ParseError> {
        let (layer, handle) = reload::Layer::new(EnvFilter::builder().parse(text)?);
        let text = Arc::new(Mutex::new(text.to_owned()));
        Ok((Self { text, reload: Arc::new(move |filter| handle.reload(filter)) }, layer))
    }

    /// The filter in force.
    pub(crate) fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets another filter until the program ends.
    pub(crate) fn set(&self, text: &str) -> Result<(), LogFilterError> {
        if text.is_empty() {
            return Err(LogFilterError::Empty);
        }
        let filter = EnvFilter::builder().parse(text)?;
        let mut current = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the change, because the new filter may hide the line.
        tracing::warn!(from = %current, to = text, "the log filter changes");
        (self.reload)(filter)?;
        text.clone_into(&mut current);
        Ok(())
    }
}

impl std::fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LogFilter").field(&self.text()).finish()
    }
}
