//! A batch of `JobDone` in one transaction.

use domain::{Brake, ContractId, Entropy, HoldId, RunMode, ServiceId};
use jiff::Timestamp;
use store::{
    StoreError, Transaction, breakers, closing,
    events::NewEvent,
    journal, lines, logins, outcomes,
    standing_holds::{self, HeldChange},
};

use crate::{
    done::{Host, JobDone, Login},
    events,
};

/// A message with the trace it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) done: JobDone,
    pub(crate) traceparent: Option<String>,
}

/// Stores a batch. Jobs are taken in the order of their identifiers, so that two batches never wait for each other in a
/// circle.
pub(crate) async fn store_batch(
    tx: &Transaction<'_>,
    batch: &[Arrived],
    entropy: &Entropy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut ordered: Vec<&Arrived> = batch.iter().collect();
    ordered.sort_by_key(|arrived| {
        let source = &arrived.done.source;
        (source.partner.as_str(), source.run_number, arrived.done.job, source.attempt)
    });
    for arrived in ordered {
        store_one(tx, arrived, entropy, now).await?;
    }
    tx.notify("ledger").await
}

async fn store_one(
    tx: &Transaction<'_>,
    arrived: &Arrived,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = &arrived.done;
    let partner = &done.source.partner;
    let mut events = Vec::new();

    store_facts(tx, done).await?;
    if done.mode == RunMode::Apply {
        events.extend(store_standing(tx, arrived, entropy, now).await?);
    }
    outcomes::store_run_companies(tx, &done.source, &done.companies).await?;
    events.extend(store_host_and_login(tx, done, now).await?);

    let holder =
        closing::close_job(tx, partner, done.job, done.source.attempt, done.left_over.as_ref(), now).await?;
    if !holder {
        tracing::info!(partner_id = %partner, job_id = %done.job, attempt = done.source.attempt,
            "JobDone of an attempt that no longer holds its job: its changes are kept, the ledger stays");
    }
    if let Some(ended) = closing::end_run(tx, partner, done.source.run, now).await? {
        let totals = outcomes::count_run(tx, partner, done.source.run).await?;
        events.push(events::run_finished(partner, done.source.run, &ended, totals, now));
    }
    store::events::store_events(tx, partner, events, now).await
}

/// Lines and changes: true whatever the order of messages, so journalled whoever reports them.
async fn store_facts(tx: &Transaction<'_>, done: &JobDone) -> Result<(), StoreError> {
    let partner = &done.source.partner;
    if !done.lines.is_empty() {
        lines::store_lines(tx, partner, done.source.run_number, &done.lines).await?;
        let own: Vec<_> = done.changes.iter().map(|change| change.intent).collect();
        journal::settle_from_lines(tx, partner, &done.lines, &own).await?;
    }
    if !done.changes.is_empty() {
        journal::settle_intents(tx, partner, &done.changes).await?;
    }
    Ok(())
}

/// Statuses and holds: the newest run's word stands.
async fn store_standing(
    tx: &Transaction<'_>,
    arrived: &Arrived,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<Vec<NewEvent>, StoreError> {
    let done = &arrived.done;
    let partner = &done.source.partner;
    let mut events = Vec::new();
    if done.companies.is_empty() {
        return Ok(events);
    }
    let changed = outcomes::store_statuses(
        tx,
        &done.source,
        &done.companies,
        arrived.traceparent.as_deref(),
        done.finished_at,
    )
    .await?;
    events.extend(changed.iter().map(|change| events::status_changed(partner, done.source.run, change, now)));
    let companies: Vec<String> = done.companies.iter().map(|outcome| outcome.company.to_string()).collect();
    outcomes::drop_stale_statuses(tx, &done.source, &companies).await?;

    standing_holds::end_holds(tx, partner, done.source.run_number, &targets_in_order(done)).await?;
    let opened = standing_holds::store_holds(
        tx,
        partner,
        done.source.run_number,
        held_changes(done, entropy, now),
        now,
    )
    .await?;
    events.extend(opened.iter().map(|hold| events::hold_opened(partner, hold, now)));
    Ok(events)
}

/// Targets that hold our number now: nothing about them waits for a person any more.
fn targets_in_order(done: &JobDone) -> Vec<(ContractId, ServiceId)> {
    let mut targets: Vec<_> = done
        .products()
        .filter(|(_, product)| matches!(product.state.as_str(), "changed" | "unchanged" | "sent"))
        .filter_map(|(company, product)| Some((company.contract?, ServiceId(product.service?))))
        .collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// The held changes, one per target: several companies may be added together on one.
fn held_changes(done: &JobDone, entropy: &Entropy, now: Timestamp) -> Vec<HeldChange> {
    let mut held: Vec<HeldChange> = Vec::new();
    for (company, product) in done.held() {
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
            tracing::error!(partner_id = %done.source.partner, company_id = %company.company,
                "a held product without contract, service, units or date: no hold can be opened for it");
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
    let first =
        closing::credit_calls(tx, partner, done.job, done.source.attempt, &done.calls, minute_of(now))
            .await?;
    if !first {
        return Ok(Vec::new());
    }
    match done.host {
        Host::NotCalled => {}
        Host::Answered => breakers::host_answered(tx, partner, done.job).await?,
        Host::Failed => breakers::host_failed(tx, partner, done.job, now).await?,
    }
    let mut events = Vec::new();
    match (&done.login, done.credentials_version) {
        (Login::Refused(code), Some(version)) => {
            logins::login_refused(tx, partner, done.job, code.as_str(), now).await?;
            if closing::refuse_credentials(tx, partner, version, code.as_str(), now).await? {
                events.push(events::credentials_refused(partner, code.as_str(), version, now));
            }
        }
        (Login::Accepted, _) => logins::login_accepted(tx, partner, done.job, now).await?,
        (Login::Unknown, _) => logins::login_unknown(tx, partner, done.job, now).await?,
        (Login::NotTried | Login::Refused(_), _) => logins::login_not_tried(tx, partner, done.job).await?,
    }
    Ok(events)
}

fn minute_of(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(now)
}
