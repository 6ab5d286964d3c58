//! Partners of this installation that reach one tenant of one Kaseya (G-13).

use std::collections::BTreeSet;

use domain::{ContractId, KaseyaAddress, PartnerId, ServiceId};

use crate::{Row, StoreError, Transaction};

/// The other partners whose integrations reach this tenant.
pub async fn others(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    address: &KaseyaAddress,
) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: only whether others are there, or write a line, is told of them
               select partner_id, host, v2_base, v1_base, tenant from integrations where partner_id <> $1";
    let rows = tx.query(sql, &[&partner.as_str()]).await?;
    let mut others = Vec::new();
    for row in &rows {
        if address.is_same_kaseya(&address_of(row)?) {
            others.push(row.partner_id("partner_id")?);
        }
    }
    Ok(others)
}

fn address_of(row: &Row) -> Result<KaseyaAddress, StoreError> {
    let (host, tenant): (String, String) = (row.get("host")?, row.get("tenant")?);
    let (v2_base, v1_base): (Option<String>, Option<String>) = (row.get("v2_base")?, row.get("v1_base")?);
    Ok(KaseyaAddress::new(&host, v2_base.as_deref(), v1_base.as_deref(), &tenant))
}

/// Those of these targets whose line another partner writes: it has mapped it, and has written it, or found it to hold its
/// number, before this partner did. Until the end of the transaction no other partner of the same tenant is answered.
pub async fn written_by_others(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    targets: &[(ContractId, ServiceId)],
) -> Result<BTreeSet<(ContractId, ServiceId)>, StoreError> {
    let sql = "select host, v2_base, v1_base, tenant from integrations where partner_id = $1";
    let Some(ours) = tx.query_opt(sql, &[&partner.as_str()]).await? else { return Ok(BTreeSet::new()) };
    let others = others(tx, partner, &address_of(&ours)?).await?;
    if others.is_empty() || targets.is_empty() {
        return Ok(BTreeSet::new());
    }
    let tenant: String = ours.get("tenant")?;
    tx.query("select pg_advisory_xact_lock(hashtext('tenant ' || lower(btrim($1))))", &[&tenant]).await?;
    let others: Vec<&str> = others.iter().map(PartnerId::as_str).collect();
    let contracts: Vec<i32> = targets.iter().map(|(contract, _)| contract.0).collect();
    let services: Vec<i32> = targets.iter().map(|(_, service)| service.0).collect();
    let rows = tx
        .query(
            "select distinct asked.contract_id, asked.service_id
             from unnest($3::int[], $4::int[]) as asked (contract_id, service_id)
                  join targets theirs using (contract_id, service_id)
                  left join targets ours on ours.partner_id = $1 and ours.contract_id = asked.contract_id
                                            and ours.service_id = asked.service_id
             where theirs.partner_id = any($2) and theirs.claimed_at is not null
               and (ours.claimed_at is null
                    or (theirs.claimed_at, theirs.partner_id) < (ours.claimed_at, $1))
               and exists (select from mapped_targets mapped
                           where mapped.partner_id = theirs.partner_id and mapped.contract_id = asked.contract_id
                             and mapped.service_id = asked.service_id)",
            &[&partner.as_str(), &others, &contracts, &services],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?))))
        .collect()
}

/// Gives up the lines that nothing is mapped to any more: mapped again, another partner may have them by then.
pub async fn give_up_unmapped(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute(
        "update targets set claimed_at = null
         where partner_id = $1 and claimed_at is not null
           and not exists (select from mapped_targets mapped
                           where mapped.partner_id = $1 and mapped.contract_id = targets.contract_id
                             and mapped.service_id = targets.service_id)",
        &[&partner.as_str()],
    )
    .await
    .map(drop)
}
