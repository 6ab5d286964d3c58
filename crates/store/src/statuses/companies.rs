//! Companies and their contracts.
//!
//! A status is stored when a job has ended. Some states are not stored but laid over it here: *queued*, *running*
//! and *deferred* come from open jobs, *off* from the switch, and *never* from a missing status. A status that needs
//! a person stays visible while the company waits or is off.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, CompanyId, CompanyState, ContractId, ErrorCode, Evidence, IntegrationState, PartnerId,
    ProductId, ProductOutcome, Remark, RunId, Wait, WaitReason,
};
use jiff::Timestamp;
use serde::Deserialize as _;

use crate::{
    StoreError, Transaction,
    jobs::waiting::{self, OpenJob},
    settings::{Company, PartnerSettings, Product, schedules},
};

/// The status of a company on a contract, as shown to people.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyStatus {
    /// The company.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// The account it is mapped to, with its name; `None` if not mapped.
    pub account: Option<(AccountId, String)>,
    /// The contract, with its name; `None` for a company without one.
    pub contract: Option<(ContractId, String)>,
    /// The state.
    pub state: CompanyState,
    /// The code that explains the state; `None` if none is needed.
    pub code: Option<ErrorCode>,
    /// Remarks in addition to the code.
    pub remarks: Vec<Remark>,
    /// Kaseya's own message; `None` without one.
    pub kaseya_says: Option<String>,
    /// The company's products, as the last job found them.
    pub products: Vec<ProductOutcome>,
    /// When Kaseya was last seen to hold our number (S-39); `None` if never.
    pub last_sync: Option<Timestamp>,
    /// The evidence for its lines; `None` before the first reading.
    pub evidence: Option<Evidence>,
    /// When a line was last changed; `None` if never.
    pub last_change: Option<Timestamp>,
    /// When it continues by itself; `None` if it is not deferred.
    pub deferred_until: Option<Timestamp>,
    /// What its job waits for; `None` if it does not wait.
    pub wait: Option<Wait>,
    /// The run that produced the stored status; `None` if nothing is stored.
    pub run: Option<RunId>,
    /// The trace id of that run.
    pub trace_id: Option<String>,
}

/// A stored status.
struct Stored {
    account: Option<AccountId>,
    state: CompanyState,
    code: Option<ErrorCode>,
    remarks: Vec<Remark>,
    kaseya_says: Option<String>,
    products: Vec<ProductOutcome>,
    last_sync: Option<Timestamp>,
    evidence: Option<Evidence>,
    last_change: Option<Timestamp>,
    deferred_until: Option<Timestamp>,
    /// When it was last synced before an edit of its plan: since then it waits for the next sync.
    edited_after: Option<Timestamp>,
    run: RunId,
    trace_id: Option<String>,
}

/// What open jobs say about a company on a contract.
#[derive(Debug, Clone, Copy)]
struct Over {
    state: CompanyState,
    wait: Option<Wait>,
}

/// A partner's open jobs.
struct Open {
    jobs: Vec<OpenJob>,
    /// Set while Kaseya has the user locked and a retry follows.
    locked: Option<Wait>,
}

