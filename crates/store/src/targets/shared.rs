//! Partners of this installation that use the same tenant of the same Kaseya (G-13).

use std::collections::BTreeSet;

use domain::{ContractId, KaseyaAddress, LineId, PartnerId, ServiceId, UNSURE_FOR};
use jiff::{Timestamp, civil::Date};

use crate::{StoreError, Transaction, kaseya::places::address_of};

/// The other partners with an integration for this tenant.
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

/// The other partners of a partner's tenant. No request of theirs is answered until the transaction ends.
pub async fn beside(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "select host, v2_base, v1_base, tenant from integrations where partner_id = $1";
    let Some(ours) = tx.query_opt(sql, &[&partner.as_str()]).await? else { return Ok(Vec::new()) };
    let others = others(tx, partner, &address_of(&ours)?).await?;
    if !others.is_empty() {
        let tenant: String = ours.get("tenant")?;
        tx.query("select pg_advisory_xact_lock(hashtext('tenant ' || plain_name($1)))", &[&tenant]).await?;
    }
    Ok(others)
}

/// Those of these targets that have a line written by one of the others: the other has mapped it, and has written it
/// or found its number on it before this partner did.
pub async fn written_by_others(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    others: &[PartnerId],
    targets: &[(ContractId, ServiceId)],
) -> Result<BTreeSet<(ContractId, ServiceId)>, StoreError> {
    if others.is_empty() || targets.is_empty() {
        return Ok(BTreeSet::new());
    }
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

/// A change of a line that was sent and that no reading has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingChange {
    /// Whether another partner sent it.
    pub of_other: bool,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// Kaseya's line.
    pub line: LineId,
    /// The units sent.
    pub to_units: u32,
    /// The first day with the new units.
    pub effective_date: Date,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// When it can no longer land; `None` if Kaseya accepted it.
    pub lands_until: Option<Timestamp>,
}

/// Changes of lines of these contracts, by this partner and the others of its tenant, that Kaseya may show only from
/// a day not before `since`, or that may still land. A total may already include a change that the line does not
/// show yet.
pub async fn waiting_changes(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    others: &[PartnerId],
    contracts: &[ContractId],
    (since, now): (Date, Timestamp),
) -> Result<Vec<WaitingChange>, StoreError> {
    let partners: Vec<&str> = others.iter().chain([partner]).map(PartnerId::as_str).collect();
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let too_old = now - UNSURE_FOR;
    let rows = tx
        .query(
            "select distinct on (partner_id, contract_id, line_id)
                    partner_id <> $1 as of_other, contract_id, service_id, line_id, to_units, effective_date, granted_at,
                    case when result = 'unsure' then settled_at
                         when result in ('open', 'not_applied') then permit_until end as last_sign
             from intents
             where partner_id = any($2) and contract_id = any($3) and not forgotten
               and (effective_date >= $4 and (result = 'sent' or result = 'confirmed' and evidence = 'implied_by_total')
                    or result = 'unsure' and settled_at > $5
                    or result in ('open', 'not_applied') and permit_until > $5)
             order by partner_id, contract_id, line_id, granted_at desc",
            &[&partner.as_str(), &partners, &contracts, &since, &too_old],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let last_sign: Option<Timestamp> = row.get("last_sign")?;
            Ok(WaitingChange {
                of_other: row.get("of_other")?,
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                line: LineId(row.get("line_id")?),
                to_units: row.number("to_units")?,
                effective_date: row.get("effective_date")?,
                granted_at: row.get("granted_at")?,
                lands_until: last_sign.map(|sign| sign.checked_add(UNSURE_FOR).unwrap_or(Timestamp::MAX)),
            })
        })
        .collect()
}

/// Gives up the lines that nothing is mapped to any more. When they are mapped again, they may be another partner's.
pub async fn give_up_unmapped(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute("select give_up_unmapped_targets($1)", &[&partner.as_str()]).await.map(drop)
}
