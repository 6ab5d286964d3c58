//! The checks of a write permit, and the intents stored with it (B-04).

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Brake, Brakes, CompanyId, ContractId, DecidedChange, HoldId, IntentId, JobId, LineId, PairId, PartnerId,
    ProductId, RunBrake, RunId, ServiceId, UNSURE_FOR,
};
use jiff::{Timestamp, civil::Date};

use crate::{StoreError, Transaction, targets::decided_change};

/// The figures that permits are checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitRules {
    /// The brakes on one line: the reach of an approval.
    pub brakes: Brakes,
    /// The brake on the run.
    pub run_brake: RunBrake,
    /// The number of companies that the partner has mapped.
    pub mapped: u32,
}

/// Reads the figures of a partner.
pub async fn permit_rules(tx: &Transaction<'_>, partner: &PartnerId) -> Result<PermitRules, StoreError> {
    let row = tx
        .query_one(
            "select brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies,
                    (select count(*)::int from company_mappings where partner_id = $1) as mapped
             from integrations where partner_id = $1",
            &[&partner.as_str()],
        )
        .await?;
    Ok(PermitRules { brakes: row.brakes()?, run_brake: row.run_brake()?, mapped: row.number("mapped")? })
}

/// The mapping of a company's product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddendMapping {
    /// The version of the company's mapping.
    pub version: u32,
    /// The contract that the product's count goes to.
    pub contract: ContractId,
    /// The service.
    pub service: ServiceId,
}

/// The current mapping of these companies' products. Products that are no longer mapped or billed are left out.
pub async fn addend_mappings(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    addends: &BTreeSet<(CompanyId, ProductId)>,
) -> Result<BTreeMap<(CompanyId, ProductId), AddendMapping>, StoreError> {
    let companies: Vec<&str> = addends.iter().map(|(company, _)| company.as_str()).collect();
    let products: Vec<&str> = addends.iter().map(|(_, product)| product.as_str()).collect();
    let rows = tx
        .query(
            "select company_id, product_id, version, service_id, contract_id
             from unnest($2::text[], $3::text[]) as addend (company_id, product_id)
                  join mapped_targets using (company_id, product_id)
             where partner_id = $1",
            &[&partner.as_str(), &companies, &products],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let addend = (row.company_id("company_id")?, row.product_id("product_id")?);
            let mapping = AddendMapping {
                version: row.number("version")?,
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
            };
            Ok((addend, mapping))
        })
        .collect()
}

/// What speaks against a change of a target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetStanding {
    /// The newest run with a granted change of the target; `None` without one.
    pub newest_run_number: Option<i64>,
    /// Writes of other attempts that may still land.
    pub late: Vec<LateWrite>,
}

/// A write that may still land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateWrite {
    /// The units that it would set.
    pub to_units: u32,
    /// Whether it was sent and got no response. If not, there was no report since its permit.
    pub unanswered: bool,
    /// When it can no longer land.
    pub until: Timestamp,
}

impl TargetStanding {
    /// Until when the target is left alone for these wanted units. A write that was sent without a response is
    /// always waited for. A write without a report is waited for only if it would set another number: the same
    /// number may land twice.
    pub fn left_alone_until(&self, wanted: u32) -> Option<Timestamp> {
        self.late
            .iter()
            .filter(|write| write.unanswered || write.to_units != wanted)
            .map(|write| write.until)
            .max()
    }
}