impl Open {
    async fn read(tx: &Transaction<'_>, partner: &PartnerId, now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            jobs: waiting::open_jobs(tx, partner, now).await?,
            locked: waiting::locked_user(tx, partner).await?,
        })
    }

    /// Running before queued before deferred, so that the state nearest to its end is shown.
    fn over(&self, company: &CompanyId, contract: Option<ContractId>) -> Option<Over> {
        let is_its = |job: &&OpenJob| match contract {
            Some(contract) => job.contracts.contains(&contract),
            None => job.companies.contains(company),
        };
        let over = |job: &OpenJob| {
            let state = match job {
                job if job.is_started => CompanyState::Running,
                job if job.is_put_off() => CompanyState::Deferred,
                _ => CompanyState::Queued,
            };
            Over { state, wait: job.wait }
        };
        let place = |over: &Over| match over.state {
            CompanyState::Running => 2,
            CompanyState::Queued => 1,
            _ => 0,
        };
        self.jobs.iter().filter(is_its).map(over).max_by_key(place)
    }

    /// Lays the temporary states over a stored status.
    fn lay_over(&self, row: CompanyStatus, off: bool) -> CompanyStatus {
        if off {
            // Its code stays visible: it is to be fixed before the integration is switched on.
            return CompanyStatus { state: CompanyState::Off, wait: None, deferred_until: None, ..row };
        }
        let contract = row.contract.as_ref().map(|(contract, _)| *contract);
        let Some(over) = self.over(&row.company, contract) else {
            let wait = self.locked.filter(|_| row.code == Some(ErrorCode::Auth03)).or(row.wait);
            return CompanyStatus {
                wait,
                deferred_until: wait.map_or(row.deferred_until, |wait| wait.until),
                ..row
            };
        };
        match over.state {
            CompanyState::Deferred if matches!(row.state, CompanyState::NotSent | CompanyState::Held) => {
                CompanyStatus {
                    wait: over.wait,
                    deferred_until: over.wait.and_then(|wait| wait.until),
                    ..row
                }
            }
            CompanyState::Deferred => {
                let code = over.wait.and_then(|wait| wait.code);
                // Kaseya's message and the remarks belong to the code that they came with.
                let (remarks, kaseya_says) =
                    if row.code == code { (row.remarks, row.kaseya_says) } else { Default::default() };
                CompanyStatus {
                    state: CompanyState::Deferred,
                    code,
                    remarks,
                    kaseya_says,
                    wait: over.wait,
                    deferred_until: over.wait.and_then(|wait| wait.until),
                    ..row
                }
            }
            state => CompanyStatus {
                state,
                code: None,
                remarks: Vec::new(),
                kaseya_says: None,
                wait: over.wait,
                deferred_until: None,
                ..row
            },
        }
    }
}

/// Every company of a partner with each contract that its products go to, by the companies' names.
pub async fn companies(
    tx: &Transaction<'_>,
    settings: &PartnerSettings,
    now: Timestamp,
) -> Result<Vec<CompanyStatus>, StoreError> {
    let off = is_off(settings);
    let PartnerSettings { partner, products, companies, .. } = settings;
    statuses_of(tx, CompanyScope { partner, products, companies, off, only: None }, now).await
}

/// One company with each contract that its products go to; nothing for one that the partner does not have.
pub async fn company(
    tx: &Transaction<'_>,
    settings: &PartnerSettings,
    company: &CompanyId,
    now: Timestamp,
) -> Result<Vec<CompanyStatus>, StoreError> {
    let off = is_off(settings);
    let PartnerSettings { partner, products, companies, .. } = settings;
    let only = companies.get_key_value(company).map(|(id, known)| (id.clone(), known.clone()));
    let (companies, ids) = (&only.into_iter().collect(), &[company.as_str()]);
    statuses_of(tx, CompanyScope { partner, products, companies, off, only: Some(ids) }, now).await
}

fn is_off(settings: &PartnerSettings) -> bool {
    settings.integration.as_ref().is_none_or(|known| known.state != IntegrationState::On)
}

/// The companies to read statuses of.
pub(crate) struct CompanyScope<'a> {
    pub partner: &'a PartnerId,
    /// All products of the partner.
    pub products: &'a BTreeMap<ProductId, Product>,
    pub companies: &'a BTreeMap<CompanyId, Company>,
    /// Every company of a partner with each contract that its products go to, ordered by company name.
    pub off: bool,
    /// One company with each contract that its products go to; empty if the partner does not have it.
    pub only: Option<&'a [&'a str]>,
}

