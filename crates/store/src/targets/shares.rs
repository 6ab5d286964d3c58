//! The companies with users in a line. A plan switch is recognised from them (B-07).

use std::collections::BTreeMap;

use domain::{ContractId, IntentId, PairId, PartnerId, ServiceId, Share, TargetShares};

use crate::{StoreError, Transaction};

/// The shares of the targets of these contracts, including targets that nothing is mapped to any more.
pub async fn target_shares(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<BTreeMap<(ContractId, ServiceId), TargetShares>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let sql = "select contract_id, service_id, shares, shares_run_number from targets
               where partner_id = $1 and contract_id = any($2) and shares is not null";
    let rows = tx.query(sql, &[&partner.as_str(), &contracts]).await?;
    rows.iter()
        .map(|row| {
            let shares = serde_json::from_value(row.get("shares")?)
                .map_err(|error| StoreError::row("targets", "shares", &error))?;
            let target = (ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?));
            let run_number: i64 = row.get("shares_run_number")?;
            Ok((target, TargetShares { shares, run_number: run_number.unsigned_abs() }))
        })
        .collect()
}

/// Stores the shares in the numbers of targets; an older run's report never replaces a newer one's.
pub async fn remember_shares(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    targets: &BTreeMap<(ContractId, ServiceId), Vec<Share>>,
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = targets.keys().map(|(contract, _)| contract.0).collect();
    let services: Vec<i32> = targets.keys().map(|(_, service)| service.0).collect();
    let shares: Vec<serde_json::Value> = targets
        .values()
        .map(|shares| serde_json::to_value(shares).expect("texts and numbers are JSON"))
        .collect();
    tx.execute(
        "insert into targets (partner_id, contract_id, service_id, shares, shares_run_number)
         select $1, contract_id, service_id, shares, $2
         from unnest($3::int[], $4::int[], $5::jsonb[]) as said (contract_id, service_id, shares)
         on conflict (partner_id, contract_id, service_id) do update set
             shares = excluded.shares, shares_run_number = excluded.shares_run_number
         where targets.shares_run_number is null or targets.shares_run_number <= excluded.shares_run_number",
        &[&partner.as_str(), &run_number, &contracts, &services, &shares],
    )
    .await?;
    Ok(())
}

/// The targets of these contracts that are the rise of a plan switch with a begun fall, granted and not accepted:
/// the worker was stopped between the two. Only the newest change of a target counts.
pub async fn begun_pairs(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<BTreeMap<(ContractId, ServiceId), PairId>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let rows = tx
        .query(
            "select contract_id, service_id, pair_id
             from (select distinct on (contract_id, service_id) contract_id, service_id, pair_id, result, from_units, to_units
                   from intents where partner_id = $1 and contract_id = any($2) and not forgotten
                   order by contract_id, service_id, granted_at desc, intent_id desc) as newest
             where result not in ('sent', 'confirmed') and to_units > from_units
               and exists (select from intents fall
                           where fall.partner_id = $1 and fall.pair_id = newest.pair_id
                             and fall.to_units < fall.from_units
                             and fall.result in ('open', 'sent', 'confirmed', 'unsure'))",
            &[&partner.as_str(), &contracts],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let target = (ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?));
            Ok((target, PairId(row.get("pair_id")?)))
        })
        .collect()
}

/// Those of these plan switches with a fall that Kaseya may have accepted, not counting the changes requested now.
pub async fn half_done(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    pairs: &[PairId],
    asked: &[IntentId],
) -> Result<Vec<PairId>, StoreError> {
    // Nearly every permit passes none.
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let pairs: Vec<uuid::Uuid> = pairs.iter().map(|pair| pair.0).collect();
    let asked: Vec<uuid::Uuid> = asked.iter().map(|intent| intent.0).collect();
    let sql = "select distinct pair_id from intents
               where partner_id = $1 and pair_id = any($2) and to_units < from_units and not intent_id = any($3)
                 and result in ('open', 'sent', 'confirmed', 'unsure')";
    let rows = tx.query(sql, &[&partner.as_str(), &pairs, &asked]).await?;
    rows.iter().map(|row| Ok(PairId(row.get("pair_id")?))).collect()
}
