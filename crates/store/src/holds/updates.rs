//! Holds as runs update them: opened, changed, ended.

use domain::{Brake, ContractId, HeldChange, HoldId, PartnerId, ServiceId};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// Opens holds, or updates the current hold of the target: one per target. A decision applies to exactly these two
/// numbers, from and to, and ends with its month (G-12). A decision on a line that was set elsewhere applies to that
/// one question only. A leftover that a person left as it is stays so. Returns the holds to announce, with their
/// current ids: newly opened, open again, or with another change than was announced.
pub async fn store_holds(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    held: Vec<HeldChange>,
    now: Timestamp,
) -> Result<Vec<HeldChange>, StoreError> {
    let mut to_tell = Vec::new();
    for change in held {
        let of_another_change = tx
            .query_opt(
                "select hold_id from holds
                 where partner_id = $1 and contract_id = $2 and service_id = $3
                   and state in ('open', 'approved', 'dismissed')
                   and (to_units <> $4
                        or not (brake = $5 and state = 'dismissed')
                           and (from_units <> $6
                                or date_trunc('month', effective_date) <> date_trunc('month', $7::date)
                                or brake <> $8 and $8 = $9))
                 for update",
                &[
                    &partner.as_str(),
                    &change.contract.0,
                    &change.service.0,
                    &change.to_units,
                    &Brake::Leftover.as_str(),
                    &change.from_units,
                    &change.effective_date,
                    &change.brake.as_str(),
                    &Brake::SetElsewhere.as_str(),
                ],
            )
            .await?;
        let row = tx
            .query_opt(
                "insert into holds (hold_id, partner_id, contract_id, service_id, company_ids, brake, from_units, to_units,
                                    effective_date, state, opened_at, run_number, pair_id)
                 values ($2, $1, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11, $12)
                 on conflict (partner_id, contract_id, service_id) where state in ('open', 'approved', 'dismissed')
                 do update set
                     company_ids = excluded.company_ids, brake = excluded.brake, from_units = excluded.from_units,
                     to_units = excluded.to_units, effective_date = excluded.effective_date,
                     run_number = excluded.run_number, pair_id = excluded.pair_id,
                     from_changed = holds.from_changed or holds.from_units <> excluded.from_units,
                     to_changed = case when holds.state = 'open' then holds.to_changed or holds.to_units <> excluded.to_units
                                       when $13 then false
                                       else holds.to_changed end,
                     state = case when $13 then 'open' else holds.state end,
                     decided_at = case when $13 then null else holds.decided_at end,
                     decided_by = case when $13 then null else holds.decided_by end
                 where holds.run_number <= excluded.run_number
                 returning hold_id",
                &[
                    &partner.as_str(),
                    &change.new_hold.0,
                    &change.contract.0,
                    &change.service.0,
                    &change.companies,
                    &change.brake.as_str(),
                    &change.from_units,
                    &change.to_units,
                    &change.effective_date,
                    &now,
                    &run_number,
                    &change.pair.map(|pair| pair.0),
                    &of_another_change.is_some(),
                ],
            )
            .await?;
        // No row: a newer run has already decided on this target.
        let Some(row) = row else { continue };
        let hold = HoldId(row.get("hold_id")?);
        if hold == change.new_hold || of_another_change.is_some() {
            to_tell.push(HeldChange { new_hold: hold, ..change });
        }
    }
    reopen_other_halves(tx, partner).await?;
    Ok(to_tell)
}

/// An approval covers both halves of a plan switch: if one half waits for a person again, so does the other.
async fn reopen_other_halves(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute(
        "update holds set state = 'open', decided_at = null, decided_by = null
         where partner_id = $1 and state = 'approved' and pair_id is not null
           and exists (select from holds other
                       where other.partner_id = $1 and other.pair_id = holds.pair_id and other.state = 'open')",
        &[&partner.as_str()],
    )
    .await
    .map(drop)
}

/// Ends the current holds that the mappings have overtaken: of targets that are no longer mapped, and of leftovers
/// that something is mapped to again. No person can decide them any more.
pub async fn end_overtaken_holds(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute(
        "update holds set state = 'gone'
         where partner_id = $1 and state in ('open', 'approved', 'dismissed')
           and (brake = $2) = exists (select from mapped_targets mapped
                                      where mapped.partner_id = $1 and mapped.contract_id = holds.contract_id
                                        and mapped.service_id = holds.service_id)",
        &[&partner.as_str(), &Brake::Leftover.as_str()],
    )
    .await?;
    Ok(())
}

/// Ends the current holds of targets that this run found in order, except those of later final numbers (QTY-05),
/// which wait while the frozen number is in order. They end as `used` if the approved change was made, and as `gone`
/// if the numbers no longer need a person.
pub async fn end_holds(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    in_order: &[(ContractId, ServiceId)],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = in_order.iter().map(|(contract, _)| contract.0).collect();
    let services: Vec<i32> = in_order.iter().map(|(_, service)| service.0).collect();
    tx.execute(
        "update holds set state = case when state = 'approved' then 'used' else 'gone' end, run_number = $2
         from unnest($3::int[], $4::int[]) as target (contract_id, service_id)
         where holds.partner_id = $1 and holds.contract_id = target.contract_id
           and holds.service_id = target.service_id and state in ('open', 'approved', 'dismissed')
           and run_number <= $2 and not (brake = $5 and state = 'open')",
        &[&partner.as_str(), &run_number, &contracts, &services, &Brake::LaterFinal.as_str()],
    )
    .await?;
    Ok(())
}

/// Uses up the approvals to repeat a number that was set elsewhere, of targets that this run sent it to. If the line
/// is set elsewhere again, that is a new question.
pub async fn use_once(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    sent: &[(ContractId, ServiceId)],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = sent.iter().map(|(contract, _)| contract.0).collect();
    let services: Vec<i32> = sent.iter().map(|(_, service)| service.0).collect();
    tx.execute(
        "update holds set state = 'used', run_number = $2
         from unnest($3::int[], $4::int[]) as target (contract_id, service_id)
         where holds.partner_id = $1 and holds.contract_id = target.contract_id
           and holds.service_id = target.service_id and state = 'approved' and brake = $5 and run_number <= $2",
        &[&partner.as_str(), &run_number, &contracts, &services, &Brake::SetElsewhere.as_str()],
    )
    .await
    .map(drop)
}

/// Ends the holds of leftovers with a line that was seen to hold 0.
pub async fn end_settled_leftovers(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute(
        "update holds set state = case when state = 'approved' then 'used' else 'gone' end
         from targets
         where holds.partner_id = $1 and brake = $2 and state in ('open', 'approved')
           and targets.partner_id = $1 and targets.contract_id = holds.contract_id
           and targets.service_id = holds.service_id and targets.confirmed_units = 0
           and targets.confirmed_at >= holds.opened_at",
        &[&partner.as_str(), &Brake::Leftover.as_str()],
    )
    .await
    .map(drop)
}

/// Ends every current hold and decision: from now on another Kaseya is called.
pub(crate) async fn end_all(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    let sql = "update holds set state = 'gone' where partner_id = $1 and state in ('open', 'approved', 'dismissed')";
    tx.execute(sql, &[&partner.as_str()]).await.map(drop)
}
