//! The simulated Kaseya's own clock.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// A clock that follows another one, or stands still, and can be set. Clones share the same clock.
#[derive(Clone)]
pub struct Clock {
    read: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ahead: Arc<Mutex<SignedDuration>>,
}

impl Clock {
    /// A clock that follows `read`.
    pub fn following(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { read: Arc::new(read), ahead: Arc::default() }
    }

    /// A clock that moves only when it is set.
    pub fn standing(at: Timestamp) -> Self {
        Self::following(move || at)
    }

    /// The current time in Kaseya.
    pub fn now(&self) -> Timestamp {
        (self.read)() + *self.ahead()
    }

    /// Sets the clock. It continues from there as before.
    pub fn set(&self, at: Timestamp) {
        *self.ahead() = at.duration_since((self.read)());
    }

    /// Moves the clock forward, or back with a negative step.
    pub fn advance(&self, step: SignedDuration) {
        *self.ahead() += step;
    }

    fn ahead(&self) -> MutexGuard<'_, SignedDuration> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
