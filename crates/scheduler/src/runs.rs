//! Makes runs: what a run is for, cut into jobs.
//!
//! Contracts with at least one number go to workers in slices, after a survey if the run is for all companies. The
//! rest needs no worker: contracts without any known number, and companies without contract. While Kaseya refuses the
//! partner's credentials nothing goes to a worker. Each contract's local job says so, so that a night without a sync
//! is seen.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CompanyId, ContractId, Entropy, JobId, MAX_TARGETS, RunId, RunMode, slices_of_kin};
use jiff::Timestamp;
use messages::inbound::Companies;
use store::{
    StoreError, Transaction,
    jobs::runs::{self, JobSlice, NewJob, NewRun, Occasion},
    settings::Integration,
};

use crate::{
    facts::Facts,
    partner_plan::{ContractPlan, PartnerPlan},
};

/// The most companies without contract in one local job.
const MAX_LOCAL: usize = 100;

/// What a run is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Items {
    /// Contracts for workers, each with its weight in a slice.
    pub(crate) work: BTreeMap<ContractId, usize>,
    /// Contracts without any known number, each with its weight in a slice.
    pub(crate) local: BTreeMap<ContractId, usize>,
    /// Companies without contract.
    pub(crate) companies: BTreeSet<CompanyId>,
    /// The companies whose users each contract bills.
    pub(crate) billed: BTreeMap<ContractId, BTreeSet<CompanyId>>,
}

impl Items {
    /// The part of a plan that concerns these companies. Their contracts are synced as a whole: a target's number is
    /// the sum over all its companies.
    pub(crate) fn of_companies(plan: &PartnerPlan, companies: &Companies) -> Self {
        let concerned = |company: &CompanyId| match companies {
            Companies::All => true,
            Companies::Only(listed) => listed.contains(company),
        };
        let mut items = Self::default();
        // A line that a company left behind is that company's business too.
        let is_asked_for = |contract: &&ContractPlan| {
            let left_by = contract.leftovers().flat_map(|leftover| &leftover.companies);
            *companies == Companies::All || contract.companies.iter().chain(left_by).any(concerned)
        };
        for contract in plan.contracts.values().filter(is_asked_for) {
            items.add_contract(plan, contract.contract);
        }
        items.companies = plan.unmapped.keys().filter(|company| concerned(company)).cloned().collect();
        items
    }

    /// The contracts of this set that the plan has.
    pub(crate) fn of_contracts(plan: &PartnerPlan, contracts: &BTreeSet<ContractId>) -> Self {
        let mut items = Self::default();
        for contract in contracts {
            items.add_contract(plan, *contract);
        }
        items
    }

    fn add_contract(&mut self, plan: &PartnerPlan, contract: ContractId) {
        if let Some(planned) = plan.contracts.get(&contract) {
            let kind = if planned.needs_worker() { &mut self.work } else { &mut self.local };
            kind.insert(contract, planned.weight());
            self.billed.insert(contract, planned.companies.clone());
        }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.work.is_empty() && self.local.is_empty() && self.companies.is_empty()
    }
}

/// What begins a run, and how far it goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunOrder<'a> {
    /// What begins the run.
    pub(crate) occasion: Occasion<'a>,
    /// Whether the run writes.
    pub(crate) mode: RunMode,
    /// Whether the run is for every company. It then replaces an older open run.
    pub(crate) all_companies: bool,
    /// When the request expires; `None` without an end.
    pub(crate) expires_at: Option<Timestamp>,
}

impl RunOrder<'_> {
    /// Whether the run begins with a survey. A run that reads every line before any write needs no survey to choose
    /// lines.
    fn is_surveyed(&self) -> bool {
        let rereads = self.mode == RunMode::Plan && matches!(self.occasion, Occasion::FullRead);
        self.all_companies && !rereads
    }
}

/// Makes a run, in the trace of the current span. The caller holds the partner's lock.
pub(crate) async fn make(
    tx: &Transaction<'_>,
    entropy: &Entropy,
    facts: &Facts,
    order: &RunOrder<'_>,
    items: &Items,
    now: Timestamp,
) -> Result<RunId, StoreError> {
    let partner = &facts.settings.partner;
    let (mut awaited, mut expires_at) = (BTreeSet::new(), order.expires_at);
    if order.all_companies
        && let Some(older) = runs::supersede(tx, partner, order.mode, now).await?
    {
        tracing::info!(%partner, run = %older.run, "superseded by a newer run for all companies");
        awaited = older.awaited;
        // The older run's work does not end with this request.
        expires_at = None;
    }
    let run = RunId(entropy.uuid(now));
    let (traceparent, _) = runtime::trace::inject(&tracing::Span::current());
    let new = NewRun {
        run,
        partner,
        occasion: order.occasion,
        mode: order.mode,
        all_companies: order.all_companies,
        traceparent: traceparent.as_deref(),
        expires_at,
    };
    let jobs: Vec<NewJob> = cut(items, &facts.integration, order.is_surveyed())
        .into_iter()
        .map(|content| NewJob { job: JobId(entropy.uuid(now)), content })
        .collect();
    runs::create(tx, &new, &jobs, now).await?;
    if !awaited.is_empty() {
        // A person's two minutes (S-32) still apply, whichever run their companies are in by now.
        runs::hurry(tx, partner, run, &awaited).await?;
    }
    tracing::info!(%partner, %run, trigger = %order.occasion.trigger(), jobs = jobs.len(), "run made");
    Ok(run)
}

/// Cuts the items of a run into jobs. There is always at least one, because a run ends when its jobs do. A run for
/// all companies begins with a survey, and its workers' jobs are made from that. A run for some companies reads
/// theirs at once.
fn cut(items: &Items, integration: &Integration, survey_first: bool) -> Vec<JobSlice> {
    let refused = integration.credentials_refused.map(|refused| refused.code);
    let local = |contracts, code| JobSlice::Local { contracts, companies: Vec::new(), code };
    let nobody = BTreeSet::new();
    let sliced = |contracts: &BTreeMap<ContractId, usize>| -> Vec<Vec<ContractId>> {
        let kin = contracts
            .iter()
            .map(|(contract, targets)| (*contract, *targets, items.billed.get(contract).unwrap_or(&nobody)));
        slices_of_kin(&kin.collect::<Vec<_>>(), MAX_TARGETS)
    };
    let mut jobs: Vec<JobSlice> = if survey_first && refused.is_none() && !items.work.is_empty() {
        vec![JobSlice::Survey { contracts: items.work.keys().copied().collect() }]
    } else {
        sliced(&items.work)
            .into_iter()
            .map(|contracts| match refused {
                Some(code) => local(contracts, Some(code)),
                None => JobSlice::Work { contracts },
            })
            .collect()
    };
    jobs.extend(sliced(&items.local).into_iter().map(|contracts| local(contracts, None)));
    let companies: Vec<CompanyId> = items.companies.iter().cloned().collect();
    jobs.extend(companies.chunks(MAX_LOCAL).map(|companies| JobSlice::Local {
        contracts: Vec::new(),
        companies: companies.to_vec(),
        code: None,
    }));
    if jobs.is_empty() {
        jobs.push(local(Vec::new(), None));
    }
    jobs
}
