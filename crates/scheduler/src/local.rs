//! Local jobs: work that needs no worker. The scheduler reports it to results itself.
//!
//! It covers a contract that is known to hold the wanted units, a company without contract (MAP-01), a product
//! without service (MAP-02) or not billed (B-05), a count that is missing (QTY-02), and every contract of a slice
//! that was given up (JOB-03), whose request has expired (JOB-01), or whose partner's credentials are refused.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Addend, CompanyId, CompanyOutcome, CompanyState, ContractId, ErrorCode, Evidence, Glance, JobId, Outcome,
    OutcomeSource, ProductOutcome, Remark, SeenLine, Wanted, aggregate, seen_equal,
};
use jiff::Timestamp;
use messages::job_done::JobDone;
use store::{
    StoreError, Transaction,
    jobs::{self, GivenUp, LocalJob},
};

use crate::{
    Context,
    context::LEDGER,
    facts,
    known::Known,
    partner_plan::{ContractPlan, PartnerPlan, TargetPlan, UnbilledProduct, UnmappedProduct},
};

/// Makes the `JobDone` of a claimed local job from the present facts. Contracts that have become work meanwhile go to
/// a worker, in a job of their own; returns `None` when all of them do. A `JobDone` without any company is sent too,
/// because a run ends when its jobs do.
pub(crate) async fn job_done(
    tx: &Transaction<'_>,
    context: &Context,
    job: &LocalJob,
    now: Timestamp,
) -> Result<Option<JobDone>, StoreError> {
    let Some(facts) = facts::read(tx, &job.partner, now).await?.facts() else {
        return Ok(Some(done(job, Vec::new(), now)));
    };
    let plan = facts.plan();
    // A refusal that no longer applies is no reason: the new credentials are tried.
    let is_ours = |code: &ErrorCode| matches!(code, ErrorCode::Job01 | ErrorCode::Job03);
    let code = job.code.filter(|code| is_ours(code) || job.refused.is_some());
    let mut report = LocalReport::new(job, &plan);
    let contracts: Vec<ContractId> = report.contracts.iter().copied().collect();
    let known = Known::read(tx, &job.partner, (&facts, &plan), job.run_number, &contracts, now).await?;
    let planned = contracts.iter().filter_map(|contract| plan.contracts.get(contract));
    let glances: BTreeMap<ContractId, Glance> =
        planned.map(|planned| (planned.contract, known.glance(planned))).collect();
    if code.is_none() && job.refused.is_none() {
        let (work, local) =
            report.contracts.iter().partition(|contract| needs_worker(&plan, &glances, **contract));
        report.contracts = local;
        move_to_work(tx, context, job, &work, &report, now).await?;
        if !work.is_empty() && report.is_empty() {
            return Ok(None);
        }
    }
    let code = code.or(job.refused);
    let mut outcomes = report.outcomes(&plan, &known, &glances, code);
    if let (Some(ErrorCode::Job01), Some(expired_at)) = (code, job.expires_at) {
        let expired = Remark::RequestExpired { expired_at };
        outcomes.iter_mut().for_each(|outcome| outcome.remarks.push(expired.clone()));
    }
    if let (Some(ErrorCode::Job03), Some(why)) = (code, job.given_up) {
        let why = match why {
            GivenUp::BrokeOff => Remark::BrokeOff,
            GivenUp::TooLarge => Remark::TooLarge,
        };
        outcomes.iter_mut().for_each(|outcome| outcome.remarks.push(why.clone()));
    }
    // Knowledge from memory is valid only for the Kaseya that is synced.
    let credentials_version = i32::try_from(facts.integration.credentials_version).ok();
    let (lines, contracts_implied) = match code {
        None => (report.lines(&known, &glances), report.implied(&glances)),
        Some(_) => (Vec::new(), Vec::new()),
    };
    Ok(Some(JobDone { lines, contracts_implied, credentials_version, ..done(job, outcomes, now) }))
}

/// Whether a number could be sent and Kaseya is not known to hold it.
fn needs_worker(plan: &PartnerPlan, glances: &BTreeMap<ContractId, Glance>, contract: ContractId) -> bool {
    let planned = plan.contracts.get(&contract);
    planned.is_some_and(ContractPlan::needs_worker) && glances.get(&contract) == Some(&Glance::Read)
}

async fn move_to_work(
    tx: &Transaction<'_>,
    context: &Context,
    job: &LocalJob,
    work: &BTreeSet<ContractId>,
    report: &LocalReport,
    now: Timestamp,
) -> Result<(), StoreError> {
    if work.is_empty() {
        return Ok(());
    }
    let numbers =
        |contracts: &BTreeSet<ContractId>| contracts.iter().map(|contract| contract.0).collect::<Vec<_>>();
    let companies: Vec<&str> = report.companies.iter().map(CompanyId::as_str).collect();
    let beside = JobId(context.entropy.uuid(now));
    jobs::split_local(tx, job, beside, &numbers(work), &numbers(&report.contracts), &companies, now).await?;
    jobs::note_mappings(tx, &job.partner, job.run).await?;
    tx.notify(LEDGER).await
}

