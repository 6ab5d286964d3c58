//! Company outcomes: their statuses, and their part in a run.

mod of_run;

use std::collections::BTreeMap;

use domain::{
    CompanyId, CompanyOutcome, CompanyState, ContractId, ErrorCode, Evidence, JobId, OutcomeSource,
    PartnerId, ProductOutcome,
};
use jiff::Timestamp;

use crate::{Row, StoreError, Transaction};

pub use of_run::store_run_companies;

/// A stored status that no newer one prevented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStatus {
    /// The company.
    pub company: CompanyId,
    /// Its contract; `None` if not mapped.
    pub contract: Option<ContractId>,
    /// The state.
    pub state: CompanyState,
    /// The code that explains the state; `None` if none is needed.
    pub code: Option<ErrorCode>,
    /// Whether state or code have changed.
    pub is_news: bool,
}

/// When Kaseya was seen to hold our number, if it was. Only a reading or an implying total counts (G-01).
fn synced_at(outcome: &CompanyOutcome) -> Option<Timestamp> {
    outcome.evidence.filter(|evidence| outcome.seen_equal && evidence.is_shown()).map(Evidence::at)
}

/// Outcomes as columns, for `unnest`.
struct Columns {
    companies: Vec<String>,
    contracts: Vec<i32>,
    accounts: Vec<Option<i32>>,
    states: Vec<&'static str>,
    codes: Vec<Option<&'static str>>,
    remarks: Vec<serde_json::Value>,
    kaseya_says: Vec<Option<String>>,
    products: Vec<serde_json::Value>,
    /// When Kaseya was seen to hold our number, if it was.
    synced: Vec<Option<Timestamp>>,
    evidence: Vec<Option<&'static str>>,
    evidence_at: Vec<Option<Timestamp>>,
    deferred: Vec<Option<Timestamp>>,
}

impl Columns {
    fn of(outcomes: &[CompanyOutcome]) -> Result<Self, StoreError> {
        let products: Result<_, _> =
            outcomes.iter().map(|outcome| serde_json::to_value(&outcome.products)).collect();
        let remarks: Result<_, _> =
            outcomes.iter().map(|outcome| serde_json::to_value(&outcome.remarks)).collect();
        Ok(Self {
            companies: outcomes.iter().map(|outcome| outcome.company.as_str().to_owned()).collect(),
            contracts: outcomes
                .iter()
                .map(|outcome| outcome.contract.map_or(0, |contract| contract.0))
                .collect(),
            accounts: outcomes.iter().map(|outcome| outcome.account.map(|account| account.0)).collect(),
            states: outcomes.iter().map(|outcome| outcome.state.as_str()).collect(),
            codes: outcomes.iter().map(|outcome| outcome.code.map(ErrorCode::as_str)).collect(),
            remarks: remarks.map_err(|error| StoreError::row("statuses", "remarks", &error))?,
            kaseya_says: outcomes.iter().map(|outcome| outcome.kaseya_says.clone()).collect(),
            products: products.map_err(|error| StoreError::row("statuses", "products", &error))?,
            synced: outcomes.iter().map(synced_at).collect(),
            evidence: outcomes.iter().map(|outcome| outcome.evidence.map(Evidence::kind)).collect(),
            evidence_at: outcomes.iter().map(|outcome| outcome.evidence.map(Evidence::at)).collect(),
            deferred: outcomes.iter().map(|outcome| outcome.deferred_until).collect(),
        })
    }
}

