//! A run: what it waits for, how its companies came out, and its plan.

use std::collections::BTreeMap;

use domain::{RunId, Wait};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::statuses::{RunCompany, RunRow, history::PlanRow};
use utoipa::ToSchema;

use super::{ProductStatus, Waiting};

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

/// How a company and contract came out in a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CompanyOfRun {
    company_id: String,
    name: String,
    contract_id: Option<i32>,
    state: &'static str,
    /// The code of the error catalogue.
    code: Option<&'static str>,
    products: Vec<ProductStatus>,
}

impl From<RunCompany> for CompanyOfRun {
    fn from(row: RunCompany) -> Self {
        Self {
            company_id: row.company.to_string(),
            name: row.name,
            contract_id: row.contract.map(|contract| contract.0),
            state: row.state.as_str(),
            code: row.code.map(domain::ErrorCode::as_str),
            products: row.products.into_iter().map(ProductStatus::from).collect(),
        }
    }
}

/// A row of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Planned {
    company_id: String,
    contract_id: i32,
    product_id: String,
    service_id: i32,
    state: String,
    /// The whole line's units before.
    from_units: Option<f64>,
    /// The whole line's units wanted.
    to_units: Option<u32>,
    effective_date: Option<Date>,
    /// What the change of the whole line comes to at its price. Companies that share a line have the same difference each.
    difference: Option<f64>,
}

impl From<PlanRow> for Planned {
    fn from(row: PlanRow) -> Self {
        Self {
            difference: row.difference(),
            company_id: row.company.to_string(),
            contract_id: row.contract.0,
            product_id: row.product,
            service_id: row.service.0,
            state: row.state,
            from_units: row.from,
            to_units: row.to,
            effective_date: row.effective,
        }
    }
}
