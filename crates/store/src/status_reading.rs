//! What people look at: statuses, runs, holds, changes.
//!
//! A status is stored when a job has ended. What lies over it here is not stored anywhere: *queued* and *running* follow
//! from open jobs, *off* from the switch, *never* from there being no status yet.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Brake, CompanyId, CompanyState, ContractId, ErrorCode, HoldId, PairId, PartnerId, RequestId,
    RunId, RunMode, RunState, ServiceId, Trigger,
};
use jiff::{Timestamp, civil::Date};

use crate::{
    Row, StoreError, Transaction,
    outcomes::{ProductRow, RunTotals},
    requests::Answer,
    settings::{Company, IntegrationState, PartnerSettings},
};

/// A company and contract as a person sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyStatus {
    /// The company.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// The account it is mapped to, with its name.
    pub account: Option<(AccountId, String)>,
    /// The contract, with its name; `None` for a company without one.
    pub contract: Option<(ContractId, String)>,
    /// The state.
    pub state: CompanyState,
    /// The code that explains it.
    pub code: Option<ErrorCode>,
    /// What people need beside the code.
    pub detail: Option<String>,
    /// Its products, as the last job found them.
    pub products: Vec<ProductRow>,
    /// When Kaseya was last seen to hold our number (S-39).
    pub last_sync: Option<Timestamp>,
    /// When a line was last changed.
    pub last_change: Option<Timestamp>,
    /// When it goes on by itself.
    pub deferred_until: Option<Timestamp>,
    /// The run that brought the stored status.
    pub run: Option<RunId>,
}

/// A stored status.
struct Stored {
    account: Option<AccountId>,
    state: CompanyState,
    code: Option<ErrorCode>,
    detail: Option<String>,
    products: Vec<ProductRow>,
    last_sync: Option<Timestamp>,
    last_change: Option<Timestamp>,
    deferred_until: Option<Timestamp>,
    run: RunId,
}

/// What has an open job.
#[derive(Default)]
struct Open {
    running: (BTreeSet<ContractId>, BTreeSet<CompanyId>),
    queued: (BTreeSet<ContractId>, BTreeSet<CompanyId>),
}

impl Open {
    fn state_of(&self, company: &CompanyId, contract: Option<ContractId>) -> Option<CompanyState> {
        let has = |(contracts, companies): &(BTreeSet<ContractId>, BTreeSet<CompanyId>)| match contract {
            Some(contract) => contracts.contains(&contract),
            None => companies.contains(company),
        };
        if has(&self.running) {
            Some(CompanyState::Running)
        } else {
            has(&self.queued).then_some(CompanyState::Queued)
        }
    }
}

/// Every company of a partner with each contract that its products go to, by the companies' names.
pub async fn companies(
    tx: &Transaction<'_>,
    settings: &PartnerSettings,
    now: Timestamp,
) -> Result<Vec<CompanyStatus>, StoreError> {
    let partner = &settings.partner;
    let mut stored = stored(tx, partner).await?;
    let open = open(tx, partner, now).await?;
    let account_names = account_names(tx, partner).await?;
    let off = settings.integration.as_ref().is_none_or(|known| known.state != IntegrationState::On);
    let mut rows = Vec::new();
    for (id, company) in &settings.companies {
        let known: BTreeSet<Option<ContractId>> =
            stored.keys().filter(|(known, _)| known == id).map(|(_, contract)| *contract).collect();
        for contract in contracts_of(settings, company, &known) {
            let contract_id = contract.as_ref().map(|(contract, _)| *contract);
            let status = stored.remove(&(id.clone(), contract_id));
            let account_id = company.mapping.as_ref().map(|mapping| mapping.account);
            let account_id = account_id.or(status.as_ref().and_then(|status| status.account));
            let account = account_id.map(|account| {
                (account, account_names.get(id).cloned().unwrap_or_else(|| account.to_string()))
            });
            let mut row = CompanyStatus {
                company: id.clone(),
                name: company.name.clone(),
                account,
                contract,
                state: CompanyState::Never,
                code: None,
                detail: None,
                products: Vec::new(),
                last_sync: None,
                last_change: None,
                deferred_until: None,
                run: None,
            };
            if let Some(status) = status {
                row = CompanyStatus {
                    state: status.state,
                    code: status.code,
                    detail: status.detail,
                    products: status.products,
                    last_sync: status.last_sync,
                    last_change: status.last_change,
                    deferred_until: status.deferred_until,
                    run: Some(status.run),
                    ..row
                };
            }
            let over = if off { Some(CompanyState::Off) } else { open.state_of(id, contract_id) };
            if let Some(state) = over {
                row = CompanyStatus { state, code: None, detail: None, deferred_until: None, ..row };
            }
            rows.push(row);
        }
    }
    rows.sort_by(|one, other| (&one.name, &one.company).cmp(&(&other.name, &other.company)));
    Ok(rows)
}

