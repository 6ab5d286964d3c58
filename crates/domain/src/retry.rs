//! The wait before the next retry.

use std::time::Duration;

use jiff::SignedDuration;

/// How long a line is left alone after a write without a response, which may still land.
pub const UNSURE_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Exponential backoff with full jitter in its upper half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait, before jitter.
    pub first: Duration,
    /// The maximum wait, before jitter.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after this many consecutive failures; `fraction` in `0.0..1.0` is the jitter. The wait is between
    /// half and all of the first wait, doubled with each failure after the first.
    pub fn wait(&self, failures: u32, fraction: f64) -> Duration {
        let doubled = self
            .first
            .saturating_mul(1_u32.checked_shl(failures.saturating_sub(1).min(31)).unwrap_or(u32::MAX));
        doubled.min(self.longest).mul_f64(0.5 + 0.5 * fraction.clamp(0.0, 1.0))
    }
}
