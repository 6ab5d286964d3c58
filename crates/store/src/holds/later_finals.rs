//! Holds of later final numbers of a frozen month (QTY-05).

use domain::{Brake, ContractId, HeldChange, HoldId, PartnerId, ServiceId};

use crate::{StoreError, Transaction};

/// Ends the current holds of later final numbers except those of these targets: their corrections are gone, or their
/// month's window is over.
pub async fn end_later_finals(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    but: &[(ContractId, ServiceId)],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = but.iter().map(|(contract, _)| contract.0).collect();
    let services: Vec<i32> = but.iter().map(|(_, service)| service.0).collect();
    let sql = "update holds set state = 'gone'
               where partner_id = $1 and brake = $2 and state = 'open'
                 and (contract_id, service_id) not in (select * from unnest($3::int[], $4::int[]))";
    let brake = Brake::LaterFinal.as_str();
    tx.execute(sql, &[&partner.as_str(), &brake, &contracts, &services]).await.map(drop)
}

/// Targets with another current hold: a person decides that one first.
pub async fn held_otherwise(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Vec<(ContractId, ServiceId)>, StoreError> {
    let sql = "select contract_id, service_id from holds
               where partner_id = $1 and brake <> $2 and state in ('open', 'approved', 'dismissed')";
    let rows = tx.query(sql, &[&partner.as_str(), &Brake::LaterFinal.as_str()]).await?;
    rows.iter()
        .map(|row| Ok((ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?))))
        .collect()
}

/// The open holds of later final numbers.
pub async fn open_later_finals(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Vec<HeldChange>, StoreError> {
    let sql = "select hold_id, contract_id, service_id, company_ids, from_units, to_units, effective_date
               from holds where partner_id = $1 and brake = $2 and state = 'open'";
    let rows = tx.query(sql, &[&partner.as_str(), &Brake::LaterFinal.as_str()]).await?;
    rows.iter()
        .map(|row| {
            Ok(HeldChange {
                new_hold: HoldId(row.get("hold_id")?),
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                companies: row.get("company_ids")?,
                brake: Brake::LaterFinal,
                from_units: row.get("from_units")?,
                to_units: row.get("to_units")?,
                effective_date: row.get("effective_date")?,
                pair: None,
            })
        })
        .collect()
}
