//! The metrics of results.

use domain::{CompanyState, RunMode};
use messages::{Message as _, v1};
use runtime::metrics::{Counter, KeyValue, Meter};
use store::messages::events::StoredEvent;

use crate::batch_store::{Arrived, Stored};

/// The instruments of a results service.
#[derive(Debug, Clone)]
pub(crate) struct ResultMetrics {
    companies: Counter<u64>,
    runs: Counter<u64>,
}

impl ResultMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter = |name, what| meter.u64_counter(name).with_description(what).build();
        let metrics = Self {
            companies: counter(
                "results.companies",
                "Outcomes of companies on a contract that were stored, by state and code.",
            ),
            runs: counter(
                "results.runs",
                "Runs whose end was announced, by trigger and whether any company failed.",
            ),
        };
        // From the start, so that the first failure is an increase.
        for state in CompanyState::ALL.iter().copied() {
            metrics.companies.add(0, &[KeyValue::new("state", state.as_str())]);
        }
        metrics
    }

    /// Counts the outcomes of the stored messages of a batch. Plans are no outcomes.
    pub(crate) fn stored(&self, batch: &[Arrived], stored: &[Stored]) {
        let kept = batch.iter().zip(stored).filter(|(_, stored)| stored.is_ok());
        let applied = kept.map(|(arrived, _)| &arrived.done).filter(|done| done.mode == RunMode::Apply);
        for company in applied.flat_map(|done| &done.companies) {
            let mut labels = vec![KeyValue::new("state", company.state.as_str())];
            labels.extend(company.code.map(|code| KeyValue::new("code", code.as_str())));
            self.companies.add(1, &labels);
        }
    }

    /// Counts a run whose end was announced.
    pub(crate) fn announced(&self, event: &StoredEvent) {
        if event.kind != v1::RunFinished::KIND {
            return;
        }
        let trigger = event.body["trigger"].as_str().unwrap_or_default().to_owned();
        let failed = event.body["totals"]["failed"].as_u64().is_some_and(|failed| failed > 0);
        let result = if failed { "failed" } else { "well" };
        self.runs.add(1, &[KeyValue::new("trigger", trigger), KeyValue::new("result", result)]);
    }
}
