//! Leftovers (D-13): targets that were ours and that nothing is mapped to any more.
//!
//! They are derived from what is known of targets and mappings, not from an edit, so that no kind of edit can miss
//! one. Each is a hold of its own kind. If approved, the next job sets the line to 0. If dismissed, the line stays
//! as it is, and the hold is not opened again until something was mapped to the target in between.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Brake, CompanyId, ContractId, Entropy, HeldChange, HoldId, PartnerId, ServiceId, Share,
    effective_date,
};
use jiff::{Timestamp, civil::Date};

use crate::{
    Row, StoreError, Transaction,
    counts::month_ends,
    holds,
    settings::{self, Integration, PartnerSettings},
    targets::shared,
};

/// The mapping of a target, with names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetNames {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// The contract's name.
    pub contract_name: String,
    /// Kaseya's account.
    pub account: AccountId,
    /// The account's name.
    pub account_name: String,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The service's name.
    pub service_name: String,
}

/// Stores how targets are mapped, before a job works on them.
pub async fn note_names(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    targets: &[TargetNames],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = targets.iter().map(|target| target.contract.0).collect();
    let services: Vec<i32> = targets.iter().map(|target| target.service.0).collect();
    let accounts: Vec<i32> = targets.iter().map(|target| target.account.0).collect();
    let account_names: Vec<&str> = targets.iter().map(|target| target.account_name.as_str()).collect();
    let contract_names: Vec<&str> = targets.iter().map(|target| target.contract_name.as_str()).collect();
    let service_names: Vec<&str> = targets.iter().map(|target| target.service_name.as_str()).collect();
    tx.execute(
        "insert into targets (partner_id, contract_id, service_id, account_id, account_name, contract_name, service_name)
         select $1, contract_id, service_id, account_id, account_name, contract_name, service_name
         from unnest($2::int[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[])
             as named (contract_id, service_id, account_id, account_name, contract_name, service_name)
         on conflict (partner_id, contract_id, service_id) do update set
             account_id = excluded.account_id, account_name = excluded.account_name,
             contract_name = excluded.contract_name, service_name = excluded.service_name
         where (targets.account_id, targets.account_name, targets.contract_name, targets.service_name)
               is distinct from
               (excluded.account_id, excluded.account_name, excluded.contract_name, excluded.service_name)",
        &[
            &partner.as_str(),
            &contracts,
            &services,
            &accounts,
            &account_names,
            &contract_names,
            &service_names,
        ],
    )
    .await
    .map(drop)
}

/// How targets of these contracts were last mapped, if known.
pub async fn names(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    contracts: &[ContractId],
) -> Result<BTreeMap<(ContractId, ServiceId), TargetNames>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let sql =
        "select contract_id, service_id, account_id, account_name, contract_name, service_name from targets
               where partner_id = $1 and contract_id = any($2) and account_id is not null";
    let rows = tx.query(sql, &[&partner.as_str(), &contracts]).await?;
    rows.iter()
        .map(|row| {
            let names = target_names(row)?;
            Ok(((names.contract, names.service), names))
        })
        .collect()
}

fn target_names(row: &Row) -> Result<TargetNames, StoreError> {
    Ok(TargetNames {
        contract: ContractId(row.get("contract_id")?),
        contract_name: row.get("contract_name")?,
        account: AccountId(row.get("account_id")?),
        account_name: row.get("account_name")?,
        service: ServiceId(row.get("service_id")?),
        service_name: row.get("service_name")?,
    })
}

/// A leftover that a person has approved to be set to 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovedLeftover {
    /// Its last mapping.
    pub target: TargetNames,
    /// The units that the person saw on the line.
    pub seen: f64,
    /// The first day with 0 units; the approval ends with its month.
    pub effective_date: Date,
    /// The companies with users in the line.
    pub companies: BTreeSet<CompanyId>,
}