/// Stores the statuses of one attempt that ended at `at`, and returns those that are now current. A status of a
/// higher (run number, attempt) stays, except for the instants of the last sync and of the run's last change: those
/// are true whatever the source, and only go forward (S-39). A company edited during the attempt still waits for the
/// next sync, if its outcome is good.
pub async fn store_statuses(
    tx: &Transaction<'_>,
    source: &OutcomeSource,
    job: JobId,
    outcomes: &[CompanyOutcome],
    traceparent: Option<&str>,
    at: Timestamp,
) -> Result<Vec<StoredStatus>, StoreError> {
    let columns = Columns::of(outcomes)?;
    // A separate statement: together with the insert it would not see the rows that the insert has locked.
    let before = tx
        .query(
            "select company_id, contract_id, state, code from statuses
             where partner_id = $1 and (company_id, contract_id) in (select * from unnest($2::text[], $3::int[]))
             order by company_id, contract_id
             for update",
            &[&source.partner.as_str(), &columns.companies, &columns.contracts],
        )
        .await?;
    let before: BTreeMap<(String, i32), (String, Option<String>)> = before
        .iter()
        .map(|row| {
            Ok(((row.get("company_id")?, row.get("contract_id")?), (row.get("state")?, row.get("code")?)))
        })
        .collect::<Result<_, StoreError>>()?;
    let stored = tx
        .query(
            "insert into statuses (partner_id, company_id, contract_id, account_id, state, code, remarks, products,
                                   deferred_until, kaseya_says, run_id, run_number, attempt, traceparent, updated_at,
                                   evidence, evidence_at)
             select $1, company_id, contract_id, account_id, state, code, remarks, products, deferred_until, kaseya_says,
                    $2, $3, $4, $13, $14, evidence, evidence_at
             from unnest($5::text[], $6::int[], $7::int[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[],
                         $12::timestamptz[], $15::text[], $16::text[], $17::timestamptz[])
                 as incoming (company_id, contract_id, account_id, state, code, remarks, products, deferred_until, kaseya_says,
                              evidence, evidence_at)
             order by company_id, contract_id
             on conflict (partner_id, company_id, contract_id) do update set
                 account_id = excluded.account_id, code = excluded.code,
                 state = case when $18 = any(statuses.edited_during) and excluded.state in ('changed', 'unchanged', 'not_billed')
                              then 'deferred' else excluded.state end,
                 edited_during = case when $18 = any(statuses.edited_during) and excluded.state in ('changed', 'unchanged', 'not_billed')
                                      then statuses.edited_during end,
                 remarks = excluded.remarks, products = excluded.products, deferred_until = excluded.deferred_until,
                 kaseya_says = excluded.kaseya_says,
                 run_id = excluded.run_id, run_number = excluded.run_number, attempt = excluded.attempt,
                 traceparent = excluded.traceparent, updated_at = excluded.updated_at,
                 -- Where nothing was seen this time, what was is only remembered.
                 evidence = coalesce(excluded.evidence, case when statuses.evidence_at is not null then 'remembered' end),
                 evidence_at = coalesce(excluded.evidence_at, statuses.evidence_at)
             where (statuses.run_number, statuses.attempt) <= (excluded.run_number, excluded.attempt)
             returning company_id, contract_id, state, code",
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
                &columns.remarks,
                &columns.products,
                &columns.deferred,
                &traceparent,
                &at,
                &columns.kaseya_says,
                &columns.evidence,
                &columns.evidence_at,
                &format!("{job}/{}", source.attempt),
            ],
        )
        .await?;
    tx.execute(
        "update statuses set last_sync = greatest(last_sync, synced)
         from unnest($2::text[], $3::int[], $4::timestamptz[]) as told (company_id, contract_id, synced)
         where partner_id = $1 and statuses.company_id = told.company_id
           and statuses.contract_id = told.contract_id and synced is not null",
        &[&source.partner.as_str(), &columns.companies, &columns.contracts, &columns.synced],
    )
    .await?;
    tx.execute(
        "update statuses set last_change = made.at
         from (select contract_id, unnest(company_ids) as company_id, max(settled_at) as at
               from intents where partner_id = $1 and run_id = $2 and result in ('sent', 'confirmed')
               group by 1, 2) as made
         where partner_id = $1 and statuses.company_id = made.company_id and statuses.contract_id = made.contract_id
           and (last_change is null or last_change < made.at)",
        &[&source.partner.as_str(), &source.run.0],
    )
    .await?;
    stored
        .iter()
        .map(|row| {
            let place: (String, i32) = (row.get("company_id")?, row.get("contract_id")?);
            let (state, code): (String, Option<String>) = (row.get("state")?, row.get("code")?);
            let is_news = before.get(&place) != Some(&(state, code));
            Ok(StoredStatus {
                company: row.company_id("company_id")?,
                contract: row.contract_or_none("contract_id")?,
                state: row.named("state", CompanyState::parse)?,
                code: row.optional_code("code")?,
                is_news,
            })
        })
        .collect()
}

/// A company leaves its old row behind when it is mapped, unmapped or mapped elsewhere, or when all its products
/// move to contracts of their own. This removes rows of the given companies for contracts on which they have no
/// status any more, once there is a contract on which they do: no run would ever update those rows again.
pub async fn drop_stale_statuses(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    companies: &[String],
) -> Result<(), StoreError> {
    tx.execute(
        "with told as (
             -- What has a service, is not billed, or is listed without a service.
             select company_id, coalesce(own.contract_id, mapping.contract_id) as contract_id
             from company_mappings mapping join products using (partner_id)
                  left join company_product_contracts own using (partner_id, company_id, product_id)
             where partner_id = $1 and company_id = any($2)
               and (exists (select from product_mappings served
                            where served.partner_id = $1 and served.product_id = products.product_id)
                    or exists (select from billing_rules rule
                               where rule.partner_id = $1 and rule.company_id = mapping.company_id
                                 and rule.product_id = products.product_id and not_billed)
                    or exists (select from newest_reports newest
                                    join user_counts using (partner_id, report_id, company_id)
                               where newest.partner_id = $1 and newest.company_id = mapping.company_id
                                 and user_counts.product_id = products.product_id
                                 and user_counts.users is distinct from 0))
         ),
         present as (
             select company_id, contract_id from told
             union
             select company_id, contract_id from company_mappings mapping
             where partner_id = $1 and company_id = any($2)
               and not exists (select from told where told.company_id = mapping.company_id)
             union
             select company_id, 0 from unnest($2::text[]) as company (company_id)
             where not exists (select from company_mappings mapping
                               where mapping.partner_id = $1 and mapping.company_id = company.company_id)
         )
         delete from statuses
         where partner_id = $1 and company_id = any($2)
           and (company_id, contract_id) not in (select company_id, contract_id from present)
           and exists (select from present join statuses standing using (company_id, contract_id)
                       where standing.partner_id = $1 and standing.company_id = statuses.company_id)",
        &[&partner.as_str(), &companies],
    )
    .await?;
    Ok(())
}

pub(crate) fn products(row: &Row) -> Result<Vec<ProductOutcome>, StoreError> {
    serde_json::from_value(row.get("products")?)
        .map_err(|error| StoreError::row("statuses", "products", &error))
}

/// Deletes all of the partner's statuses: from now on another Kaseya is called.
pub(crate) async fn forget(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    let sql = "delete from statuses where partner_id = $1";
    tx.execute(sql, &[&partner.as_str()]).await.map(drop)
}