/// What a local job still has to report.
struct LocalReport {
    contracts: BTreeSet<ContractId>,
    /// Companies without contract.
    companies: BTreeSet<CompanyId>,
}

impl LocalReport {
    /// A company that was mapped after the job was made is reported on its contracts.
    fn new(job: &LocalJob, plan: &PartnerPlan) -> Self {
        let mut contracts: BTreeSet<ContractId> =
            job.contracts.iter().copied().filter(|contract| plan.contracts.contains_key(contract)).collect();
        let (mut companies, wanted) = (BTreeSet::new(), &job.companies);
        for company in wanted {
            if plan.unmapped.contains_key(company) {
                companies.insert(company.clone());
            } else {
                let of_company =
                    plan.contracts.values().filter(|contract| contract.companies.contains(company));
                contracts.extend(of_company.map(|contract| contract.contract));
            }
        }
        Self { contracts, companies }
    }

    fn is_empty(&self) -> bool {
        self.contracts.is_empty() && self.companies.is_empty()
    }

    fn outcomes(
        &self,
        plan: &PartnerPlan,
        known: &Known,
        glances: &BTreeMap<ContractId, Glance>,
        code: Option<ErrorCode>,
    ) -> Vec<CompanyOutcome> {
        let contracts = self.contracts.iter().filter_map(|contract| plan.contracts.get(contract));
        let mapped = contracts.flat_map(|contract| {
            let because = match (code, glances.get(&contract.contract)) {
                (Some(code), _) => Because::Code(code),
                (None, Some(Glance::Holds(evidence))) => Because::Holds(*evidence),
                (None, Some(Glance::Read) | None) => Because::CountMissing,
            };
            contract.companies.iter().map(move |company| {
                let remarks = match because {
                    Because::Holds(_) => known.later_starts(contract, company),
                    Because::Code(_) | Because::CountMissing => Vec::new(),
                };
                let evidence = match because {
                    Because::Holds(evidence) => Some(evidence),
                    Because::Code(_) | Because::CountMissing => known.remembered(contract.contract),
                };
                CompanyOutcome { remarks, evidence, ..on_contract(contract, company, because) }
            })
        });
        mapped.chain(self.companies.iter().map(|company| without_contract(plan, company))).collect()
    }

    /// The lines of changes that a contract's total has confirmed.
    fn lines(&self, known: &Known, glances: &BTreeMap<ContractId, Glance>) -> Vec<SeenLine> {
        let implied = self.contracts.iter().filter(|contract| implied_at(glances, **contract).is_some());
        implied.flat_map(|contract| known.implied_by_total(*contract)).collect()
    }

    /// The contracts whose total implies their lines.
    fn implied(&self, glances: &BTreeMap<ContractId, Glance>) -> Vec<(ContractId, Timestamp)> {
        let implied = self.contracts.iter();
        implied.filter_map(|contract| Some((*contract, implied_at(glances, *contract)?))).collect()
    }
}

/// When a contract's total implied its lines, if that is the evidence that they hold the wanted units.
fn implied_at(glances: &BTreeMap<ContractId, Glance>, contract: ContractId) -> Option<Timestamp> {
    match glances.get(&contract) {
        Some(Glance::Holds(Evidence::ImpliedByTotal(at))) => Some(*at),
        _ => None,
    }
}

/// Why a contract needs no worker.
#[derive(Debug, Clone, Copy)]
enum Because {
    /// Every contract of the slice gets this code.
    Code(ErrorCode),
    /// Kaseya showed that it holds the wanted units.
    Holds(Evidence),
    /// The number is known for none of its targets.
    CountMissing,
}

fn without_contract(plan: &PartnerPlan, company: &CompanyId) -> CompanyOutcome {
    let unmapped = plan.unmapped.get(company);
    let count_day = unmapped.and_then(|unmapped| unmapped.count_day);
    let not_mapped = Outcome::with(CompanyState::NotMapped, ErrorCode::Map01);
    let products = unmapped.into_iter().flat_map(|unmapped| {
        unmapped.users.iter().map(|(product, users)| {
            let note = unmapped.not_billed.get(product);
            let outcome = note.map_or(not_mapped, |_| Outcome::of(CompanyState::NotBilled));
            let product = ProductOutcome {
                product: product.to_string(),
                users: *users,
                count_day,
                note: note.cloned(),
                ..product_outcome(outcome)
            };
            (outcome, product)
        })
    });
    let (outcomes, products): (Vec<Outcome>, Vec<ProductOutcome>) = products.unzip();
    CompanyOutcome { products, ..company_outcome(company, aggregate(&outcomes).unwrap_or(not_mapped)) }
}

