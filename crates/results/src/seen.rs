//! What an attempt saw and did in Kaseya, independent of the outcome for its companies.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CompanyOutcome, CompanyState, ContractId, ContractRead, ErrorCode, ServiceId};
use messages::job_done::JobDone;
use store::{
    StoreError, Transaction,
    kaseya::{
        contracts,
        names::{self, NameOf},
        services,
    },
    targets::{self, SeenEqual, gone_lines, journal, lines},
};

use crate::done::products;

/// Stores lines, readings, sights and changes in any order: older ones never replace newer ones.
pub(crate) async fn store_facts(tx: &Transaction<'_>, done: &JobDone) -> Result<(), StoreError> {
    let partner = &done.source.partner;
    store_reads(tx, done).await?;
    if !done.lines.is_empty() {
        lines::store_lines(tx, partner, done.source.run_number, &done.lines).await?;
        journal::settle_from_lines(tx, partner, &done.lines, &done.changes).await?;
    }
    if !done.contracts_read.is_empty() {
        let read: Vec<ContractId> = done.contracts_read.iter().map(|read| read.contract).collect();
        gone_lines::forget_gone_lines(tx, partner, &read).await?;
    }
    let seen_equal = seen_equal(done);
    if !seen_equal.is_empty() {
        targets::remember_equal(tx, partner, &seen_equal).await?;
    }
    if !done.changes.is_empty() {
        journal::settle_intents(tx, partner, (done.job, done.source.attempt), &done.changes).await?;
    }
    let run_number = done.source.run_number;
    if !done.contracts_seen.is_empty() {
        contracts::store_seen(tx, partner, run_number, &done.contracts_seen).await?;
    }
    if !done.services_seen.is_empty() {
        services::store_seen(tx, partner, run_number, &done.services_seen).await?;
    }
    if !done.contracts_implied.is_empty() {
        contracts::store_implied(tx, partner, &done.contracts_implied).await?;
    }
    store_names(tx, done).await
}

/// Stores Kaseya's names for what was seen.
async fn store_names(tx: &Transaction<'_>, done: &JobDone) -> Result<(), StoreError> {
    let (partner, at) = (&done.source.partner, done.finished_at);
    names::see(tx, partner, NameOf::Service, &done.services_named, at).await?;
    let contracts = done.contracts_seen.iter().filter_map(|seen| {
        let shown = seen.shown.as_ref()?;
        Some((seen.contract.0, shown.name.clone()))
    });
    names::see(tx, partner, NameOf::Contract, &contracts.collect(), at).await?;
    let owners =
        done.contracts_read.iter().filter_map(|read| Some((read.owner_account?.0, read.owner_name.clone()?)));
    let asked = done.accounts_seen.iter().map(|(account, name)| (account.0, name.clone()));
    names::see(tx, partner, NameOf::Account, &owners.chain(asked).collect(), at).await
}

/// Stores which contracts were read, before the lines found: lines of these contracts that were not found are no
/// longer known.
async fn store_reads(tx: &Transaction<'_>, done: &JobDone) -> Result<(), StoreError> {
    let partner = &done.source.partner;
    let mut coded = coded_contracts(&done.companies);
    let reads: Vec<(&ContractRead, bool)> =
        done.contracts_read.iter().map(|read| (read, coded.remove(&read.contract))).collect();
    if !reads.is_empty() {
        let attempt = (done.job, done.source.attempt);
        contracts::store_reads(tx, partner, done.source.run_number, attempt, &reads).await?;
    }
    if !coded.is_empty() {
        contracts::store_codes(tx, partner, &Vec::from_iter(coded)).await?;
    }
    Ok(())
}

/// The contracts that got a code from what Kaseya showed (G-02).
fn coded_contracts(companies: &[CompanyOutcome]) -> BTreeSet<ContractId> {
    let is_seen = |code: &str| code.parse().is_ok_and(ErrorCode::is_seen);
    let coded = companies.iter().filter(|company| {
        company.code.is_some_and(ErrorCode::is_seen)
            || company.products.iter().any(|product| product.code.as_deref().is_some_and(is_seen))
    });
    coded.filter_map(|company| company.contract).collect()
}

/// The targets with lines that were read and held our number before any write.
fn seen_equal(done: &JobDone) -> Vec<SeenEqual> {
    let companies: Vec<&CompanyOutcome> = done.companies.iter().collect();
    let unchanged: BTreeMap<(ContractId, ServiceId), i32> = products(&companies)
        .filter(|(_, product)| product.state == CompanyState::Unchanged.as_str())
        .filter_map(|(company, product)| {
            Some(((company.contract?, ServiceId(product.service?)), i32::try_from(product.to?).ok()?))
        })
        .collect();
    let shown = done.lines.iter().filter_map(|line| {
        let units = *unchanged.get(&(line.contract, line.service))?;
        let (contract, service, seen_at) = (line.contract, line.service, line.seen_at);
        (line.units == f64::from(units)).then_some(SeenEqual { contract, service, units, seen_at })
    });
    // A leftover has no count: if its line is gone, it holds the person's 0 (D-13).
    let gone: BTreeSet<(ContractId, ServiceId)> = products(&companies)
        .filter(|(_, product)| product.users.is_none() && product.from.is_none() && product.to == Some(0))
        .filter_map(|(company, product)| Some((company.contract?, ServiceId(product.service?))))
        .filter(|target| unchanged.contains_key(target))
        .collect();
    let seen_at = done.finished_at;
    let gone = gone.into_iter().map(|(contract, service)| SeenEqual { contract, service, units: 0, seen_at });
    shown.chain(gone).collect()
}
