//! The breaker of a host: a Kaseya that does not answer is left alone for a while.

use std::time::Duration;

use jiff::Timestamp;

use crate::Backoff;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failures in a row that open it. Default 3.
    pub failures: u32,
    /// How long it stays open: longer after each probe that fails. Default 30 seconds to 15 minutes.
    pub open_for: Backoff,
    /// After this long without word a probe is given up and another may begin. Default 2 minutes.
    pub probe_for: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failures: 3,
            open_for: Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(15 * 60) },
            probe_for: Duration::from_secs(120),
        }
    }
}

/// Whether a job may call the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Go,
    /// It is the single try of a half-open breaker: short time-outs.
    Probe,
    /// Not before this instant.
    NotBefore(Timestamp),
}

/// A host's breaker, as it is stored. The default is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    /// Failures in a row.
    pub failures: u32,
    /// Until when it is open; past that instant, and until word of a success, it is half-open. `None`: closed.
    pub open_until: Option<Timestamp>,
    /// Until when a probe is out.
    pub probe_until: Option<Timestamp>,
}

impl Breaker {
    /// Asks at a job's start: the answer, and the breaker to store with the start.
    #[must_use]
    pub fn admit(self, policy: &BreakerPolicy, now: Timestamp) -> (Self, Admission) {
        let Some(open_until) = self.open_until else {
            return (self, Admission::Go);
        };
        let closed_to_all_until = self.probe_until.map_or(open_until, |probe| probe.max(open_until));
        if now < closed_to_all_until {
            return (self, Admission::NotBefore(closed_to_all_until));
        }
        (Self { probe_until: Some(later(now, policy.probe_for)), ..self }, Admission::Probe)
    }

    /// The host has answered: closed.
    #[must_use]
    pub fn answered(self) -> Self {
        Self::default()
    }

    /// The host has failed; `fraction` in `0.0..1.0` is the jitter. While it is open, what fails was begun before and
    /// tells nothing new.
    #[must_use]
    pub fn failed(self, policy: &BreakerPolicy, now: Timestamp, fraction: f64) -> Self {
        if self.open_until.is_some_and(|until| now < until) {
            return self;
        }
        let failures = self.failures.saturating_add(1);
        let Some(opened_before) = failures.checked_sub(policy.failures.max(1)) else {
            return Self { failures, ..self };
        };
        let open_until = Some(later(now, policy.open_for.wait(opened_before.saturating_add(1), fraction)));
        Self { failures, open_until, probe_until: None }
    }
}

/// `now` and this long after it.
pub(crate) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
