//! Companies that are remapped while their run is open: the run follows them.

use domain::{ContractId, JobId, PartnerId, RunId};

use crate::{StoreError, Transaction};

/// Records which companies are mapped to the contracts of a run's jobs, so that a remapping can be detected.
pub async fn note_mappings(tx: &Transaction<'_>, partner: &PartnerId, run: RunId) -> Result<(), StoreError> {
    tx.execute(
        "insert into run_mappings (run_id, partner_id, contract_id, company_id)
         select $2, $1, contract_id, company_id
         from (select contract_id, company_id from company_mappings where partner_id = $1
               union
               select contract_id, company_id from company_product_contracts where partner_id = $1) as mapped
         where contract_id in (select unnest(contract_ids) from jobs where partner_id = $1 and run_id = $2)
         on conflict do nothing",
        &[&partner.as_str(), &run.0],
    )
    .await?;
    Ok(())
}

/// Adds to a job that the caller has locked the new contracts of companies that are no longer mapped to one of the
/// job's contracts. Leaves out contracts that an open job of the run has, and those where the run has already
/// processed the company. Returns the added contracts.
pub async fn follow_remapped(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
    job: JobId,
) -> Result<Vec<ContractId>, StoreError> {
    let rows = tx
        .query(
            // Mappings are looked up one by one: of a partner's thousands, hardly any has changed. Joining both
            // lists takes many times the statement timeout while the planner has no statistics yet.
            "with gone as materialized (
                 select distinct run_mappings.company_id
                 from jobs join run_mappings using (run_id)
                 where jobs.partner_id = $1 and jobs.job_id = $3 and run_mappings.partner_id = $1
                   and run_mappings.contract_id = any(jobs.contract_ids)
                   and not exists (select from company_mappings as mapped
                                   where mapped.partner_id = $1 and mapped.company_id = run_mappings.company_id
                                     and mapped.contract_id = run_mappings.contract_id)
                   and not exists (select from company_product_contracts as own
                                   where own.partner_id = $1 and own.company_id = run_mappings.company_id
                                     and own.contract_id = run_mappings.contract_id)
             ), mapped as (
                 select contract_id, company_id from company_mappings join gone using (company_id)
                 where partner_id = $1
                 union
                 select contract_id, company_id from company_product_contracts join gone using (company_id)
                 where partner_id = $1
             )
             select distinct mapped.contract_id
             from mapped
             where not exists (select from jobs where partner_id = $1 and run_id = $2 and state <> 'done'
                               and mapped.contract_id = any(contract_ids))
               and not exists (select from run_companies
                               where partner_id = $1 and run_id = $2 and company_id = mapped.company_id
                                 and contract_id = mapped.contract_id)
             order by mapped.contract_id",
            &[&partner.as_str(), &run.0, &job.0],
        )
        .await?;
    let added: Vec<i32> = rows.iter().map(|row| row.get("contract_id")).collect::<Result<_, _>>()?;
    if !added.is_empty() {
        tx.execute(
            "update jobs set contract_ids = contract_ids || $3::int[] where partner_id = $1 and job_id = $2",
            &[&partner.as_str(), &job.0, &added],
        )
        .await?;
        note_mappings(tx, partner, run).await?;
    }
    Ok(added.into_iter().map(ContractId).collect())
}
