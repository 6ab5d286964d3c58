//! How companies came out: their statuses, and their part in a run.

use domain::{AccountId, CompanyId, CompanyState, ContractId, ErrorCode, PartnerId, RunId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{StoreError, Transaction};

/// How one product of a company came out, as it is kept in `statuses.products` and `run_companies.products`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductRow {
    /// The provider's product.
    pub product: String,
    /// Kaseya's service; absent when the product is not mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<i32>,
    /// One of the closed list of states.
    pub state: String,
    /// The code of the error catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The company's own count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<u32>,
    /// The day that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_day: Option<jiff::civil::Date>,
    /// The whole line's units before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// The whole line's units wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// From which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<jiff::civil::Date>,
    /// Which brake holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brake: Option<String>,
}

/// How one company and contract came out.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyOutcome {
    /// The company.
    pub company: CompanyId,
    /// Its contract; `None` when it is not mapped.
    pub contract: Option<ContractId>,
    /// Its account; `None` when it is not mapped.
    pub account: Option<AccountId>,
    /// The state.
    pub state: CompanyState,
    /// The code.
    pub code: Option<ErrorCode>,
    /// What people need beside the code.
    pub detail: Option<String>,
    /// Its products.
    pub products: Vec<ProductRow>,
    /// Whether Kaseya was seen to hold our number (S-39).
    pub seen_equal: bool,
    /// Until when it is deferred.
    pub deferred_until: Option<Timestamp>,
}

/// Where outcomes come from: an attempt of a job of a run. Of two for one company and contract the higher
/// (run number, attempt) stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeSource {
    /// The partner.
    pub partner: PartnerId,
    /// The run.
    pub run: RunId,
    /// Its number.
    pub run_number: i64,
    /// The attempt.
    pub attempt: i32,
}

/// A status that is another than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The company.
    pub company: CompanyId,
    /// Its contract.
    pub contract: Option<ContractId>,
    /// The new state.
    pub state: CompanyState,
    /// The new code.
    pub code: Option<ErrorCode>,
}

/// Outcomes as columns, for `unnest`.
struct Columns {
    companies: Vec<String>,
    contracts: Vec<i32>,
    accounts: Vec<Option<i32>>,
    states: Vec<&'static str>,
    codes: Vec<Option<&'static str>>,
    details: Vec<Option<String>>,
    products: Vec<serde_json::Value>,
    seen: Vec<bool>,
    deferred: Vec<Option<Timestamp>>,
}

impl Columns {
    fn of(outcomes: &[CompanyOutcome]) -> Result<Self, StoreError> {
        let products: Result<_, _> = outcomes.iter().map(|outcome| serde_json::to_value(&outcome.products)).collect();
        Ok(Self {
            companies: outcomes.iter().map(|outcome| outcome.company.as_str().to_owned()).collect(),
            contracts: outcomes.iter().map(|outcome| outcome.contract.map_or(0, |contract| contract.0)).collect(),
            accounts: outcomes.iter().map(|outcome| outcome.account.map(|account| account.0)).collect(),
            states: outcomes.iter().map(|outcome| outcome.state.as_str()).collect(),
            codes: outcomes.iter().map(|outcome| outcome.code.map(ErrorCode::as_str)).collect(),
            details: outcomes.iter().map(|outcome| outcome.detail.clone()).collect(),
            products: products.map_err(|error| StoreError::row("statuses", "products", &error))?,
            seen: outcomes.iter().map(|outcome| outcome.seen_equal).collect(),
            deferred: outcomes.iter().map(|outcome| outcome.deferred_until).collect(),
        })
    }
}

/// Stores the statuses of one attempt and returns those that are now another than before. Nothing that a higher
/// (run number, attempt) has said is touched.
pub async fn store_statuses(
    tx: &Transaction<'_>,
    source: &OutcomeSource,
    outcomes: &[CompanyOutcome],
    traceparent: Option<&str>,
    now: Timestamp,
) -> Result<Vec<StatusChange>, StoreError> {
    let columns = Columns::of(outcomes)?;
    let rows = tx
        .query(
            "with incoming as (
                select * from unnest($5::text[], $6::int[], $7::int[], $8::text[], $9::text[], $10::text[], $11::jsonb[],
                                     $12::boolean[], $13::timestamptz[])
                    as incoming (company_id, contract_id, account_id, state, code, detail, products, seen, deferred_until)
            ), before as (
                select company_id, contract_id, statuses.state, statuses.code
                from statuses join incoming using (company_id, contract_id)
                where partner_id = $1
                for update of statuses
            ), stored as (
                insert into statuses (partner_id, company_id, contract_id, account_id, state, code, detail, products,
                                      last_sync, last_change, deferred_until, run_id, run_number, attempt, traceparent,
                                      updated_at)
                select $1, company_id, contract_id, account_id, state, code, detail, products,
                       case when seen then $14::timestamptz end,
                       case when state in ('changed', 'sent') then $14::timestamptz end,
                       deferred_until, $2, $3, $4, $15, $14
                from incoming
                on conflict (partner_id, company_id, contract_id) do update set
                    account_id = excluded.account_id, state = excluded.state, code = excluded.code,
                    detail = excluded.detail, products = excluded.products,
                    last_sync = coalesce(excluded.last_sync, statuses.last_sync),
                    last_change = coalesce(excluded.last_change, statuses.last_change),
                    deferred_until = excluded.deferred_until, run_id = excluded.run_id,
                    run_number = excluded.run_number, attempt = excluded.attempt, traceparent = excluded.traceparent,
                    updated_at = excluded.updated_at
                where (statuses.run_number, statuses.attempt) <= (excluded.run_number, excluded.attempt)
                returning company_id, contract_id, state, code
            )
            select stored.company_id, stored.contract_id, stored.state, stored.code
            from stored left join before using (company_id, contract_id)
            where (before.state, coalesce(before.code, '')) is distinct from (stored.state, coalesce(stored.code, ''))
            order by 1, 2",
            &[
                &source.partner.as_str(),
                &source.run.0,
                &source.run_number,
                &source.attempt,
                &columns.companies,
                &columns.contracts,
                &columns.accounts,
                &columns.states,
                &columns.codes,
                &columns.details,
                &columns.products,
                &columns.seen,
                &columns.deferred,
                &now,
                &traceparent,
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(StatusChange {
                company: row.company_id("company_id")?,
                contract: contract_or_none(row.get("contract_id")?),
                state: row.named("state", CompanyState::parse)?,
                code: row.optional_code("code")?,
            })
        })
        .collect()
}

