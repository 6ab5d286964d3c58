//! The source of time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock difference between two programs that people are notified of: a smaller one can come from network delays
/// and slow responses.
pub const NOTABLE_SKEW: Duration = Duration::from_secs(30);

/// The time, passed in wherever it is needed so that tests can set it.
pub trait Clock: Send + Sync + 'static {
    /// The present instant. May jump when the source is corrected.
    fn now(&self) -> Timestamp;

    /// Time since some fixed point of this process; never goes back. For deadlines and durations.
    fn monotonic(&self) -> Duration;

    /// How far this machine's wall clock is ahead of [`Clock::now`]: zero if they are the same clock.
    fn skew(&self) -> SignedDuration {
        SignedDuration::ZERO
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    origin: std::time::Instant,
}

impl SystemClock {
    /// A clock with a monotonic time that starts at zero here.
    #[expect(clippy::disallowed_methods, reason = "this is the clock's owner")]
    pub fn start() -> Self {
        Self { origin: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock's owner")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}
