//! What the pool and the transactions report, by OpenTelemetry's names for databases where it has one.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::Pool;
use domain::Clock;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter},
};

use crate::StoreError;

/// The upper bounds that OpenTelemetry advises for databases, in seconds.
const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Where a store reports what its transactions and its pool do.
#[derive(Clone)]
pub struct Measure {
    /// Creates the instruments.
    pub meter: Meter,
    /// Its monotonic time measures durations.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Measure")
    }
}

/// Why a transaction failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It conflicted with others at every try.
    Conflict,
    /// All connections of the pool stayed busy.
    PoolBusy,
    /// No connection, or it broke.
    Unreachable,
    /// The server gave up waiting for a lock or a statement.
    Timeout,
    /// The server refused a statement.
    Refused,
    /// A row or value is not what the program expects: a fault of ours.
    Unexpected,
    /// Its caller stopped waiting, e.g. at a timeout of its own.
    Cancelled,
}

impl Fault {
    const ALL: [Self; 7] = [
        Self::Conflict,
        Self::PoolBusy,
        Self::Unreachable,
        Self::Timeout,
        Self::Refused,
        Self::Unexpected,
        Self::Cancelled,
    ];

    pub(crate) fn of(error: &StoreError) -> Self {
        match error {
            error if error.is_conflict() => Self::Conflict,
            error if error.is_timeout() => Self::Timeout,
            error if error.is_unexpected() => Self::Unexpected,
            StoreError::PoolBusy => Self::PoolBusy,
            StoreError::Unreachable { .. } => Self::Unreachable,
            _ => Self::Refused,
        }
    }

    fn attribute(self) -> KeyValue {
        let name = match self {
            Self::Conflict => "conflict",
            Self::PoolBusy => "pool_busy",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Unexpected => "unexpected",
            Self::Cancelled => "cancelled",
        };
        KeyValue::new("error.type", name)
    }
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Committed,
    /// Its work refused, without a fault of the database: an order that is not allowed, for example.
    RolledBack,
    Failed(Fault),
}

impl Outcome {
    fn attribute(self) -> KeyValue {
        let name = match self {
            Self::Committed => "committed",
            Self::RolledBack => "rolled_back",
            Self::Failed(_) => "failed",
        };
        KeyValue::new("outcome", name)
    }
}

/// The instruments of one store.
pub(crate) struct Metrics {
    clock: Arc<dyn Clock>,
    transactions: Histogram<f64>,
    retries: Counter<u64>,
    failures: Counter<u64>,
    waits: Histogram<f64>,
    timeouts: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(measure: Measure, pool: &Pool) -> Self {
        let Measure { meter, clock } = measure;
        let seconds = |name, what| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_boundaries(SECONDS.to_vec())
                .with_description(what)
                .build()
        };
        let counter = |name, what| meter.u64_counter(name).with_description(what).build();
        let metrics = Self {
            transactions: seconds(
                "db.client.operation.duration",
                "Duration of a transaction by name, from asking for a connection to its end, retries included.",
            ),
            retries: counter("store.transaction.retries", "Tries of a transaction after its first, by name."),
            failures: counter("store.transaction.failures", "Transactions that failed, by reason."),
            waits: seconds("db.client.connection.wait_time", "Time until the pool gave a connection."),
            timeouts: counter(
                "db.client.connection.timeouts",
                "Times that no connection of the pool became free in time.",
            ),
            clock,
        };
        // From the start, so that the first one is an increase.
        for fault in Fault::ALL {
            metrics.failures.add(0, &[fault.attribute()]);
        }
        metrics.timeouts.add(0, &[pool_name()]);
        show_connections(&meter, pool);
        metrics
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The pool gave a connection, or an error, to a caller who asked at `since`.
    pub(crate) fn waited(&self, since: Duration, busy: bool) {
        self.waits.record(self.seconds_since(since), &[pool_name()]);
        if busy {
            self.timeouts.add(1, &[pool_name()]);
        }
    }

    fn ended(&self, name: &'static str, since: Duration, retries: u32, outcome: Outcome) {
        let name = KeyValue::new("db.operation.name", name);
        self.retries.add(retries.into(), std::slice::from_ref(&name));
        let mut attributes = vec![KeyValue::new("db.system.name", "postgresql"), name, outcome.attribute()];
        if let Outcome::Failed(fault) = outcome {
            self.failures.add(1, &[fault.attribute()]);
            attributes.push(fault.attribute());
        }
        self.transactions.record(self.seconds_since(since), &attributes);
    }

    fn seconds_since(&self, since: Duration) -> f64 {
        self.now().saturating_sub(since).as_secs_f64()
    }
}

/// Shows how many connections the pool has and how many callers wait for one.
fn show_connections(meter: &Meter, pool: &Pool) {
    let counted = pool.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.count")
        .with_description("Connections of the pool by state.")
        .with_callback(move |shown| {
            let status = counted.status();
            let idle = status.available;
            for (state, connections) in [("idle", idle), ("used", status.size.saturating_sub(idle))] {
                let state = KeyValue::new("db.client.connection.state", state);
                shown.observe(i64::try_from(connections).unwrap_or(i64::MAX), &[pool_name(), state]);
            }
        })
        .build();
    let counted = pool.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.max")
        .with_description("Connections that the pool may have.")
        .with_callback(move |shown| {
            shown.observe(i64::try_from(counted.status().max_size).unwrap_or(i64::MAX), &[pool_name()]);
        })
        .build();
    let counted = pool.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.pending_requests")
        .with_description("Callers that wait for a connection of the pool.")
        .with_callback(move |shown| {
            shown.observe(i64::try_from(counted.status().waiting).unwrap_or(i64::MAX), &[pool_name()]);
        })
        .build();
}

/// A program has one pool.
fn pool_name() -> KeyValue {
    KeyValue::new("db.client.connection.pool.name", "postgres")
}

/// A transaction that runs. Dropped before its end, e.g. with the future that runs it, it counts as cancelled.
pub(crate) struct Running<'a> {
    metrics: Option<&'a Metrics>,
    name: &'static str,
    since: Duration,
    pub(crate) retries: u32,
    outcome: Outcome,
}

impl<'a> Running<'a> {
    pub(crate) fn new(metrics: Option<&'a Metrics>, name: &'static str) -> Self {
        let since = metrics.map(Metrics::now).unwrap_or_default();
        Self { metrics, name, since, retries: 0, outcome: Outcome::Failed(Fault::Cancelled) }
    }

    pub(crate) fn ends(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(metrics) = self.metrics {
            metrics.ended(self.name, self.since, self.retries, self.outcome);
        }
    }
}