/// A company that was mapped, or mapped to another contract, leaves its old row behind; this removes those of the given
/// companies that no longer stand for any contract of theirs and that this run did not write.
pub async fn drop_stale_statuses(
    tx: &Transaction<'_>,
    source: &OutcomeSource,
    companies: &[String],
) -> Result<(), StoreError> {
    tx.execute(
        "delete from statuses
         where partner_id = $1 and company_id = any($2) and (run_number, attempt) < ($3, $4) and contract_id = 0
           and exists (select from company_mappings mapping
                       where mapping.partner_id = $1 and mapping.company_id = statuses.company_id)",
        &[&source.partner.as_str(), &companies, &source.run_number, &source.attempt],
    )
    .await?;
    Ok(())
}

/// Stores what the companies of an attempt came out as in their run.
pub async fn store_run_companies(
    tx: &Transaction<'_>,
    source: &OutcomeSource,
    outcomes: &[CompanyOutcome],
) -> Result<(), StoreError> {
    let columns = Columns::of(outcomes)?;
    tx.execute(
        "insert into run_companies (run_id, partner_id, company_id, contract_id, state, code, products, attempt)
         select $1, $2, company_id, contract_id, state, code, products, $3
         from unnest($4::text[], $5::int[], $6::text[], $7::text[], $8::jsonb[])
             as incoming (company_id, contract_id, state, code, products)
         on conflict (run_id, company_id, contract_id) do update set
             state = excluded.state, code = excluded.code, products = excluded.products, attempt = excluded.attempt
         where run_companies.attempt <= excluded.attempt",
        &[
            &source.run.0,
            &source.partner.as_str(),
            &source.attempt,
            &columns.companies,
            &columns.contracts,
            &columns.states,
            &columns.codes,
            &columns.products,
        ],
    )
    .await?;
    Ok(())
}

/// How many companies of a run came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunTotals {
    /// All that the run looked at.
    pub companies: u32,
    /// With a changed line and nothing worse.
    pub changed: u32,
    /// Found equal.
    pub unchanged: u32,
    /// Waiting for a person.
    pub held: u32,
    /// Not sent because of an error.
    pub failed: u32,
    /// Not mapped, not billed, off, or handed to a later run.
    pub skipped: u32,
}

/// Counts a run's companies and writes the totals on it.
pub async fn count_run(tx: &Transaction<'_>, partner: &PartnerId, run: RunId) -> Result<RunTotals, StoreError> {
    let row = tx
        .query_one(
            "update runs set (companies, changed, unchanged, held, failed, skipped) = (
                 select count(*)::int,
                        (count(*) filter (where state in ('changed', 'sent')))::int,
                        (count(*) filter (where state = 'unchanged'))::int,
                        (count(*) filter (where state = 'held'))::int,
                        (count(*) filter (where state = 'not_sent'))::int,
                        (count(*) filter (where state not in ('changed', 'sent', 'unchanged', 'held', 'not_sent')))::int
                 from run_companies where run_companies.run_id = $2 and run_companies.partner_id = $1)
             where partner_id = $1 and run_id = $2
             returning companies, changed, unchanged, held, failed, skipped",
            &[&partner.as_str(), &run.0],
        )
        .await?;
    let number = |column: &str| -> Result<u32, StoreError> {
        let value: i32 = row.get(column)?;
        u32::try_from(value).map_err(|error| StoreError::row("runs", "totals", &error))
    };
    Ok(RunTotals {
        companies: number("companies")?,
        changed: number("changed")?,
        unchanged: number("unchanged")?,
        held: number("held")?,
        failed: number("failed")?,
        skipped: number("skipped")?,
    })
}

/// Contract 0 stands for a company without one.
fn contract_or_none(contract: i32) -> Option<ContractId> {
    (contract != 0).then_some(ContractId(contract))
}
