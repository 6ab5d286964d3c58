//! A run: what it waits for, how its companies came out, and its plan.

use std::collections::BTreeMap;

use domain::{RunId, Wait};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::statuses::{RunCompany, RunRow, history::PlanRow};
use utoipa::ToSchema;

use super::{ProductStatus, Waiting};

/// A run. Its totals count outcomes so far, one per company and contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Run {
    run_id: String,
    /// Sequence number among the partner's runs.
    number: i64,
    /// `schedule`, `month_end`, `request`, `full_read` or `probe`.
    trigger: &'static str,
    /// `apply` or `plan` (nothing is written).
    mode: &'static str,
    /// `running`, `finished`, `superseded` or `switched_off`.
    state: &'static str,
    /// Name of the requester. Null if nobody requested the run.
    requested_by: Option<String>,
    started_at: Timestamp,
    /// When it ended. Null while it is running.
    finished_at: Option<Timestamp>,
    /// All outcomes so far.
    companies: u32,
    /// At least one line changed or sent, and nothing worse.
    changed: u32,
    /// Nothing to change.
    unchanged: u32,
    /// Waiting for a person.
    held: u32,
    /// Not sent because of an error.
    failed: u32,
    /// Not mapped, not billed, off, or left to a later run.
    skipped: u32,
    /// What the run waits for. Null if nothing is in its way.
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

/// Outcome of a company and contract in a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CompanyOfRun {
    company_id: String,
    name: String,
    /// Contract id in Kaseya. Null for a company without a contract.
    contract_id: Option<i32>,
    /// One of the values of `Status.state`.
    state: &'static str,
    /// Code of the error catalogue. Null if none is needed.
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

/// A row of a plan: a product's units before and after.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Planned {
    company_id: String,
    contract_id: i32,
    product_id: String,
    service_id: i32,
    /// One of the values of `Status.state`.
    state: String,
    /// Units of the whole line before the change.
    from_units: Option<f64>,
    /// Units wanted for the whole line.
    to_units: Option<u32>,
    /// First day with the new units.
    effective_date: Option<Date>,
    /// Price difference of the whole line's change, at the line's price. Companies on the same line have the same
    /// difference each. Null if units or price are unknown.
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