/// The contracts that a company's products go to; its own where no product is mapped. Of those that it is mapped to, but
/// that nothing goes to any more, the ones that still have a status.
fn contracts_of(
    settings: &PartnerSettings,
    company: &Company,
    known: &BTreeSet<Option<ContractId>>,
) -> Vec<Option<(ContractId, String)>> {
    let Some(mapping) = &company.mapping else {
        return vec![None];
    };
    let mapped = settings.products.iter().filter(|(_, product)| product.mapping.is_some());
    let mut contracts: BTreeMap<ContractId, String> = mapped
        .map(|(product, _)| mapping.contract_of(product))
        .map(|contract| (contract.id, contract.name.clone()))
        .collect();
    let all = std::iter::once(&mapping.contract).chain(mapping.product_contracts.values());
    for contract in all.filter(|contract| known.contains(&Some(contract.id))) {
        contracts.insert(contract.id, contract.name.clone());
    }
    if contracts.is_empty() {
        contracts.insert(mapping.contract.id, mapping.contract.name.clone());
    }
    contracts.into_iter().map(Some).collect()
}

async fn stored(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<BTreeMap<(CompanyId, Option<ContractId>), Stored>, StoreError> {
    let sql =
        "select company_id, contract_id, account_id, state, code, detail, products, last_sync, last_change,
                      deferred_until, run_id
               from statuses where partner_id = $1";
    let mut statuses = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str()]).await? {
        let status = Stored {
            account: row.get::<Option<i32>>("account_id")?.map(AccountId),
            state: row.named("state", CompanyState::parse)?,
            code: row.optional_code("code")?,
            detail: row.get("detail")?,
            products: products(&row)?,
            last_sync: row.get("last_sync")?,
            last_change: row.get("last_change")?,
            deferred_until: row.get("deferred_until")?,
            run: RunId(row.get("run_id")?),
        };
        statuses.insert((row.company_id("company_id")?, row.contract_or_none("contract_id")?), status);
    }
    Ok(statuses)
}

async fn open(tx: &Transaction<'_>, partner: &PartnerId, now: Timestamp) -> Result<Open, StoreError> {
    let sql = "select state, contract_ids, company_ids from jobs
               where partner_id = $1 and state <> 'done' and (not_before is null or not_before <= $2)";
    let mut open = Open::default();
    for row in tx.query(sql, &[&partner.as_str(), &now]).await? {
        let (contracts, companies) =
            if row.get::<String>("state")? == "started" { &mut open.running } else { &mut open.queued };
        contracts.extend(row.get::<Vec<i32>>("contract_ids")?.into_iter().map(ContractId));
        for company in row.get::<Vec<String>>("company_ids")? {
            companies.insert(
                CompanyId::new(company).map_err(|error| StoreError::row("jobs", "company_ids", &error))?,
            );
        }
    }
    Ok(open)
}

async fn account_names(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<BTreeMap<CompanyId, String>, StoreError> {
    let sql = "select company_id, account_name from company_mappings where partner_id = $1";
    let rows = tx.query(sql, &[&partner.as_str()]).await?;
    rows.iter().map(|row| Ok((row.company_id("company_id")?, row.get("account_name")?))).collect()
}

fn products(row: &Row) -> Result<Vec<ProductRow>, StoreError> {
    serde_json::from_value(row.get("products")?)
        .map_err(|error| StoreError::row("statuses", "products", &error))
}

/// A run as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// The run.
    pub run: RunId,
    /// Its number.
    pub number: i64,
    /// What began it.
    pub trigger: Trigger,
    /// Whether it writes.
    pub mode: RunMode,
    /// Where it stands.
    pub state: RunState,
    /// Who asked, if somebody did.
    pub requested_by: Option<String>,
    /// When it was made.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How its companies came out so far.
    pub totals: RunTotals,
}

