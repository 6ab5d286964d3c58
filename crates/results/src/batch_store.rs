//! Stores a batch of `JobDone` in one transaction.

use std::collections::{BTreeMap, HashSet};

use domain::{
    Brake, CompanyOutcome, CompanyState, ContractId, Entropy, HeldChange, HoldId, IntentId, JobKind,
    LoginOutcome, PartnerId, ProductId, RunMode, ServiceId, Share, SurveyEnd,
};
use jiff::Timestamp;
use messages::job_done::{Host, JobDone, Login};
use store::{
    StoreError, Transaction, holds,
    jobs::{self, job_end, run_totals},
    kaseya::{breakers, calls, logins, zones},
    messages::{events::NewEvent, parts},
    settings::refused_credentials,
    statuses::{later_finals, outcomes},
    targets::{self, journal, leftovers},
};
use uuid::Uuid;

use crate::{
    disagreement::{self, Disagreement, Standing},
    done::products,
    events, lines_elsewhere,
    seen::store_facts,
};

/// A message with its trace.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) done: JobDone,
    pub(crate) traceparent: Option<String>,
    /// The id that its parts share, if it came in parts.
    pub(crate) in_parts: Option<Uuid>,
}

/// Outcome of a message: stored, or refused because the ledger disagrees.
pub(crate) type Stored = Result<(), Disagreement>;

/// Stores a batch and returns the outcome of each message. Jobs are taken in the order of their ids, so that two
/// batches never deadlock.
pub(crate) async fn store_batch(
    tx: &Transaction<'_>,
    batch: &[Arrived],
    entropy: &Entropy,
    now: Timestamp,
) -> Result<Vec<Stored>, StoreError> {
    let mut ordered: Vec<(usize, &Arrived)> = batch.iter().enumerate().collect();
    ordered.sort_by_key(|(_, arrived)| {
        let source = &arrived.done.source;
        (source.partner.as_str(), source.run_number, arrived.done.job, source.attempt)
    });
    let mut stored = vec![Ok(()); batch.len()];
    for (place, arrived) in ordered {
        stored[place] = store_one(tx, arrived, entropy, now).await?;
        // The parts of a refused message make up its letter, which may have to be published again.
        if let (Some(whole), Ok(())) = (arrived.in_parts, &stored[place]) {
            parts::forget(tx, whole).await?;
        }
    }
    tx.notify("ledger").await?;
    Ok(stored)
}

