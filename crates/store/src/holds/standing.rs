//! Holds as runs find them: opened, brought up to date, gone.

use domain::{Brake, ContractId, HeldChange, HoldId, PartnerId, ServiceId};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// Opens holds, or brings the standing one of the target up to date: one per target. A decision is about this from and this
/// to, and ends with its month (G-12); about a line that is set elsewhere it is taken for that question alone. A leftover that
/// a person left as it is stays so. Returns those that a person is to be told of, under the identifiers that they stand
/// under: newly opened, open again, or another change than a person was told of.
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
        // No row: a newer run has already spoken for this target.
        let Some(row) = row else { continue };
        let hold = HoldId(row.get("hold_id")?);
        if hold == change.new_hold || of_another_change.is_some() {
            to_tell.push(HeldChange { new_hold: hold, ..change });
        }
    }
    reopen_other_halves(tx, partner).await?;
    Ok(to_tell)
}

/// An approval is about both halves of a plan switch: where one half waits for a person again, the other does too.
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

/// Ends the standing holds that the mappings have overtaken: of targets that are mapped no more, and of leftovers that
/// something is mapped to again. Nobody can be asked about them.
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

/// Ends the standing holds of targets that this run found in order, but for those of later final numbers (QTY-05), which wait
/// while the frozen one is in order: `used` when the approved change was made, `gone` when
/// the numbers no longer need a person.
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

/// Uses up the approvals to send once more what was set elsewhere, of targets that were sent it in this run: what becomes of
/// it, another time is another question.
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

/// Ends the holds of leftovers whose line was seen to hold 0.
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

/// Ends every hold and decision that stands: another Kaseya is called from now on.
pub(crate) async fn end_all(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    let sql = "update holds set state = 'gone' where partner_id = $1 and state in ('open', 'approved', 'dismissed')";
    tx.execute(sql, &[&partner.as_str()]).await.map(drop)
}
