//! A run, and what it waits for.

use std::collections::BTreeMap;

use domain::{RunId, Wait};
use jiff::Timestamp;
use serde::Serialize;
use store::statuses::RunRow;
use utoipa::ToSchema;

use super::Waiting;

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Run {
    run_id: String,
    /// Its number among the partner's runs.
    number: i64,
    /// schedule, month_end, request, full_read or probe.
    trigger: &'static str,
    /// apply or plan.
    mode: &'static str,
    /// running, finished, superseded or switched_off.
    state: &'static str,
    requested_by: Option<String>,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    /// Companies that have come out so far.
    companies: u32,
    changed: u32,
    unchanged: u32,
    held: u32,
    failed: u32,
    skipped: u32,
    /// What it waits for; null for a run with nothing in its way.
    wait: Option<Waiting>,
}

/// What the open runs of a partner wait for.
pub type Waits = BTreeMap<RunId, Wait>;

impl Run {
    /// A run with what it waits for.
    pub fn of(row: RunRow, waits: &Waits) -> Self {
        let totals = row.totals;
        Self {
            wait: waits.get(&row.run).copied().map(Waiting::from),
            run_id: row.run.to_string(),
            number: row.number,
            trigger: row.trigger.as_str(),
            mode: row.mode.as_str(),
            state: row.state.as_str(),
            requested_by: row.requested_by,
            started_at: row.started_at,
            finished_at: row.finished_at,
            companies: totals.companies,
            changed: totals.changed,
            unchanged: totals.unchanged,
            held: totals.held,
            failed: totals.failed,
            skipped: totals.skipped,
        }
    }
}
