//! Company outcomes in their run, and the run's totals.

use domain::{CompanyOutcome, OutcomeSource};

use super::Columns;
use crate::{StoreError, Transaction};

/// Stores the outcomes of an attempt's companies in their run.
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
