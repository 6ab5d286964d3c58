//! What the ledger knows of an attempt: its holder, and what it was asked to do. A `JobDone` is accepted only within
//! this (F3).

use std::collections::{BTreeMap, BTreeSet};

use domain::{ContractId, IntentId, JobId, JobKind, JobState, PartnerId, RunId, RunMode, ServiceId, Trigger};
use serde::{Deserialize, Serialize};

use crate::{Row, StoreError, Transaction};

/// What an attempt was asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The contracts to work on.
    pub contracts: BTreeMap<i32, AssignedContract>,
    /// The services that a survey asks for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<i32>,
}

/// What was asked for a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedContract {
    /// The account that the contract is mapped with.
    pub account: i32,
    /// The services to look for among its lines.
    pub services: BTreeSet<i32>,
    /// The products of its companies, as the status reports them.
    pub products: Vec<AssignedProduct>,
}

/// A company's product on a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedProduct {
    /// The company's id.
    #[serde(rename = "c")]
    pub company: String,
    /// The product's id.
    #[serde(rename = "p")]
    pub product: String,
    /// The service of the product's target; `None` without one.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub service: Option<i32>,
    /// The company's own user count.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u32>,
    /// The units billed for it.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub billed: Option<u32>,
    /// The wanted units of the whole target; `None` if unknown.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<u32>,
    /// Whether Kaseya has accepted a change of the target that no reading has confirmed yet.
    #[serde(rename = "a", default, skip_serializing_if = "std::ops::Not::not")]
    pub awaited: bool,
}

/// A change that was granted a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantedChange {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The units to send.
    pub to_units: u32,
}

/// An attempt as recorded in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The run of the job.
    pub run: RunId,
    /// The run's number.
    pub run_number: i64,
    /// Whether the run writes.
    pub mode: RunMode,
    /// The run's trigger.
    pub trigger: Trigger,
    /// Where the job executes now.
    pub kind: JobKind,
    /// The job's current attempt.
    pub newest: i32,
    /// The worker that held this attempt; `None` if it was never started.
    pub holder: Option<String>,
    /// Whether a `JobDone` of this attempt is still expected.
    pub is_open: bool,
    /// The contracts of the slice.
    pub contracts: BTreeSet<ContractId>,
    /// The version of the credentials that the newest attempt started with.
    pub credentials_version: Option<i32>,
    /// What the newest attempt was asked to do.
    pub asked: Option<Assignment>,
    /// The calls this attempt was allowed; `None` once its `JobDone` has arrived.
    pub allowed_calls: Option<i64>,
    /// Those of the named changes that this attempt was granted.
    pub granted: BTreeMap<IntentId, GrantedChange>,
}

/// Reads the record of an attempt, with those of the named changes that it was granted. `None` if the partner has no
/// such job.
pub async fn attempt_record(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    (job, attempt): (JobId, i32),
    named: &[IntentId],
) -> Result<Option<AttemptRecord>, StoreError> {
    let named: Vec<uuid::Uuid> = named.iter().map(|intent| intent.0).collect();
    // An older scheduler records no holder for a local job; the `JobDone` of such a job names "scheduler".
    let row = tx
        .query_opt(
            "select jobs.run_id, jobs.run_number, runs.mode, runs.trigger, jobs.kind, jobs.state, jobs.attempt,
                    coalesce(jobs.holders[$3],
                             case when jobs.attempt <> $3 then null
                                  when jobs.kind = 'local' and (jobs.emitted_at is not null or jobs.emitting_until is not null)
                                      then 'scheduler'
                                  else jobs.holder end) as holder,
                    jobs.contract_ids, jobs.credentials_version, jobs.asked, debit.v2::bigint + debit.v1 as allowed_calls,
                    granted.intents, granted.contracts, granted.services, granted.units
             from jobs join runs using (run_id)
                  left join call_debits debit on debit.job_id = jobs.job_id and debit.attempt = $3
                  cross join lateral (
                      select coalesce(array_agg(intent_id), '{}') as intents, coalesce(array_agg(contract_id), '{}') as contracts,
                             coalesce(array_agg(service_id), '{}') as services, coalesce(array_agg(to_units), '{}') as units
                      from intents
                      where partner_id = $1 and intent_id = any($4) and job_id = $2 and attempt = $3) as granted
             where jobs.partner_id = $1 and jobs.job_id = $2",
            &[&partner.as_str(), &job.0, &attempt, &named],
        )
        .await?;
    row.map(|row| record(&row, attempt)).transpose()
}

fn record(row: &Row, attempt: i32) -> Result<AttemptRecord, StoreError> {
    let (kind, state) = (row.named("kind", JobKind::parse)?, row.named("state", JobState::parse)?);
    let newest: i32 = row.get("attempt")?;
    let awaited = match kind {
        JobKind::Local => matches!(state, JobState::Ready | JobState::Emitted),
        JobKind::Work | JobKind::Survey => state == JobState::Started,
    };
    Ok(AttemptRecord {
        run: RunId(row.get("run_id")?),
        run_number: row.get("run_number")?,
        mode: row.named("mode", RunMode::parse)?,
        trigger: row.named("trigger", Trigger::parse)?,
        kind,
        newest,
        holder: row.get("holder")?,
        is_open: newest == attempt && awaited,
        contracts: row.get::<Vec<i32>>("contract_ids")?.into_iter().map(ContractId).collect(),
        credentials_version: row.get("credentials_version")?,
        asked: asked(row)?,
        allowed_calls: row.get("allowed_calls")?,
        granted: granted(row)?,
    })
}

/// Reads a row's column `asked`.
pub(super) fn asked(row: &Row) -> Result<Option<Assignment>, StoreError> {
    let asked: Option<serde_json::Value> = row.get("asked")?;
    asked
        .map(|asked| serde_json::from_value(asked).map_err(|error| StoreError::row("jobs", "asked", &error)))
        .transpose()
}

fn granted(row: &Row) -> Result<BTreeMap<IntentId, GrantedChange>, StoreError> {
    let intents: Vec<uuid::Uuid> = row.get("intents")?;
    let contracts: Vec<i32> = row.get("contracts")?;
    let services: Vec<i32> = row.get("services")?;
    let units: Vec<i32> = row.get("units")?;
    let changes = intents.into_iter().zip(contracts).zip(services).zip(units);
    changes
        .map(|(((intent, contract), service), units)| {
            let to_units =
                u32::try_from(units).map_err(|error| StoreError::row("intents", "to_units", &error))?;
            let change =
                GrantedChange { contract: ContractId(contract), service: ServiceId(service), to_units };
            Ok((IntentId(intent), change))
        })
        .collect()
}
