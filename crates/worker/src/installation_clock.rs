//! The installation's time on a machine with a clock that may be wrong.

use std::{sync::Arc, time::Duration};

use domain::{Clock, NOTABLE_SKEW};
use jiff::{SignedDuration, Timestamp};

/// The time from the scheduler, advanced by this machine's monotonic clock: all instants of an attempt come from
/// one clock, on whatever machine it runs (D4).
pub(crate) struct InstallationClock {
    base: Arc<dyn Clock>,
    received: Timestamp,
    /// The monotonic time at which it was received.
    at: Duration,
}

impl InstallationClock {
    /// The clock of an attempt: the scheduler's time, or the machine's own if the scheduler sent none.
    pub(crate) fn of(base: &Arc<dyn Clock>, received: Option<Timestamp>) -> Arc<dyn Clock> {
        let Some(received) = received else { return Arc::clone(base) };
        let clock = Self { base: Arc::clone(base), received, at: base.monotonic() };
        let skew = clock.skew();
        if skew.unsigned_abs() > NOTABLE_SKEW {
            tracing::warn!(
                seconds_ahead = skew.as_secs(),
                "this machine's clock is not the installation's; what is told goes by the installation's"
            );
        }
        Arc::new(clock)
    }
}

impl Clock for InstallationClock {
    fn now(&self) -> Timestamp {
        let since = self.base.monotonic().saturating_sub(self.at);
        // Only an attempt of thousands of years overflows.
        self.received.checked_add(since).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.base.monotonic()
    }

    fn skew(&self) -> SignedDuration {
        self.base.now().duration_since(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_d4_a_worker_whose_clock_is_wrong_tells_the_installations_time() {
        let machine = testkit::Clock::at("2026-11-20T15:00:00Z");
        let base: Arc<dyn Clock> = Arc::new(machine.clone());
        let received: Timestamp = "2026-11-20T12:00:00Z".parse().expect("an instant");
        let clock = InstallationClock::of(&base, Some(received));
        assert_eq!(clock.skew(), SignedDuration::from_hours(3));
        machine.advance(Duration::from_secs(90));
        assert_eq!(clock.now(), "2026-11-20T12:01:30Z".parse().expect("an instant"));
        assert_eq!(InstallationClock::of(&base, None).now(), base.now());
    }
}