/// Stores what the ledger confirms of a message.
async fn store_one(
    tx: &Transaction<'_>,
    arrived: &Arrived,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<Stored, StoreError> {
    let done = &arrived.done;
    let (partner, attempt) = (&done.source.partner, (done.job, done.source.attempt));
    let named: Vec<IntentId> = done.changes.iter().map(|change| change.intent).collect();
    let record = jobs::attempt_record(tx, partner, attempt, &named).await?;
    match disagreement::standing(record.as_ref(), done) {
        Ok(Standing::Holder(kind)) => store_held(tx, arrived, kind, entropy, now).await.map(Ok),
        Ok(Standing::Former) => store_former(tx, done, now).await.map(Ok),
        Err(disagreement) => Ok(Err(disagreement)),
    }
}

/// For an attempt that no longer holds its job, or has already reported: stores the outcome of its changes, since
/// it may still have made a write, and its calls. The holder sees again what this attempt saw.
async fn store_former(tx: &Transaction<'_>, done: &JobDone, now: Timestamp) -> Result<(), StoreError> {
    let (partner, job, attempt) = (&done.source.partner, done.job, done.source.attempt);
    tracing::info!(partner_id = %partner, job_id = %job, attempt,
        "JobDone of an attempt that does not hold its job: what became of its changes is kept, nothing else");
    if !done.changes.is_empty() {
        journal::settle_intents(tx, partner, (job, attempt), &done.changes).await?;
    }
    calls::credit_calls(tx, partner, job, attempt, &done.calls, calls::minute_of(now)).await.map(drop)
}

/// Stores the result of the attempt that holds a job.
async fn store_held(
    tx: &Transaction<'_>,
    arrived: &Arrived,
    kind: JobKind,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut arrived = arrived.clone();
    lines_elsewhere::disbelieve(tx, &mut arrived.done, now).await?;
    let (arrived, done) = (&arrived, &arrived.done);
    let partner = &done.source.partner;
    let mut events = Vec::new();

    let counts = match done.credentials_version {
        Some(version) => store::settings::start_over::still_counts(tx, partner, version).await?,
        None => true,
    };
    if counts {
        store_facts(tx, done).await?;
    } else {
        // It read another Kaseya than the one synced now. What it has written there is on record.
        journal::settle_intents(tx, partner, (done.job, done.source.attempt), &done.changes).await?;
    }
    let mut companies = done.companies.clone();
    if counts && done.mode == RunMode::Apply {
        count_earlier_attempts(tx, done, &mut companies).await?;
        let later = holds::open_later_finals(tx, partner).await?;
        later_finals::keep_held(&mut companies, &later);
        events.extend(store_standing(tx, arrived, &companies, entropy, now).await?);
    }
    outcomes::store_run_companies(tx, &done.source, &companies).await?;
    let totals = run_totals::count_run(tx, partner, done.source.run).await?;
    events.extend(store_host_and_login(tx, done, now).await?);

    let (attempt, left) = (done.source.attempt, done.left_over.as_ref());
    let any_through = done.companies.iter().any(|company| company.state != CompanyState::Deferred);
    let holder = match done.survey {
        Some(end) => job_end::close_survey(tx, partner, done.job, attempt, end, left, now).await?,
        // A survey without a result was not made: the run's jobs look for themselves.
        None if kind == JobKind::Survey => {
            job_end::close_survey(tx, partner, done.job, attempt, SurveyEnd::GivenUp, left, now).await?
        }
        None => job_end::close_job(tx, partner, done.job, attempt, left, any_through, now).await?,
    };
    if !holder {
        tracing::info!(partner_id = %partner, job_id = %done.job, attempt = done.source.attempt,
            "the attempt lost its job while its JobDone was stored: the ledger stays");
    }
    if let Some(ended) = job_end::end_run(tx, partner, done.source.run, now).await? {
        let run_number = done.source.run_number;
        let left = leftovers::bring_up_to_date(tx, partner, run_number, entropy, now).await?;
        events.extend(left.iter().map(|hold| events::hold_opened(partner, hold, now)));
        events.push(events::run_finished(partner, done.source.run, &ended, totals, now));
    }
    store::messages::events::store_events(tx, partner, events, now).await
}

/// What an attempt finds equal because an earlier attempt of its run changed it counts as changed: the run did it,
/// and the earlier worker may have been killed before it could report it.
async fn count_earlier_attempts(
    tx: &Transaction<'_>,
    done: &JobDone,
    companies: &mut [CompanyOutcome],
) -> Result<(), StoreError> {
    let made = journal::changes_of_run(tx, &done.source.partner, done.source.run).await?;
    for company in companies {
        for product in &mut company.products {
            let target = (company.contract, product.service.map(ServiceId));
            let change = made.iter().find(|made| (Some(made.contract), Some(made.service)) == target);
            if let (Some(change), "unchanged") = (change, product.state.as_str()) {
                CompanyState::Changed.as_str().clone_into(&mut product.state);
                product.from = Some(change.from_units);
                product.effective = Some(change.effective_date);
                if company.state == CompanyState::Unchanged {
                    company.state = CompanyState::Changed;
                }
            }
        }
    }
    Ok(())
}

/// Statuses and holds: the newest run wins.
async fn store_standing(
    tx: &Transaction<'_>,
    arrived: &Arrived,
    companies: &[CompanyOutcome],
    entropy: &Entropy,
    now: Timestamp,
) -> Result<Vec<NewEvent>, StoreError> {
    let done = &arrived.done;
    let (partner, run_number) = (&done.source.partner, done.source.run_number);
    let mut events = Vec::new();
    if companies.is_empty() {
        return Ok(events);
    }
    let trace = arrived.traceparent.as_deref();
    let stored =
        outcomes::store_statuses(tx, &done.source, done.job, companies, trace, done.finished_at).await?;
    let news = stored.iter().filter(|status| status.is_news);
    events.extend(news.map(|status| events::status_changed(partner, done.source.run, status, now)));
    let names: Vec<String> = companies.iter().map(|outcome| outcome.company.to_string()).collect();
    outcomes::drop_stale_statuses(tx, partner, &names).await?;

    // An older run opens no hold where a newer one has reported.
    let stood: HashSet<_> = stored.iter().map(|status| (&status.company, status.contract)).collect();
    let stands = |outcome: &&CompanyOutcome| stood.contains(&(&outcome.company, outcome.contract));
    let standing: Vec<&CompanyOutcome> = companies.iter().filter(stands).collect();
    targets::remember_shares(tx, partner, run_number, &shares(&standing)).await?;
    holds::end_overtaken_holds(tx, partner).await?;
    holds::end_holds(tx, partner, run_number, &targets_in_order(&standing)).await?;
    holds::use_once(tx, partner, run_number, &targets_sent(&standing)).await?;
    let held = held_changes(partner, &standing, entropy, now);
    let to_tell = holds::store_holds(tx, partner, run_number, held, now).await?;
    events.extend(to_tell.iter().map(|hold| events::hold_opened(partner, hold, now)));
    Ok(events)
}

/// Targets that were seen to hold our number: nothing on them waits for a person any more.
fn targets_in_order(companies: &[&CompanyOutcome]) -> Vec<(ContractId, ServiceId)> {
    targets_in(companies, |state| matches!(state, "changed" | "unchanged"))
}

/// Targets with a change that Kaseya accepted but does not show yet.
fn targets_sent(companies: &[&CompanyOutcome]) -> Vec<(ContractId, ServiceId)> {
    targets_in(companies, |state| state == CompanyState::Sent.as_str())
}

fn targets_in(companies: &[&CompanyOutcome], is_one: impl Fn(&str) -> bool) -> Vec<(ContractId, ServiceId)> {
    let mut targets: Vec<_> = products(companies)
        .filter(|(_, product)| is_one(product.state.as_str()))
        .filter_map(|(company, product)| Some((company.contract?, ServiceId(product.service?))))
        .collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// The counts in the numbers that lines were seen to hold, or that Kaseya accepted.
fn shares(companies: &[&CompanyOutcome]) -> BTreeMap<(ContractId, ServiceId), Vec<Share>> {
    let mut targets: BTreeMap<_, Vec<Share>> = BTreeMap::new();
    for (company, product) in products(companies) {
        if !matches!(product.state.as_str(), "changed" | "unchanged" | "sent") {
            continue;
        }
        let known = (|| {
            Some((
                (company.contract?, ServiceId(product.service?)),
                ProductId::new(product.product.as_str()).ok()?,
                product.billed?,
            ))
        })();
        if let Some((target, product, units)) = known {
            let share = Share { company: company.company.clone(), product, units };
            targets.entry(target).or_default().push(share);
        }
    }
    targets
}

/// The held changes, one per target: several companies may be added together on one.
fn held_changes(
    partner: &PartnerId,
    companies: &[&CompanyOutcome],
    entropy: &Entropy,
    now: Timestamp,
) -> Vec<HeldChange> {
    let mut held: Vec<HeldChange> = Vec::new();
    for (company, product) in products(companies) {
        if product.state != CompanyState::Held.as_str() {
            continue;
        }
        let known = (|| {
            Some((
                company.contract?,
                ServiceId(product.service?),
                product.brake.as_deref().and_then(Brake::parse)?,
                product.from?,
                i32::try_from(product.to?).ok()?,
                product.effective?,
            ))
        })();
        let Some((contract, service, brake, from_units, to_units, effective_date)) = known else {
            tracing::error!(partner_id = %partner, company_id = %company.company,
                "a held product without brake, contract, service, units or date: no hold can be opened for it");
            continue;
        };
        let name = company.company.to_string();
        match held.iter_mut().find(|hold| (hold.contract, hold.service) == (contract, service)) {
            Some(hold) if hold.companies.contains(&name) => {}
            Some(hold) => hold.companies.push(name),
            None => held.push(HeldChange {
                new_hold: HoldId(entropy.uuid(now)),
                contract,
                service,
                companies: vec![name],
                brake,
                from_units,
                to_units,
                effective_date,
                pair: product.pair,
            }),
        }
    }
    held
}

async fn store_host_and_login(
    tx: &Transaction<'_>,
    done: &JobDone,
    now: Timestamp,
) -> Result<Vec<NewEvent>, StoreError> {
    let partner = &done.source.partner;
    let (job, attempt) = (done.job, done.source.attempt);
    let mut events = Vec::new();
    // A refusal counts whenever it comes; recording it again changes nothing.
    if let (Login::Refused(code), Some(version)) = (&done.login, done.credentials_version) {
        if refused_credentials::refuse_credentials(tx, partner, version, code.as_str(), now).await? {
            events.extend(
                refused_credentials::unannounced_refusal(tx, partner).await?.map(events::credentials_refused),
            );
        }
        let refused = LoginOutcome::Refused;
        logins::job_login_ended(tx, partner, (job, attempt), refused, Some(code.as_str()), now).await?;
    }
    if let (Some(zone), Some(version)) = (&done.kaseya_zone, done.credentials_version) {
        zones::note_by_job(tx, partner, version, zone, now).await?;
    }
    // Everything else is counted once, however often the message comes.
    if !calls::credit_calls(tx, partner, job, attempt, &done.calls, calls::minute_of(now)).await? {
        return Ok(events);
    }
    match done.host {
        Host::NotCalled => {}
        Host::Answered => breakers::host_answered(tx, partner, job).await?,
        Host::Failed => breakers::host_failed(tx, partner, job, now).await?,
    }
    let outcome = match done.login {
        Login::Refused(_) => return Ok(events),
        Login::Accepted => LoginOutcome::Accepted,
        Login::Unknown => LoginOutcome::Unknown,
        Login::NotTried => LoginOutcome::NotTried,
    };
    logins::job_login_ended(tx, partner, (job, attempt), outcome, None, now).await?;
    Ok(events)
}
