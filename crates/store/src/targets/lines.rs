//! Contract lines as Kaseya last showed them.

use std::collections::BTreeSet;

use domain::{ContractId, LineId, PartnerId, SeenLine};
use jiff::{Timestamp, civil::Date};

use crate::{StoreError, Transaction};

/// Stores lines as last seen; an older view never replaces a newer one. A line that a newer reading of its contract
/// did not find stays deleted, and a total says nothing about a line that no reading found.
pub async fn store_lines(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    lines: &[SeenLine],
) -> Result<(), StoreError> {
    let (implied, lines): (Vec<&SeenLine>, Vec<&SeenLine>) = lines.iter().partition(|line| line.is_implied);
    store_implied(tx, partner, &implied).await?;
    let contracts: Vec<i32> = lines.iter().map(|line| line.contract.0).collect();
    let ids: Vec<i32> = lines.iter().map(|line| line.line.0).collect();
    let services: Vec<i32> = lines.iter().map(|line| line.service.0).collect();
    let units: Vec<f64> = lines.iter().map(|line| line.units).collect();
    let prices: Vec<Option<f64>> = lines.iter().map(|line| line.unit_price).collect();
    let effective: Vec<Option<Date>> = lines.iter().map(|line| line.effective_date).collect();
    let seen: Vec<Timestamp> = lines.iter().map(|line| line.seen_at).collect();
    tx.execute(
        "insert into lines (partner_id, contract_id, line_id, service_id, units, unit_price, effective_date, seen_at,
                            run_number, charged_price)
         select distinct on (contract_id, line_id) $1, contract_id, line_id, service_id, units, unit_price,
                effective_date, seen_at, $2, case when unit_price > 0 then unit_price end
         from unnest($3::int[], $4::int[], $5::int[], $6::float8[], $7::float8[], $8::date[], $9::timestamptz[])
             as seen (contract_id, line_id, service_id, units, unit_price, effective_date, seen_at)
         where not exists (select from contracts
                           where contracts.partner_id = $1 and contracts.contract_id = seen.contract_id
                             and contracts.read_at > seen.seen_at)
         order by contract_id, line_id, seen_at desc
         on conflict (partner_id, contract_id, line_id) do update set
             service_id = excluded.service_id, units = excluded.units, unit_price = excluded.unit_price,
             effective_date = excluded.effective_date, seen_at = excluded.seen_at, run_number = excluded.run_number,
             charged_price = coalesce(excluded.charged_price, lines.charged_price)
         where lines.seen_at < excluded.seen_at",
        &[&partner.as_str(), &run_number, &contracts, &ids, &services, &units, &prices, &effective, &seen],
    )
    .await?;
    Ok(())
}

/// Those of these contracts, given with the lines read on them, that have line ids known on another contract since
/// `since`. What is known of the `read` contracts does not count, because the new readings replace it.
pub async fn known_elsewhere(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    shown: &[(ContractId, LineId)],
    read: &[ContractId],
    since: Timestamp,
) -> Result<BTreeSet<ContractId>, StoreError> {
    let contracts: Vec<i32> = shown.iter().map(|(contract, _)| contract.0).collect();
    let ids: Vec<i32> = shown.iter().map(|(_, line)| line.0).collect();
    let read: Vec<i32> = read.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            "select distinct shown.contract_id
             from unnest($2::int[], $3::int[]) as shown (contract_id, line_id)
                  join lines on lines.partner_id = $1 and lines.line_id = shown.line_id
                                and lines.contract_id <> shown.contract_id
             where lines.contract_id <> all($4) and lines.seen_at > $5",
            &[&partner.as_str(), &contracts, &ids, &read, &since],
        )
        .await?;
    rows.iter().map(|row| Ok(ContractId(row.get("contract_id")?))).collect()
}

/// Keeps the instant of the reading, because a total shows no single line.
async fn store_implied(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    lines: &[&SeenLine],
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let contracts: Vec<i32> = lines.iter().map(|line| line.contract.0).collect();
    let ids: Vec<i32> = lines.iter().map(|line| line.line.0).collect();
    let units: Vec<f64> = lines.iter().map(|line| line.units).collect();
    let effective: Vec<Option<Date>> = lines.iter().map(|line| line.effective_date).collect();
    let seen: Vec<Timestamp> = lines.iter().map(|line| line.seen_at).collect();
    tx.execute(
        "update lines set units = implied.units, effective_date = implied.effective_date
         from unnest($2::int[], $3::int[], $4::float8[], $5::date[], $6::timestamptz[])
             as implied (contract_id, line_id, units, effective_date, seen_at)
         where partner_id = $1 and lines.contract_id = implied.contract_id and lines.line_id = implied.line_id
           and lines.seen_at < implied.seen_at",
        &[&partner.as_str(), &contracts, &ids, &units, &effective, &seen],
    )
    .await
    .map(drop)
}
