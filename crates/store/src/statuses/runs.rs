//! Runs, and the outcomes of their companies.

use domain::{
    CompanyId, CompanyState, ContractId, ErrorCode, PartnerId, ProductOutcome, RunId, RunMode, RunState,
    Trigger,
};
use jiff::Timestamp;

use crate::{Row, StoreError, Transaction, jobs::run_totals::RunTotals};

/// A run as shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub number: i64,
    /// The run's trigger.
    pub trigger: Trigger,
    /// Whether it writes.
    pub mode: RunMode,
    /// The run's state.
    pub state: RunState,
    /// The requester; `None` for a run that nobody requested.
    pub requested_by: Option<String>,
    /// When it was made.
    pub started_at: Timestamp,
    /// When it ended; `None` while it is open.
    pub finished_at: Option<Timestamp>,
    /// Its companies by outcome so far.
    pub totals: RunTotals,
}

const COLUMNS: &str =
    "run_id, run_number, trigger, mode, state, requested_by, created_at, finished_at, companies, changed,
                       unchanged, held, failed, skipped";

/// The newest runs with a number above `after`, the newest first. Login probes are not syncs and are left out.
pub async fn runs(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    after: i64,
    most: i64,
) -> Result<Vec<RunRow>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from runs where partner_id = $1 and run_number > $2 and trigger <> 'probe'
         order by run_number desc limit $3"
    );
    tx.query(&sql, &[&partner.as_str(), &after, &most]).await?.iter().map(run_row).collect()
}

/// The newest runs with a number below `before`, the newest first, without login probes.
pub(crate) async fn runs_before(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    before: i64,
    most: i64,
) -> Result<Vec<RunRow>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from runs where partner_id = $1 and run_number < $2 and trigger <> 'probe'
         order by run_number desc limit $3"
    );
    tx.query(&sql, &[&partner.as_str(), &before, &most]).await?.iter().map(run_row).collect()
}

/// The newest open run, or the newest that has ended, without login probes.
pub(crate) async fn newest_run(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    goes_on: bool,
) -> Result<Option<RunRow>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from runs where partner_id = $1 and (state = 'running') = $2 and trigger <> 'probe'
         order by run_number desc limit 1"
    );
    tx.query_opt(&sql, &[&partner.as_str(), &goes_on]).await?.as_ref().map(run_row).transpose()
}

/// One run.
pub async fn run(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
) -> Result<Option<RunRow>, StoreError> {
    let sql = format!("select {COLUMNS} from runs where partner_id = $1 and run_id = $2");
    tx.query_opt(&sql, &[&partner.as_str(), &run.0]).await?.as_ref().map(run_row).transpose()
}

fn run_row(row: &Row) -> Result<RunRow, StoreError> {
    Ok(RunRow {
        run: RunId(row.get("run_id")?),
        number: row.get("run_number")?,
        trigger: row.named("trigger", Trigger::parse)?,
        mode: row.named("mode", RunMode::parse)?,
        state: row.named("state", RunState::parse)?,
        requested_by: row.get("requested_by")?,
        started_at: row.get("created_at")?,
        finished_at: row.get("finished_at")?,
        totals: RunTotals {
            companies: row.number("companies")?,
            changed: row.number("changed")?,
            unchanged: row.number("unchanged")?,
            held: row.number("held")?,
            failed: row.number("failed")?,
            skipped: row.number("skipped")?,
        },
    })
}

/// The outcome of a company and contract in one run, including runs that only planned.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCompany {
    /// The company.
    pub company: CompanyId,
    /// The company's name.
    pub name: String,
    /// The contract; `None` for a company without one.
    pub contract: Option<ContractId>,
    /// The state.
    pub state: CompanyState,
    /// The code that explains the state; `None` if none is needed.
    pub code: Option<ErrorCode>,
    /// Its products.
    pub products: Vec<ProductOutcome>,
}

/// The outcomes of a run's companies so far, ordered by name.
pub async fn run_companies(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
) -> Result<Vec<RunCompany>, StoreError> {
    let sql = "select company_id, companies.name, contract_id, state, code, products
               from run_companies join companies using (partner_id, company_id)
               where partner_id = $1 and run_id = $2 order by companies.name collate \"names\", company_id, contract_id";
    let rows = tx.query(sql, &[&partner.as_str(), &run.0]).await?;
    rows.iter()
        .map(|row| {
            Ok(RunCompany {
                company: row.company_id("company_id")?,
                name: row.get("name")?,
                contract: row.contract_or_none("contract_id")?,
                state: row.named("state", CompanyState::parse)?,
                code: row.optional_code("code")?,
                products: crate::statuses::outcomes::products(row)?,
            })
        })
        .collect()
}