/// The standing of these targets for an attempt of a job. Targets that never had a granted change are left out.
pub async fn targets_standing(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    (job, attempt): (JobId, i32),
    contracts: &[ContractId],
    now: Timestamp,
) -> Result<BTreeMap<(ContractId, ServiceId), TargetStanding>, StoreError> {
    let contracts: Vec<i32> = contracts.iter().map(|contract| contract.0).collect();
    let too_old = now - UNSURE_FOR;
    // A change that was judged early, because a later change was for the same number, may still land.
    let rows = tx
        .query(
            "select contract_id, service_id, newest_run_number, to_units, result = 'unsure' as unanswered, last_sign
             from targets
                  left join (select *, case when result = 'unsure' then settled_at else permit_until end as last_sign
                             from intents
                             where partner_id = $1 and contract_id = any($2) and (job_id <> $3 or attempt <> $4)
                               and not forgotten
                               and (result = 'unsure' and settled_at > $5
                                    or result in ('open', 'not_applied') and permit_until > $5)) as late
                  using (contract_id, service_id)
             where targets.partner_id = $1 and contract_id = any($2)",
            &[&partner.as_str(), &contracts, &job.0, &attempt, &too_old],
        )
        .await?;
    let mut standing: BTreeMap<_, TargetStanding> = BTreeMap::new();
    for row in rows {
        let target = (ContractId(row.get("contract_id")?), ServiceId(row.get("service_id")?));
        let target = standing.entry(target).or_default();
        target.newest_run_number = row.get("newest_run_number")?;
        if let Some(last_sign) = row.get::<Option<Timestamp>>("last_sign")? {
            target.late.push(LateWrite {
                to_units: row.number("to_units")?,
                unanswered: row.get("unanswered")?,
                until: last_sign.checked_add(UNSURE_FOR).unwrap_or(Timestamp::MAX),
            });
        }
    }
    Ok(standing)
}

/// The companies that a run changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedCompanies {
    /// Those among the named ones.
    pub named: BTreeSet<CompanyId>,
    /// How many others.
    pub others: u32,
}

/// The companies that a run changes: those of its granted changes, except changes that were never sent, and those
/// that it would change by the last reading of the lines, as recorded when its newest job began. Only companies
/// among `named` are listed; a run of thousands asks with each of its permits.
pub async fn companies_changed(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
    named: &BTreeSet<CompanyId>,
) -> Result<ChangedCompanies, StoreError> {
    let named: Vec<&str> = named.iter().map(CompanyId::as_str).collect();
    let row = tx
        .query_one(
            "with changed as (
                 select unnest(company_ids) as company_id from intents
                 where partner_id = $1 and run_id = $2 and result <> 'not_begun'
                 union
                 select unnest(expected_company_ids) from runs where partner_id = $1 and run_id = $2
             )
             select coalesce(array_agg(company_id) filter (where company_id = any($3)), '{}') as named,
                    (count(*) filter (where company_id <> all($3)))::int as others
             from changed",
            &[&partner.as_str(), &run.0, &named],
        )
        .await?;
    Ok(ChangedCompanies { named: row.company_ids("named")?, others: row.number("others")? })
}

/// A hold that a person has approved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ApprovedHold {
    /// The hold.
    pub hold: HoldId,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The approved change.
    pub change: DecidedChange,
}

/// Those of these holds that are approved now.
pub async fn approved_holds(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    holds: &[HoldId],
) -> Result<Vec<ApprovedHold>, StoreError> {
    let holds: Vec<uuid::Uuid> = holds.iter().map(|hold| hold.0).collect();
    let rows = tx
        .query(
            "select hold_id, contract_id, service_id, brake, from_units, to_units, effective_date
             from holds
             where partner_id = $1 and hold_id = any($2) and state = 'approved'",
            &[&partner.as_str(), &holds],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(ApprovedHold {
                hold: HoldId(row.get("hold_id")?),
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                change: decided_change(row)?,
            })
        })
        .collect()
}

/// A target that the run's brake holds until a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrakedTarget {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The companies with counts in the target.
    pub companies: Vec<CompanyId>,
}