/// A partner's approved leftovers, except those that something is mapped to again.
pub async fn approved(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Vec<ApprovedLeftover>, StoreError> {
    let sql =
        "select contract_id, service_id, account_id, account_name, contract_name, service_name, from_units,
                      effective_date, company_ids
               from holds join targets using (partner_id, contract_id, service_id)
               where partner_id = $1 and state = 'approved' and brake = $2 and account_id is not null
                 and not exists (select from mapped_targets mapped
                                 where mapped.partner_id = $1 and mapped.contract_id = holds.contract_id
                                   and mapped.service_id = holds.service_id)
               order by contract_id, service_id";
    let rows = tx.query(sql, &[&partner.as_str(), &Brake::Leftover.as_str()]).await?;
    rows.iter()
        .map(|row| {
            let companies = row.get::<Vec<String>>("company_ids")?.into_iter().map(CompanyId::new);
            Ok(ApprovedLeftover {
                target: target_names(row)?,
                seen: row.get("from_units")?,
                effective_date: row.get("effective_date")?,
                companies: companies
                    .collect::<Result<_, _>>()
                    .map_err(|error| StoreError::row("holds", "company_ids", &error))?,
            })
        })
        .collect()
}

/// Updates the holds of leftovers from the current mappings and lines. Ends holds that a mapping has overtaken or
/// that have a line with 0; opens one for each leftover that no person has decided on; and asks again if the line
/// shows another number than the approved one. Returns the holds to announce.
///
/// A target is a leftover if a line was seen to hold our number for it, or Kaseya accepted that number, and both the
/// newest such number and the last one on the line are above 0.
pub async fn bring_up_to_date(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<Vec<HeldChange>, StoreError> {
    holds::end_overtaken_holds(tx, partner).await?;
    shared::give_up_unmapped(tx, partner).await?;
    holds::end_settled_leftovers(tx, partner).await?;
    let found = found(tx, partner).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let Some(settings) = settings::read(tx, partner).await? else { return Ok(Vec::new()) };
    let Some(integration) = &settings.integration else { return Ok(Vec::new()) };
    let counted_day = month_ends::phase(tx, &settings, integration, now)
        .await?
        .last_counted_day(integration.month_end().today(now));
    let held = found
        .into_iter()
        .filter_map(|leftover| {
            let day = effective_day(&settings, integration, leftover.contract, counted_day, now)?;
            Some(HeldChange {
                new_hold: HoldId(entropy.uuid(now)),
                contract: leftover.contract,
                service: leftover.service,
                companies: leftover.companies,
                brake: Brake::Leftover,
                from_units: leftover.units,
                to_units: 0,
                effective_date: day,
                pair: None,
            })
        })
        .collect();
    holds::store_holds(tx, partner, run_number, held, now).await
}

/// The first day on which a leftover of this contract counts as 0 (D-12). It is the day of the counts sent now, so
/// that users who moved to another line are billed there from the day on which they are no longer billed here.
pub fn effective_day(
    settings: &PartnerSettings,
    integration: &Integration,
    contract: ContractId,
    counted_day: Date,
    now: Timestamp,
) -> Option<Date> {
    let billing = settings.contract_billing.get(&contract).copied().unwrap_or(integration.settings.billing);
    effective_date(
        billing,
        integration.settings.invoice_day,
        counted_day,
        now,
        settings.invoice_zones(),
        None,
        None,
    )
}

/// A leftover to ask a person about.
struct Leftover {
    contract: ContractId,
    service: ServiceId,
    companies: Vec<String>,
    units: f64,
}

async fn found(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Vec<Leftover>, StoreError> {
    // A number that Kaseya accepted after the line was last seen to hold our number is the newest, whether the line
    // shows it yet or only from a later day.
    let rows = tx
        .query(
            "select contract_id, service_id, shares, shown.units, sent.to_units
             from targets
                  left join lateral (
                      select units from lines
                      where partner_id = $1 and contract_id = targets.contract_id and service_id = targets.service_id
                      order by seen_at desc, line_id limit 1) as shown on true
                  left join lateral (
                      select to_units from intents
                      where partner_id = $1 and contract_id = targets.contract_id and service_id = targets.service_id
                        and taken_at is not null and result <> 'confirmed' and not forgotten
                        and (targets.confirmed_at is null or granted_at > targets.confirmed_at)
                      order by granted_at desc limit 1) as sent on true
             where partner_id = $1 and shares is not null and account_id is not null
               and coalesce(sent.to_units, confirmed_units, 0) > 0
               and (shown.units > 0 or sent.to_units > 0)
               and not exists (select from mapped_targets mapped
                               where mapped.partner_id = $1 and mapped.contract_id = targets.contract_id
                                 and mapped.service_id = targets.service_id)
               and not exists (select from holds
                               where holds.partner_id = $1 and holds.contract_id = targets.contract_id
                                 and holds.service_id = targets.service_id and state = 'dismissed')
             order by contract_id, service_id",
            &[&partner.as_str()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let shares: Vec<Share> = serde_json::from_value(row.get("shares")?)
                .map_err(|error| StoreError::row("targets", "shares", &error))?;
            let companies: BTreeSet<String> =
                shares.into_iter().map(|share| share.company.to_string()).collect();
            let shown = row.get::<Option<f64>>("units")?.filter(|units| *units > 0.0);
            let sent = row.get::<Option<i32>>("to_units")?.map_or(0.0, f64::from);
            Ok(Leftover {
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                companies: companies.into_iter().collect(),
                units: shown.unwrap_or(sent),
            })
        })
        .collect()
}

/// Those of these targets that something is mapped to now.
pub async fn mapped(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    targets: &[(ContractId, ServiceId)],
) -> Result<BTreeSet<(ContractId, ServiceId)>, StoreError> {
    // Nearly every permit passes no targets.
    if targets.is_empty() {
        return Ok(BTreeSet::new());
    }
    let contracts: Vec<i32> = targets.iter().map(|(contract, _)| contract.0).collect();
    let services: Vec<i32> = targets.iter().map(|(_, service)| service.0).collect();
    let sql = "select distinct contract_id, service_id
               from mapped_targets join unnest($2::int[], $3::int[]) as asked (contract_id, service_id)
                    using (contract_id, service_id)
               where partner_id = $1";
    let rows = tx.query(sql, &[&partner.as_str(), &contracts, &services]).await?;
    rows.iter()
        .map(|row| Ok((ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?))))
        .collect()
}
