//! Where time comes from.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A difference between two programs' clocks that people are told of: less comes of delays on the way and of slow answers.
pub const NOTABLE_SKEW: Duration = Duration::from_secs(30);

/// The time, passed in wherever it is needed so that tests can turn it.
pub trait Clock: Send + Sync + 'static {
    /// The present instant. May step when the source is corrected.
    fn now(&self) -> Timestamp;

    /// Time since some fixed point of this process; never steps back. For deadlines and durations.
    fn monotonic(&self) -> Duration;

    /// How far this machine's wall clock is ahead of [`Clock::now`]: zero where that is the wall clock itself.
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
    /// A clock whose monotonic time starts at zero here.
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