/// The targets of open holds by a run's brake, whichever run they were held in.
pub async fn braked_targets(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Vec<BrakedTarget>, StoreError> {
    let rows = tx
        .query(
            "select contract_id, service_id, company_ids from holds
             where partner_id = $1 and state = 'open' and brake = $2",
            &[&partner.as_str(), &Brake::ManyCompanies.as_str()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let companies = row.get::<Vec<String>>("company_ids")?.into_iter().map(CompanyId::new);
            Ok(BrakedTarget {
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                companies: companies
                    .collect::<Result<_, _>>()
                    .map_err(|error| StoreError::row("holds", "company_ids", &error))?,
            })
        })
        .collect()
}

/// A change to grant.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// The intent's id, chosen by the worker.
    pub id: IntentId,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// Kaseya's line.
    pub line: LineId,
    /// The units that Kaseya shows.
    pub from_units: f64,
    /// The units to send.
    pub to_units: i32,
    /// The first day with the new units.
    pub effective_date: Date,
    /// The addends of the number, for the journal.
    pub addends: serde_json::Value,
    /// The companies with counts in the number.
    pub companies: BTreeSet<CompanyId>,
    /// The approved hold that let it pass; `None` if none was needed.
    pub approved_hold: Option<HoldId>,
    /// Whether it sends a number again that Kaseya had before.
    pub rewrite: bool,
    /// The id shared with the other change of a plan switch; `None` outside a plan switch.
    pub pair: Option<PairId>,
}

/// The attempt that intents are stored for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentsOf<'a> {
    /// The partner.
    pub partner: &'a PartnerId,
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub run_number: i64,
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: i32,
    /// The end of the permit.
    pub permit_until: Timestamp,
    /// The run's trace context.
    pub traceparent: Option<&'a str>,
}

/// Stores a granted change before it is sent, and that this run has decided on the target. A repeated request stores
/// it once. Returns false if its id belongs to another change, which would then be sent without a record of its own.
pub async fn store_intent(
    tx: &Transaction<'_>,
    of: &IntentsOf<'_>,
    intent: &Intent,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let companies: Vec<&str> = intent.companies.iter().map(CompanyId::as_str).collect();
    let stored = tx
        .execute(
            "insert into intents (intent_id, partner_id, run_id, run_number, job_id, attempt, contract_id, service_id, line_id,
                              from_units, to_units, effective_date, addends, company_ids, approved_hold_id, granted_at,
                              permit_until, result, traceparent, rewrite, pair_id)
         values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'open', $18, $19, $20)
         on conflict (intent_id) do nothing",
        &[
            &of.partner.as_str(),
            &intent.id.0,
            &of.run.0,
            &of.run_number,
            &of.job.0,
            &of.attempt,
            &intent.contract.0,
            &intent.service.0,
            &intent.line.0,
            &intent.from_units,
            &intent.to_units,
            &intent.effective_date,
            &intent.addends,
            &companies,
            &intent.approved_hold.map(|hold| hold.0),
            &now,
            &of.permit_until,
            &of.traceparent,
            &intent.rewrite,
            &intent.pair.map(|pair| pair.0),
        ],
    )
    .await?;
    if stored == 0 && !is_stored(tx, of, intent).await? {
        return Ok(false);
    }
    tx.execute(
        "insert into targets (partner_id, contract_id, service_id, newest_run_number, claimed_at)
         values ($1, $2, $3, $4, $5)
         on conflict (partner_id, contract_id, service_id) do update set
             newest_run_number = greatest(targets.newest_run_number, excluded.newest_run_number),
             claimed_at = coalesce(targets.claimed_at, excluded.claimed_at)",
        &[&of.partner.as_str(), &intent.contract.0, &intent.service.0, &of.run_number, &now],
    )
    .await?;
    Ok(true)
}

/// Whether exactly this change is stored under its id.
async fn is_stored(tx: &Transaction<'_>, of: &IntentsOf<'_>, intent: &Intent) -> Result<bool, StoreError> {
    let sql = "select from intents
               where partner_id = $1 and intent_id = $2 and job_id = $3 and attempt = $4 and contract_id = $5
                 and service_id = $6 and line_id = $7 and to_units = $8 and effective_date = $9";
    let row = tx
        .query_opt(
            sql,
            &[
                &of.partner.as_str(),
                &intent.id.0,
                &of.job.0,
                &of.attempt,
                &intent.contract.0,
                &intent.service.0,
                &intent.line.0,
                &intent.to_units,
                &intent.effective_date,
            ],
        )
        .await?;
    Ok(row.is_some())
}