/// The newest runs with a number above `after`, the newest first; probes of the login are no syncs, and left out.
pub async fn runs(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    after: i64,
    most: i64,
) -> Result<Vec<RunRow>, StoreError> {
    let sql = "select run_id, run_number, trigger, mode, state, requested_by, created_at, finished_at, companies, changed,
                      unchanged, held, failed, skipped
               from runs where partner_id = $1 and run_number > $2 and trigger <> 'probe'
               order by run_number desc limit $3";
    tx.query(sql, &[&partner.as_str(), &after, &most]).await?.iter().map(run_row).collect()
}

/// One run.
pub async fn run(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
) -> Result<Option<RunRow>, StoreError> {
    let sql = "select run_id, run_number, trigger, mode, state, requested_by, created_at, finished_at, companies, changed,
                      unchanged, held, failed, skipped
               from runs where partner_id = $1 and run_id = $2";
    tx.query_opt(sql, &[&partner.as_str(), &run.0]).await?.as_ref().map(run_row).transpose()
}

fn run_row(row: &Row) -> Result<RunRow, StoreError> {
    Ok(RunRow {
        run: RunId(row.get("run_id")?),
        number: row.get("run_number")?,
        trigger: row.named("trigger", Trigger::parse)?,
        mode: row.named("mode", RunMode::parse)?,
        state: row.named("state", RunState::parse)?,
        requested_by: row.get("requested_by")?,
        started_at: row.get("created_at")?,
        finished_at: row.get("finished_at")?,
        totals: RunTotals {
            companies: row.number("companies")?,
            changed: row.number("changed")?,
            unchanged: row.number("unchanged")?,
            held: row.number("held")?,
            failed: row.number("failed")?,
            skipped: row.number("skipped")?,
        },
    })
}

/// How a company and contract came out in one run, also in one that only planned.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCompany {
    /// The company.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// The contract; `None` for a company without one.
    pub contract: Option<ContractId>,
    /// The state.
    pub state: CompanyState,
    /// The code that explains it.
    pub code: Option<ErrorCode>,
    /// Its products.
    pub products: Vec<ProductRow>,
}

/// How the companies of a run have come out so far, by their names.
pub async fn run_companies(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
) -> Result<Vec<RunCompany>, StoreError> {
    let sql = "select company_id, companies.name, contract_id, state, code, products
               from run_companies join companies using (partner_id, company_id)
               where partner_id = $1 and run_id = $2 order by companies.name, company_id, contract_id";
    let rows = tx.query(sql, &[&partner.as_str(), &run.0]).await?;
    rows.iter()
        .map(|row| {
            Ok(RunCompany {
                company: row.company_id("company_id")?,
                name: row.get("name")?,
                contract: row.contract_or_none("contract_id")?,
                state: row.named("state", CompanyState::parse)?,
                code: row.optional_code("code")?,
                products: products(row)?,
            })
        })
        .collect()
}

/// A change as the journal has it.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalChange {
    /// The run that made it.
    pub run: RunId,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The line's units before.
    pub from_units: f64,
    /// The line's units after.
    pub to_units: u32,
    /// From which day.
    pub effective_date: Date,
    /// What the two changes of a plan switch have in common (B-07).
    pub pair: Option<PairId>,
    /// The companies and products whose users are in the number, as the journal has them.
    pub addends: Vec<(String, String)>,
}

/// The changes of these runs in the order in which they were made; those that never landed are left out.
pub async fn changes(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    runs: &[RunId],
) -> Result<Vec<JournalChange>, StoreError> {
    let runs: Vec<uuid::Uuid> = runs.iter().map(|run| run.0).collect();
    let sql = "select run_id, contract_id, service_id, from_units, to_units, effective_date, addends, pair_id
               from journal where partner_id = $1 and run_id = any($2) and standing <> 'not_applied' order by entry";
    let rows = tx.query(sql, &[&partner.as_str(), &runs]).await?;
    rows.iter()
        .map(|row| {
            Ok(JournalChange {
                run: RunId(row.get("run_id")?),
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                from_units: row.get("from_units")?,
                to_units: row.number("to_units")?,
                effective_date: row.get("effective_date")?,
                pair: row.get::<Option<uuid::Uuid>>("pair_id")?.map(PairId),
                addends: addends(row)?,
            })
        })
        .collect()
}