fn on_contract(contract: &ContractPlan, company: &CompanyId, because: Because) -> CompanyOutcome {
    let targets = contract.targets.iter().flat_map(|target| {
        let of_company = target.addends.iter().filter(|addend| addend.company == *company);
        of_company.map(|addend| addend_outcome(target, addend, because))
    });
    let notes = contract.notes.iter().filter(|note| note.company == *company).map(note_outcome);
    let unbilled =
        contract.unbilled.iter().filter(|unbilled| unbilled.company == *company).map(unbilled_outcome);
    let (outcomes, products): (Vec<Outcome>, Vec<ProductOutcome>) =
        targets.chain(notes).chain(unbilled).unzip();
    // A mapped company for which nothing is billed here, because no product has a service.
    let nothing = Outcome::with(CompanyState::NotMapped, ErrorCode::Map02);
    let whole = match because {
        // Whatever stopped the slice, a product that is not billed is not missing because of it.
        Because::Code(_) if !outcomes.is_empty() && outcomes.iter().all(is_unbilled) => {
            Outcome::of(CompanyState::NotBilled)
        }
        Because::Code(code) => Outcome::with(CompanyState::NotSent, code),
        Because::Holds(_) | Because::CountMissing => aggregate(&outcomes).unwrap_or(nothing),
    };
    let holds = matches!(because, Because::Holds(_));
    CompanyOutcome {
        contract: Some(contract.contract),
        account: Some(contract.account),
        products,
        seen_equal: holds && seen_equal(&outcomes),
        ..company_outcome(company, whole)
    }
}

/// The outcome of a product with a service: its target holds the wanted units, or a count of the target is missing
/// (its own or another in the same sum), or the whole slice has a code.
fn addend_outcome(target: &TargetPlan, addend: &Addend, because: Because) -> (Outcome, ProductOutcome) {
    let units = match target.wanted {
        Wanted::Units(units) => Some(units),
        Wanted::Unknown => None,
    };
    let missing = if target.other_basis { ErrorCode::Qty04 } else { ErrorCode::Qty02 };
    let outcome = match because {
        Because::Code(code) => Outcome::with(CompanyState::NotSent, code),
        Because::Holds(_) if units.is_some() => Outcome::of(CompanyState::Unchanged),
        Because::Holds(_) | Because::CountMissing => Outcome::with(CompanyState::NotSent, missing),
    };
    let product = ProductOutcome {
        product: addend.product.to_string(),
        service: Some(target.service.0),
        users: addend.count.map(|count| count.users),
        billed: addend.billed,
        count_day: addend.count.map(|count| count.day),
        from: units.filter(|_| outcome.state == CompanyState::Unchanged).map(f64::from),
        to: units,
        ..product_outcome(outcome)
    };
    (outcome, product)
}

fn note_outcome(note: &UnmappedProduct) -> (Outcome, ProductOutcome) {
    let outcome = Outcome::with(CompanyState::NotMapped, ErrorCode::Map02);
    let product =
        ProductOutcome { product: note.product.to_string(), users: note.users, ..product_outcome(outcome) };
    (outcome, product)
}

fn unbilled_outcome(unbilled: &UnbilledProduct) -> (Outcome, ProductOutcome) {
    let outcome = Outcome::of(CompanyState::NotBilled);
    let product = ProductOutcome {
        product: unbilled.product.to_string(),
        users: unbilled.count.map(|count| count.users),
        count_day: unbilled.count.map(|count| count.day),
        note: Some(unbilled.note.clone()),
        ..product_outcome(outcome)
    };
    (outcome, product)
}

fn is_unbilled(outcome: &Outcome) -> bool {
    outcome.state == CompanyState::NotBilled
}

fn product_outcome(outcome: Outcome) -> ProductOutcome {
    ProductOutcome {
        state: outcome.state.to_string(),
        code: outcome.code.map(|code| code.to_string()),
        ..ProductOutcome::default()
    }
}

fn company_outcome(company: &CompanyId, outcome: Outcome) -> CompanyOutcome {
    CompanyOutcome {
        company: company.clone(),
        contract: None,
        account: None,
        state: outcome.state,
        code: outcome.code,
        remarks: Vec::new(),
        kaseya_says: None,
        products: Vec::new(),
        seen_equal: false,
        evidence: None,
        deferred_until: None,
    }
}

fn done(job: &LocalJob, companies: Vec<CompanyOutcome>, now: Timestamp) -> JobDone {
    let source = OutcomeSource {
        partner: job.partner.clone(),
        run: job.run,
        run_number: job.run_number,
        attempt: job.attempt,
    };
    JobDone { companies, ..JobDone::new(source, job.job, &job.holder, (job.mode, job.trigger), now) }
}