/// Companies with each contract that their products go to, by the companies' names.
pub(crate) async fn statuses_of(
    tx: &Transaction<'_>,
    scope: CompanyScope<'_>,
    now: Timestamp,
) -> Result<Vec<CompanyStatus>, StoreError> {
    let CompanyScope { partner, products, companies, off, only } = scope;
    let mut stored = stored(tx, partner, only).await?;
    let open = Open::read(tx, partner, now).await?;
    let edited = stored.values().flat_map(BTreeMap::values).any(|status| status.edited_after.is_some());
    let schedule = if edited { schedules::read(tx, partner).await? } else { None };
    let next_sync = schedule.map(|stored| stored.next_run_at);
    let mut rows = Vec::new();
    for (id, company) in companies {
        let mut known = stored.remove(id).unwrap_or_default();
        let contracts = contracts_of(products, company, &known.keys().copied().collect());
        for contract in contracts {
            let contract_id = contract.as_ref().map(|(contract, _)| *contract);
            let status = known.remove(&contract_id);
            let mapped =
                company.mapping.as_ref().map(|mapping| (mapping.account, mapping.account_name.clone()));
            let account = mapped.or_else(|| {
                status
                    .as_ref()
                    .and_then(|status| status.account)
                    .map(|account| (account, account.to_string()))
            });
            let mut row = CompanyStatus {
                company: id.clone(),
                name: company.name.clone(),
                account,
                contract,
                state: CompanyState::Never,
                code: None,
                remarks: Vec::new(),
                kaseya_says: None,
                products: Vec::new(),
                last_sync: None,
                evidence: None,
                last_change: None,
                deferred_until: None,
                wait: None,
                run: None,
                trace_id: None,
            };
            if let Some(status) = status {
                row = CompanyStatus {
                    state: status.state,
                    code: status.code,
                    remarks: status.remarks,
                    kaseya_says: status.kaseya_says,
                    products: status.products,
                    last_sync: status.last_sync,
                    evidence: status.evidence,
                    last_change: status.last_change,
                    wait: status.edited_after.map(|last| Wait::of(WaitReason::Edited, last, next_sync)),
                    deferred_until: status.deferred_until,
                    run: Some(status.run),
                    trace_id: status.trace_id,
                    ..row
                };
            }
            rows.push(open.lay_over(row, off));
        }
    }
    rows.sort_by(|one, other| (&one.name, &one.company).cmp(&(&other.name, &other.company)));
    Ok(rows)
}

/// The contracts that a company's products go to; its own contract if no product is mapped. Also mapped contracts
/// that nothing goes to any more, if they still have a status.
fn contracts_of(
    products: &BTreeMap<ProductId, Product>,
    company: &Company,
    known: &BTreeSet<Option<ContractId>>,
) -> Vec<Option<(ContractId, String)>> {
    let Some(mapping) = &company.mapping else {
        return vec![None];
    };
    let mapped = products.iter().filter(|(_, product)| product.mapping.is_some());
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
    only: Option<&[&str]>,
) -> Result<BTreeMap<CompanyId, BTreeMap<Option<ContractId>, Stored>>, StoreError> {
    let sql =
        "select company_id, contract_id, account_id, state, code, remarks, kaseya_says, products, last_sync, last_change,
                      deferred_until, run_id, evidence, evidence_at, split_part(traceparent, '-', 2) as trace_id,
                      case when edited_during is not null then updated_at end as edited_after
               from statuses where partner_id = $1 and ($2::text[] is null or company_id = any($2))";
    let mut statuses: BTreeMap<CompanyId, BTreeMap<Option<ContractId>, Stored>> = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str(), &only]).await? {
        let status = Stored {
            account: row.get::<Option<i32>>("account_id")?.map(AccountId),
            state: row.named("state", CompanyState::parse)?,
            code: row.optional_code("code")?,
            remarks: remarks(&row.get("remarks")?),
            kaseya_says: row.get("kaseya_says")?,
            products: crate::statuses::outcomes::products(&row)?,
            last_sync: row.get("last_sync")?,
            evidence: match (row.get::<Option<String>>("evidence")?, row.get("evidence_at")?) {
                (Some(kind), Some(at)) => Evidence::of_kind(&kind, at),
                _ => None,
            },
            last_change: row.get("last_change")?,
            deferred_until: row.get("deferred_until")?,
            edited_after: row.get("edited_after")?,
            run: RunId(row.get("run_id")?),
            trace_id: row.get("trace_id")?,
        };
        let company = statuses.entry(row.company_id("company_id")?).or_default();
        company.insert(row.contract_or_none("contract_id")?, status);
    }
    Ok(statuses)
}

/// A remark unknown to this program has no text here; a newer program shows it.
fn remarks(kept: &serde_json::Value) -> Vec<Remark> {
    kept.as_array().into_iter().flatten().filter_map(|remark| Remark::deserialize(remark).ok()).collect()
}
