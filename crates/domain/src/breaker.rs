//! The breaker of a host: a Kaseya that does not respond is left alone for a while.

use std::time::Duration;

use jiff::Timestamp;

use crate::Backoff;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Consecutive failures that open it. Default 3.
    pub failures: u32,
    /// How long it stays open, longer after each failed probe. Default 30 seconds to 15 minutes.
    pub open_for: Backoff,
    /// A probe without a result for this long is given up, and another may begin. Default 2 minutes.
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
    /// The job may call the host.
    Go,
    /// The job is the single try of a half-open breaker, with short timeouts.
    Probe,
    /// No call before this instant.
    NotBefore(Timestamp),
}

/// A host's breaker, as it is stored. The default is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    /// Consecutive failures.
    pub failures: u32,
    /// The instant until which it is open; from then until the first success it is half-open. `None` means closed.
    pub open_until: Option<Timestamp>,
    /// The instant until which a probe is out.
    pub probe_until: Option<Timestamp>,
}

impl Breaker {
    /// Admits or refuses a job at its start; returns the breaker to store with the start.
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

    /// The host has responded: closes the breaker.
    #[must_use]
    pub fn answered(self) -> Self {
        Self::default()
    }

    /// The host has failed; `fraction` in `0.0..1.0` is the jitter. Failures while it is open belong to earlier calls
    /// and tell nothing new.
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

pub(crate) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
