//! How far the push of a frozen month has come (G-09).

use std::collections::BTreeSet;

use domain::{CompanyId, CompanyState, ContractId, Month, Outcome, PartnerId};
use jiff::Timestamp;

use crate::{StoreError, Transaction, outcomes::ProductRow, status_reading::products};

/// A company on a contract; `None` for one without a contract.
pub type CompanyOnContract = (CompanyId, Option<ContractId>);

/// Whether a run of the partner is going on that may still bring outcomes.
pub async fn is_running(tx: &Transaction<'_>, partner: &PartnerId) -> Result<bool, StoreError> {
    let sql = "select exists (select from runs where partner_id = $1 and state = 'running' and mode = 'apply'
                                and trigger <> 'probe') as running";
    tx.query_one(sql, &[&partner.as_str()]).await?.get("running")
}

/// The companies that came out of a run with an outcome that lasts, each on its contracts. The run must have begun when the
/// month was frozen and the company's newest number in it was there.
pub async fn settled(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<BTreeSet<CompanyOnContract>, StoreError> {
    let sql = "select statuses.company_id, contract_id, statuses.state, statuses.code, products
               from statuses join runs using (run_id)
                    join month_ends on month_ends.partner_id = $1 and month_ends.month = $2
                    left join (select company_id, max(recorded_at) as recorded_at from frozen_counts
                               where partner_id = $1 and month = $2 group by company_id) as numbers
                              on numbers.company_id = statuses.company_id
               where statuses.partner_id = $1 and runs.created_at >= greatest(frozen_at, recorded_at)";
    let mut settled = BTreeSet::new();
    for row in tx.query(sql, &[&partner.as_str(), &month.first_day()]).await? {
        let whole =
            Outcome { state: row.named("state", CompanyState::parse)?, code: row.optional_code("code")? };
        // A product that may still come through is not hidden by another that will not.
        if whole.lasts() && products(&row)?.iter().all(product_lasts) {
            let contract = Some(row.get::<i32>("contract_id")?).filter(|contract| *contract != 0);
            settled.insert((row.company_id("company_id")?, contract.map(ContractId)));
        }
    }
    Ok(settled)
}

fn product_lasts(product: &ProductRow) -> bool {
    let code = product.code.as_deref().and_then(|code| code.parse().ok());
    CompanyState::parse(&product.state).is_some_and(|state| Outcome { state, code }.lasts())
}

/// Notes that it was looked now whether a month needs another push.
pub async fn note_checked(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update month_ends set push_checked_at = $3 where partner_id = $1 and month = $2";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &month.first_day(), &now]).await
}
