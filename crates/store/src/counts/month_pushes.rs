//! The progress of a frozen month's push (G-09).

use std::collections::BTreeMap;

use domain::{CompanyId, CompanyState, ContractId, Month, Outcome, PartnerId, ProductOutcome, ServiceId};
use jiff::Timestamp;

use crate::{StoreError, Transaction, statuses::outcomes::products};

/// A company on a contract; `None` for one without a contract.
pub type CompanyOnContract = (CompanyId, Option<ContractId>);

/// Whether the partner has an open run that may still produce outcomes.
pub async fn is_running(tx: &Transaction<'_>, partner: &PartnerId) -> Result<bool, StoreError> {
    let sql = "select exists (select from runs where partner_id = $1 and state = 'running' and mode = 'apply'
                                and trigger <> 'probe') as running";
    tx.query_one(sql, &[&partner.as_str()]).await?.get("running")
}

/// What the outcome of a company on a contract says of a product on a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledUnits {
    /// The units billed for the company.
    pub billed: Option<u32>,
    /// The units that the whole line was seen to have, with those of the other companies on it. Absent if the outcome
    /// is not green.
    pub line: Option<u32>,
}

/// The products of a company on a contract by its outcome.
pub type Settled = BTreeMap<(String, ServiceId), SettledUnits>;

/// The companies with a lasting outcome of a run, each on its contracts, with what was billed at that time. The run
/// must have begun after the month was frozen and after the company's newest number in it was stored.
pub async fn settled(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<BTreeMap<CompanyOnContract, Settled>, StoreError> {
    let sql = "select statuses.company_id, contract_id, statuses.state, statuses.code, products
               from statuses join runs using (run_id)
                    join month_ends on month_ends.partner_id = $1 and month_ends.month = $2
                    left join (select company_id, max(recorded_at) as recorded_at from frozen_counts
                               where partner_id = $1 and month = $2 group by company_id) as numbers
                              on numbers.company_id = statuses.company_id
               where statuses.partner_id = $1 and runs.created_at >= greatest(frozen_at, recorded_at)";
    let mut settled = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str(), &month.first_day()]).await? {
        let whole =
            Outcome { state: row.named("state", CompanyState::parse)?, code: row.optional_code("code")? };
        // A product that may still get through is not hidden by another that will not.
        let products = products(&row)?;
        if whole.lasts() && products.iter().all(product_lasts) {
            let contract = Some(row.get::<i32>("contract_id")?).filter(|contract| *contract != 0);
            let units = products.into_iter().filter_map(|product| {
                let units =
                    SettledUnits { billed: product.billed, line: product.to.filter(|_| is_green(&product)) };
                Some(((product.product, ServiceId(product.service?)), units))
            });
            settled.insert((row.company_id("company_id")?, contract.map(ContractId)), units.collect());
        }
    }
    Ok(settled)
}

fn is_green(product: &ProductOutcome) -> bool {
    CompanyState::parse(&product.state).is_some_and(CompanyState::is_green)
}

fn product_lasts(product: &ProductOutcome) -> bool {
    let code = product.code.as_deref().and_then(|code| code.parse().ok());
    CompanyState::parse(&product.state).is_some_and(|state| Outcome { state, code }.lasts())
}

/// Records that the need for another push of a month was checked now.
pub async fn note_checked(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update month_ends set push_checked_at = $3 where partner_id = $1 and month = $2";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &month.first_day(), &now]).await
}
