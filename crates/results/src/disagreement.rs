//! Whether the ledger confirms what a `JobDone` says (F3).
//!
//! Anyone with a worker's broker password can publish a `JobDone`. It is believed only as far as the ledger knows
//! the attempt that it names: who held it, what it was asked, what it was granted. The attempt that holds the job
//! is believed in all of that. An attempt that held the job before, or has already reported, is believed only about
//! its granted changes, because it may still have made a write. Anything else goes to the dead letters as a whole:
//! if one field is forged, the others may be too.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, CompanyOutcome, CompanyState, ContractId, ErrorCode, IntentId, IntentResult, JobKind, Outcome,
    ProductOutcome, RunMode, ServiceId, Trigger, aggregate, seen_equal,
};
use messages::job_done::{Host, JobDone, Login};
use store::jobs::{AssignedContract, AssignedProduct, Assignment, AttemptRecord, GrantedChange};

/// How far a message is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its attempt holds the job.
    Holder(JobKind),
    /// Its attempt held the job before, or has already reported.
    Former,
}

/// Where a message and the ledger disagree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Disagreement {
    #[error("the partner has no such job")]
    Job,
    #[error("{field} is not that of the job: the ledger has {known}")]
    Run { field: &'static str, known: String },
    #[error("the attempt was never started; the job is at attempt {newest}")]
    Attempt { newest: i32 },
    #[error("the worker {claimed:?} never held this attempt")]
    Holder { claimed: String },
    #[error("the attempt was started with other credentials")]
    Credentials,
    #[error("{what} on contract {contract}, which the job is not about")]
    Contract { what: &'static str, contract: i32 },
    #[error("the company {0} without a contract, which the job is not about")]
    Unmapped(String),
    #[error("{what} {id}, which the job did not ask about")]
    NotAsked { what: &'static str, id: i32 },
    #[error("a job by {kind} tells nothing of {what}")]
    Kind { kind: &'static str, what: &'static str },
    #[error("the change {0} was not granted to this attempt")]
    Intent(IntentId),
    #[error("{company} on contract {contract}: {what}")]
    Company { company: String, contract: i32, what: &'static str },
    #[error("{company} on contract {contract}, product {product}: {what}")]
    Product { company: String, contract: i32, product: String, what: &'static str },
    #[error("{claimed} calls were made, and {allowed} allowed")]
    Calls { claimed: i64, allowed: i64 },
}

/// Compares a message with the ledger's record of its attempt.
pub(crate) fn standing(record: Option<&AttemptRecord>, done: &JobDone) -> Result<Standing, Disagreement> {
    let record = record.ok_or(Disagreement::Job)?;
    is_of_run(record, done)?;
    let attempt = done.source.attempt;
    let holder = record.holder.as_ref().filter(|_| attempt <= record.newest);
    let holder = holder.ok_or(Disagreement::Attempt { newest: record.newest })?;
    if *holder != done.worker {
        return Err(Disagreement::Holder { claimed: done.worker.clone() });
    }
    let claimed: i64 = done.calls.iter().map(|(_, calls)| i64::from(*calls)).sum();
    if let Some(allowed) = record.allowed_calls.filter(|allowed| claimed > *allowed) {
        return Err(Disagreement::Calls { claimed, allowed });
    }
    if let Some(change) = done.changes.iter().find(|change| !record.granted.contains_key(&change.intent)) {
        return Err(Disagreement::Intent(change.intent));
    }
    if !record.is_open {
        return Ok(Standing::Former);
    }
    match record.kind {
        // From the scheduler, which reads it from the ledger.
        JobKind::Local => is_without_worker(done)?,
        JobKind::Work => is_of_slice(record, done)?,
        JobKind::Survey => is_of_survey(record, done)?,
    }
    Ok(Standing::Holder(record.kind))
}

fn is_of_run(record: &AttemptRecord, done: &JobDone) -> Result<(), Disagreement> {
    let other = |field, known| Err(Disagreement::Run { field, known });
    if record.run != done.source.run {
        return other("run_id", record.run.to_string());
    }
    if record.run_number != done.source.run_number {
        return other("run_number", record.run_number.to_string());
    }
    if record.mode != done.mode {
        return other("mode", record.mode.as_str().to_owned());
    }
    if record.trigger != done.trigger {
        return other("trigger", record.trigger.as_str().to_owned());
    }
    Ok(())
}

fn is_without_worker(done: &JobDone) -> Result<(), Disagreement> {
    let kind = JobKind::Local.as_str();
    let nothing_of = |what| Err(Disagreement::Kind { kind, what });
    if done.login != Login::NotTried {
        return nothing_of("a login");
    }
    if done.host != Host::NotCalled {
        return nothing_of("the host");
    }
    if done.survey.is_some() {
        return nothing_of("a survey");
    }
    Ok(())
}

/// Checks for every attempt of a worker.
fn is_of_worker(record: &AttemptRecord, done: &JobDone) -> Result<(), Disagreement> {
    if done.credentials_version != record.credentials_version {
        return Err(Disagreement::Credentials);
    }
    if done.kaseya_zone.is_some() && !matches!(record.trigger, Trigger::FullRead | Trigger::Probe) {
        return Err(Disagreement::Kind { kind: record.trigger.as_str(), what: "Kaseya's zone" });
    }
    // What a total implies comes from the scheduler, which knows what the total should be.
    if let Some((contract, _)) = done.contracts_implied.first() {
        return Err(Disagreement::Contract { what: "a total", contract: contract.0 });
    }
    if let Some(line) = done.lines.iter().find(|line| line.is_implied) {
        return Err(Disagreement::Contract { what: "a line by its total", contract: line.contract.0 });
    }
    let seen = done.contracts_seen.iter().map(|seen| ("a sight", seen.contract));
    let left = done.left_over.iter().flat_map(|left| &left.contracts);
    let left = left.map(|contract| ("what is left over", ContractId(*contract)));
    within(seen.chain(left), &record.contracts)
}

fn within(
    mut claimed: impl Iterator<Item = (&'static str, ContractId)>,
    contracts: &BTreeSet<ContractId>,
) -> Result<(), Disagreement> {
    match claimed.find(|(_, contract)| !contracts.contains(contract)) {
        Some((what, contract)) => Err(Disagreement::Contract { what, contract: contract.0 }),
        None => Ok(()),
    }
}

fn is_of_survey(record: &AttemptRecord, done: &JobDone) -> Result<(), Disagreement> {
    is_of_worker(record, done)?;
    let claimed = [
        (done.companies.is_empty(), "companies"),
        (done.lines.is_empty(), "lines"),
        (done.changes.is_empty(), "changes"),
        (done.contracts_read.is_empty(), "readings"),
        (done.accounts_seen.is_empty(), "accounts"),
    ];
    if let Some((_, what)) = claimed.into_iter().find(|(is_empty, _)| !is_empty) {
        return Err(Disagreement::Kind { kind: JobKind::Survey.as_str(), what });
    }
    match &record.asked {
        Some(asked) => services_are_asked(done, &asked.services),
        None => Ok(()),
    }
}

fn is_of_slice(record: &AttemptRecord, done: &JobDone) -> Result<(), Disagreement> {
    is_of_worker(record, done)?;
    if done.survey.is_some() {
        return Err(Disagreement::Kind { kind: JobKind::Work.as_str(), what: "a survey" });
    }
    if !done.services_seen.is_empty() {
        return Err(Disagreement::Kind { kind: JobKind::Work.as_str(), what: "all services" });
    }
    if let Some(company) = done.companies.iter().find(|company| company.contract.is_none()) {
        return Err(Disagreement::Unmapped(company.company.to_string()));
    }
    let companies = done.companies.iter().filter_map(|company| Some(("a status", company.contract?)));
    let lines = done.lines.iter().map(|line| ("a line", line.contract));
    let read = done.contracts_read.iter().map(|read| ("a reading", read.contract));
    within(companies.chain(lines).chain(read), &record.contracts)?;
    // An older scheduler does not record what it asks.
    match &record.asked {
        Some(asked) => is_as_asked(asked, record, done),
        None => Ok(()),
    }
}

/// Whether a slice's result is about what its attempt was asked, contract by contract.
fn is_as_asked(asked: &Assignment, record: &AttemptRecord, done: &JobDone) -> Result<(), Disagreement> {
    let of = |what, contract: ContractId| {
        asked.contracts.get(&contract.0).ok_or(Disagreement::Contract { what, contract: contract.0 })
    };
    let service_is_asked = |contract: &AssignedContract, service: ServiceId| {
        let is_asked = contract.services.contains(&service.0);
        if is_asked { Ok(()) } else { Err(Disagreement::NotAsked { what: "service", id: service.0 }) }
    };
    for line in &done.lines {
        service_is_asked(of("a line", line.contract)?, line.service)?;
    }
    for read in &done.contracts_read {
        let contract = of("a reading", read.contract)?;
        read.found.keys().try_for_each(|service| service_is_asked(contract, *service))?;
        account_is_asked(read.owner_account, contract)?;
    }
    for (account, _) in &done.accounts_seen {
        if !asked.contracts.values().any(|contract| contract.account == account.0) {
            return Err(Disagreement::NotAsked { what: "account", id: account.0 });
        }
    }
    services_are_asked(
        done,
        &asked.contracts.values().flat_map(|contract| contract.services.clone()).collect(),
    )?;
    let written = written(record, done);
    let mut products: BTreeMap<(i32, &str), Vec<&AssignedProduct>> = BTreeMap::new();
    for (number, contract) in &asked.contracts {
        for product in &contract.products {
            products.entry((*number, &product.company)).or_default().push(product);
        }
    }
    for company in &done.companies {
        let Some(number) = company.contract else { continue };
        account_is_asked(company.account, of("a status", number)?)?;
        let asked = products.get(&(number.0, company.company.as_str())).map_or(&[][..], Vec::as_slice);
        company_is_as_asked(company, number, asked, done.mode, &written)?;
    }
    Ok(())
}

fn account_is_asked(claimed: Option<AccountId>, contract: &AssignedContract) -> Result<(), Disagreement> {
    match claimed.filter(|account| account.0 != contract.account) {
        Some(account) => Err(Disagreement::NotAsked { what: "account", id: account.0 }),
        None => Ok(()),
    }
}

fn services_are_asked(done: &JobDone, asked: &BTreeSet<i32>) -> Result<(), Disagreement> {
    let seen = done.services_seen.iter().map(|seen| seen.service.0);
    match seen.chain(done.services_named.keys().copied()).find(|service| !asked.contains(service)) {
        Some(id) => Err(Disagreement::NotAsked { what: "service", id }),
        None => Ok(()),
    }
}

/// The targets with granted changes, and the attempt's result for each.
type Written = BTreeMap<(ContractId, ServiceId), (GrantedChange, IntentResult)>;

fn written(record: &AttemptRecord, done: &JobDone) -> Written {
    let changes = done.changes.iter().filter_map(|change| {
        let granted = record.granted.get(&change.intent)?;
        Some(((granted.contract, granted.service), (*granted, change.result)))
    });
    changes.collect()
}

fn company_is_as_asked(
    company: &CompanyOutcome,
    number: ContractId,
    asked: &[&AssignedProduct],
    mode: RunMode,
    written: &Written,
) -> Result<(), Disagreement> {
    let disagrees =
        |what| Err(Disagreement::Company { company: company.company.to_string(), contract: number.0, what });
    let mut left: Vec<&AssignedProduct> = asked.to_vec();
    let mut outcomes = Vec::new();
    for product in &company.products {
        let disagrees = |what| {
            let (company, product) = (company.company.to_string(), product.product.clone());
            Err(Disagreement::Product { company, contract: number.0, product, what })
        };
        let place = left
            .iter()
            .position(|asked| asked.product == product.product && asked.service == product.service);
        let Some(place) = place else { return disagrees("the job is not about it, or it is told twice") };
        let asked = left.swap_remove(place);
        let target = product.service.map(|service| (number, ServiceId(service)));
        let change = target.and_then(|target| written.get(&target));
        if let Some(what) = contradiction(product, asked, mode, change) {
            return disagrees(what);
        }
        outcomes.extend(outcome(product));
    }
    if !left.is_empty() {
        return disagrees("not all of its products are told");
    }
    if aggregate(&outcomes) != Some(Outcome { state: company.state, code: company.code }) {
        return disagrees("its state is not what its products make");
    }
    if company.seen_equal != seen_equal(&outcomes) {
        return disagrees("whether our number was seen is not what its products make");
    }
    Ok(())
}

fn outcome(product: &ProductOutcome) -> Option<Outcome> {
    let code = match &product.code {
        Some(code) => Some(code.parse::<ErrorCode>().ok()?),
        None => None,
    };
    Some(Outcome { state: CompanyState::parse(&product.state)?, code })
}

/// What is impossible in a product's outcome, given what was asked and granted.
fn contradiction(
    product: &ProductOutcome,
    asked: &AssignedProduct,
    mode: RunMode,
    change: Option<&(GrantedChange, IntentResult)>,
) -> Option<&'static str> {
    if product.users != asked.users || product.billed != asked.billed {
        return Some("it was not counted so");
    }
    if product.to.is_some_and(|to| asked.wanted != Some(to)) {
        return Some("other units were wanted");
    }
    let is_granted = change.is_some_and(|(granted, _)| Some(granted.to_units) == product.to);
    match CompanyState::parse(&product.state)? {
        CompanyState::Unchanged if product.to.is_none() || product.service.is_none() => {
            Some("nothing was wanted that it could be equal to")
        }
        CompanyState::Unchanged
            if product.from.is_some_and(|from| product.to.map(f64::from) != Some(from)) =>
        {
            Some("it is not equal to what was wanted")
        }
        CompanyState::Unchanged if product.from.is_none() && product.to != Some(0) => {
            Some("no line was seen that holds what was wanted")
        }
        CompanyState::Changed if mode == RunMode::Apply => {
            let is_confirmed = change.is_some_and(|(_, result)| *result == IntentResult::Confirmed);
            (!is_granted || !is_confirmed).then_some("no such change was granted and confirmed")
        }
        CompanyState::Sent if mode == RunMode::Apply => {
            let is_taken = change.is_some_and(|(_, result)| *result == IntentResult::Sent);
            let is_known = asked.awaited || is_granted && is_taken;
            (!is_known).then_some("no such change was granted and sent")
        }
        CompanyState::NotBilled | CompanyState::NotMapped if product.service.is_some() => {
            Some("the job is to bill it")
        }
        _ => None,
    }
}
