//! The ledger's memory of our changes of targets.

use std::collections::BTreeMap;

use domain::{ContractId, PartnerId, Pending, Remembered, ServiceId, Undated};
use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::{StoreError, Transaction};

/// How long after its permit an unanswered write may still land. Kaseya promises no limit: a line is left alone for
/// ten minutes, and for this long a later landing is told apart from an edit.
const LANDS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// The memory of these targets, each given with its wanted units; `today` is the partner's day. A target that was
/// never written and never seen to hold our number is left out. A repeated write is remembered for that number only.
pub async fn remembered(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    wanted: &BTreeMap<(ContractId, ServiceId), Option<u32>>,
    today: Date,
) -> Result<BTreeMap<(ContractId, ServiceId), Remembered>, StoreError> {
    let contracts: Vec<i32> = wanted.keys().map(|(contract, _)| contract.0).collect();
    let services: Vec<i32> = wanted.keys().map(|(_, service)| service.0).collect();
    let units: Vec<Option<i64>> = wanted.values().map(|units| units.map(i64::from)).collect();
    // A reading of our number after the newest change ends that change, whatever its result.
    let rows = tx
        .query(
            "select contract_id, service_id, confirmed_units, rewritten.rewritten_for, newest.from_units, newest.to_units,
                    newest.effective_date, unanswered.to_units as unanswered_units,
                    coalesce(newest.result <> 'confirmed' and (targets.confirmed_at is null
                                                               or newest.granted_at > targets.confirmed_at), false) as is_pending,
                    newest.effective_date_read is distinct from newest.effective_date as is_undated
             from unnest($2::int[], $4::int[], $5::bigint[]) as asked (contract_id, service_id, wanted)
                  join targets using (contract_id, service_id)
                  left join lateral (
                      select from_units, to_units, effective_date, effective_date_read, result, granted_at from intents
                      where partner_id = $1 and contract_id = targets.contract_id and service_id = targets.service_id
                        and taken_at is not null and not forgotten
                      order by granted_at desc limit 1) as newest
                  on true
                  left join lateral (
                      select max(effective_date) as rewritten_for from intents
                      where partner_id = $1 and contract_id = targets.contract_id and service_id = targets.service_id
                        and taken_at is not null and rewrite and not forgotten and to_units = asked.wanted) as rewritten
                  on true
                  left join lateral (
                      select to_units from intents
                      where partner_id = $1 and contract_id = targets.contract_id and service_id = targets.service_id
                        and result in ('open', 'unsure', 'not_applied') and not forgotten
                        and (targets.confirmed_at is null or permit_until > targets.confirmed_at - make_interval(secs => $3))
                      order by granted_at desc limit 1) as unanswered
                  on true
             where targets.partner_id = $1",
            &[&partner.as_str(), &contracts, &LANDS_WITHIN.as_secs_f64(), &services, &units],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let pending = match row.get("is_pending")? {
                true => {
                    let effective_date = row.get("effective_date")?;
                    Some(Pending {
                        from: row.get("from_units")?,
                        to: row.number("to_units")?,
                        effective_date,
                        due: effective_date <= today,
                    })
                }
                false => None,
            };
            let last_confirmed = match row.get::<Option<i32>>("confirmed_units")? {
                Some(_) => Some(row.number("confirmed_units")?),
                None => None,
            };
            let target = (ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?));
            let unanswered = match row.get::<Option<i32>>("unanswered_units")? {
                Some(_) => Some(row.number("unanswered_units")?),
                None => None,
            };
            let undated = match row.get("is_undated")? {
                true => Some(Undated {
                    units: row.number("to_units")?,
                    effective_date: row.get("effective_date")?,
                }),
                false => None,
            };
            let rewritten_for = row.get("rewritten_for")?;
            Ok((target, Remembered { pending, last_confirmed, rewritten_for, unanswered, undated }))
        })
        .collect()
}

/// A target with a line that was read and held the wanted number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenEqual {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The units on the line.
    pub units: i32,
    /// When the line was read.
    pub seen_at: Timestamp,
}

/// Stores lines that held our number without a change. An older reading never replaces a newer one.
pub async fn remember_equal(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    seen: &[SeenEqual],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = seen.iter().map(|seen| seen.contract.0).collect();
    let services: Vec<i32> = seen.iter().map(|seen| seen.service.0).collect();
    let units: Vec<i32> = seen.iter().map(|seen| seen.units).collect();
    let times: Vec<Timestamp> = seen.iter().map(|seen| seen.seen_at).collect();
    tx.execute(
        "insert into targets (partner_id, contract_id, service_id, confirmed_units, confirmed_at, claimed_at)
         select $1, contract_id, service_id, units, seen_at, seen_at
         from unnest($2::int[], $3::int[], $4::int[], $5::timestamptz[]) as seen (contract_id, service_id, units, seen_at)
         on conflict (partner_id, contract_id, service_id) do update set
             confirmed_units = excluded.confirmed_units, confirmed_at = excluded.confirmed_at,
             claimed_at = coalesce(targets.claimed_at, excluded.claimed_at)
         where targets.confirmed_at is null or targets.confirmed_at < excluded.confirmed_at",
        &[&partner.as_str(), &contracts, &services, &units, &times],
    )
    .await?;
    Ok(())
}
