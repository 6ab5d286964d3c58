//! A clock that tests control.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// A clock that stands still until a test moves it. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<(Timestamp, Duration)>>);

impl Clock {
    /// A clock that shows `now`, e.g. `"2026-11-30T23:00:00Z"`.
    pub fn at(now: &str) -> Self {
        Self::starting(now.parse().expect("an instant as RFC 3339 writes it"))
    }

    /// A clock that shows `now`.
    pub fn starting(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new((now, Duration::ZERO))))
    }

    /// Lets time pass: the instant and the monotonic time both move on.
    pub fn advance(&self, by: Duration) {
        let mut shown = self.lock();
        shown.0 = shown.0.checked_add(by).expect("a time within the calendar");
        shown.1 += by;
    }

    /// Sets the instant, forwards or back. The monotonic time moves on by as much, and never back.
    pub fn set(&self, now: Timestamp) {
        let mut shown = self.lock();
        let passed = now.duration_since(shown.0);
        // A step back has no duration.
        shown.1 += Duration::try_from(passed).unwrap_or_default();
        shown.0 = now;
    }

    fn lock(&self) -> MutexGuard<'_, (Timestamp, Duration)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl domain::Clock for Clock {
    fn now(&self) -> Timestamp {
        self.lock().0
    }

    fn monotonic(&self) -> Duration {
        self.lock().1
    }
}

#[cfg(test)]
mod tests {
    use domain::Clock as _;

    use super::*;

    #[test]
    fn turning_it_moves_both_times_and_the_monotonic_never_back() {
        let clock = Clock::at("2026-11-30T12:00:00Z");
        let shown = clock.clone();
        clock.advance(Duration::from_secs(60));
        assert_eq!(shown.now().to_string(), "2026-11-30T12:01:00Z");
        assert_eq!(shown.monotonic(), Duration::from_secs(60));
        clock.set("2026-11-30T12:02:00Z".parse().expect("an instant"));
        assert_eq!(shown.monotonic(), Duration::from_secs(120));
        clock.set("2026-11-30T11:00:00Z".parse().expect("an instant"));
        assert_eq!(shown.now().to_string(), "2026-11-30T11:00:00Z");
        assert_eq!(shown.monotonic(), Duration::from_secs(120));
    }
}