fn addends(row: &Row) -> Result<Vec<(String, String)>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Addend {
        company: String,
        product: String,
    }
    let addends: Vec<Addend> = serde_json::from_value(row.get("addends")?)
        .map_err(|error| StoreError::row("journal", "addends", &error))?;
    Ok(addends.into_iter().map(|addend| (addend.company, addend.product)).collect())
}

/// A held change as a person sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldRow {
    /// The hold.
    pub hold: HoldId,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The companies whose counts are in the number.
    pub companies: Vec<CompanyId>,
    /// Which brake.
    pub brake: Brake,
    /// What Kaseya shows.
    pub from_units: f64,
    /// What waits.
    pub to_units: u32,
    /// From which day.
    pub effective_date: Date,
    /// open, approved, dismissed, gone or used.
    pub state: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// What the two halves of a plan switch have in common: they are decided together (B-07).
    pub pair: Option<PairId>,
}

impl HoldRow {
    /// Whether another hold is the other half of this one's plan switch.
    pub fn is_half_with(&self, other: &Self) -> bool {
        self.pair.is_some() && self.pair == other.pair && self.hold != other.hold
    }
}

/// The holds that stand: open, or decided and not overtaken by the numbers. The oldest first, the halves of a plan switch
/// together.
pub async fn standing_holds(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Vec<HoldRow>, StoreError> {
    let sql = "select hold_id, contract_id, service_id, company_ids, brake, from_units, to_units, effective_date, state,
                      opened_at, pair_id
               from holds where partner_id = $1 and state in ('open', 'approved', 'dismissed')
               order by min(opened_at) over (partition by coalesce(pair_id, hold_id)), coalesce(pair_id, hold_id), opened_at,
                        hold_id";
    tx.query(sql, &[&partner.as_str()]).await?.iter().map(hold_row).collect()
}

/// One hold, whatever its state.
pub async fn hold(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    hold: HoldId,
) -> Result<Option<HoldRow>, StoreError> {
    let sql = "select hold_id, contract_id, service_id, company_ids, brake, from_units, to_units, effective_date, state,
                      opened_at, pair_id
               from holds where partner_id = $1 and hold_id = $2";
    tx.query_opt(sql, &[&partner.as_str(), &hold.0]).await?.as_ref().map(hold_row).transpose()
}

fn hold_row(row: &Row) -> Result<HoldRow, StoreError> {
    let companies: Result<Vec<CompanyId>, _> =
        row.get::<Vec<String>>("company_ids")?.into_iter().map(CompanyId::new).collect();
    Ok(HoldRow {
        hold: HoldId(row.get("hold_id")?),
        contract: ContractId(row.get("contract_id")?),
        service: ServiceId(row.get("service_id")?),
        companies: companies.map_err(|error| StoreError::row("holds", "company_ids", &error))?,
        brake: row.named("brake", Brake::parse)?,
        from_units: row.get("from_units")?,
        to_units: row.number("to_units")?,
        effective_date: row.get("effective_date")?,
        state: row.get("state")?,
        opened_at: row.get("opened_at")?,
        pair: row.get::<Option<uuid::Uuid>>("pair_id")?.map(PairId),
    })
}

/// What became of a request: `None` before it has come in, `Some(None)` while it waits.
pub async fn request(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    request: &RequestId,
) -> Result<Option<Option<Answer>>, StoreError> {
    let sql = "select partner_id, request_id, answer, code, reason, run_id, follow_up_run_id, answered_at
               from requests where partner_id = $1 and request_id = $2";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &request.as_str()]).await? else {
        return Ok(None);
    };
    if row.get::<String>("answer")? == "waiting" {
        return Ok(Some(None));
    }
    Ok(Some(Some(crate::requests::answered(&row)?.answer)))
}

/// All partners' ids, for whoever mistyped one.
pub async fn partners(tx: &Transaction<'_>, most: i64) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: their list
               select partner_id from partners order by partner_id limit $1";
    tx.query(sql, &[&most]).await?.iter().map(|row| row.partner_id("partner_id")).collect()
}
