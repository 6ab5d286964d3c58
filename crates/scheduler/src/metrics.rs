//! The scheduler's metrics.

use bus::Queue;
use domain::NotReady;
use messages::v1;
use runtime::metrics::{Counter, Gauge, KeyValue, Meter};

/// The scheduler's instruments.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    emitted: Counter<u64>,
    leases_ended: Counter<u64>,
    starts: Counter<u64>,
    changes: Counter<u64>,
    open_jobs: Gauge<i64>,
    companies: Gauge<i64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter = |name, what| meter.u64_counter(name).with_description(what).build();
        Self {
            emitted: counter(
                "scheduler.messages.emitted",
                "Tickets and local results that the broker has confirmed.",
            ),
            leases_ended: counter("scheduler.leases.ended", "Leases that ended without word of the worker."),
            starts: counter("scheduler.starts", "Answers to StartJob."),
            changes: counter("scheduler.permit.changes", "Changes that were granted or denied."),
            open_jobs: meter
                .i64_gauge("scheduler.jobs.open")
                .with_description("Jobs that are not done.")
                .build(),
            companies: meter
                .i64_gauge("scheduler.companies")
                .with_description("Companies by whether their next invoice would be right, and why not.")
                .build(),
        }
    }

    pub(crate) fn emitted(&self, queue: Queue) {
        self.emitted.add(1, &[KeyValue::new("queue", queue.name())]);
    }

    pub(crate) fn leases_ended(&self, ended: u64) {
        self.leases_ended.add(ended, &[]);
    }

    pub(crate) fn started(&self, refused: Option<v1::RefusalReason>) {
        let answer = refused.map_or("content", |reason| reason.as_str_name());
        self.starts.add(1, &[KeyValue::new("answer", answer)]);
    }

    pub(crate) fn permit(&self, granted: usize, denied: impl IntoIterator<Item = v1::DenialReason>) {
        self.changes.add(granted as u64, &[KeyValue::new("answer", "granted")]);
        for reason in denied {
            self.changes.add(1, &[KeyValue::new("answer", reason.as_str_name())]);
        }
    }

    pub(crate) fn open_jobs(&self, kind: domain::JobKind, jobs: i64) {
        self.open_jobs.record(jobs, &[KeyValue::new("kind", kind.as_str())]);
    }

    /// Companies that are ready, or not ready for a reason.
    pub(crate) fn companies(&self, reason: Option<NotReady>, companies: u32) {
        let ready = reason.map_or("ready", NotReady::as_str);
        self.companies.record(companies.into(), &[KeyValue::new("ready", ready)]);
    }
}
