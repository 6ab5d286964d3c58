//! Readings with lines of another contract (G-06). If Kaseya ignores which contract was asked for, it shows other
//! clients' lines. A worker that reads one contract alone cannot notice; the tables can.

use std::collections::BTreeSet;

use domain::{AnswerFault, CompanyState, ContractId, ErrorCode, LineId, Remark, lines_count_since};
use jiff::Timestamp;
use messages::job_done::JobDone;
use store::{StoreError, Transaction, targets::lines};

/// The request as people see it.
const ENDPOINT: &str = "GET contract lines";

/// Removes from a message its readings of contracts with line ids that are known on another contract. Nothing of
/// such a reading is stored, and its results become *not sent* with UNK-01. Writes stay on record all the same.
pub(crate) async fn disbelieve(
    tx: &Transaction<'_>,
    done: &mut JobDone,
    now: Timestamp,
) -> Result<(), StoreError> {
    let read_lines = done.lines.iter().filter(|line| !line.is_implied);
    let shown: Vec<(ContractId, LineId)> = read_lines.map(|line| (line.contract, line.line)).collect();
    if shown.is_empty() {
        return Ok(());
    }
    let read: Vec<ContractId> = done.contracts_read.iter().map(|read| read.contract).collect();
    let partner = &done.source.partner;
    let since = lines_count_since(now);
    let elsewhere = lines::known_elsewhere(tx, partner, &shown, &read, since).await?;
    if !elsewhere.is_empty() {
        tracing::warn!(job = %done.job, contracts = ?elsewhere, "lines of other contracts were shown and are not used");
        take_back(done, &elsewhere);
    }
    Ok(())
}

fn take_back(done: &mut JobDone, contracts: &BTreeSet<ContractId>) {
    done.lines.retain(|line| !contracts.contains(&line.contract));
    done.contracts_read.retain(|read| !contracts.contains(&read.contract));
    let of_contract = |contract: Option<ContractId>| contract.is_some_and(|one| contracts.contains(&one));
    for company in done.companies.iter_mut().filter(|company| of_contract(company.contract)) {
        let read_only = |state: &str| {
            [CompanyState::Unchanged, CompanyState::Held].iter().any(|known| known.as_str() == state)
        };
        for product in company.products.iter_mut().filter(|product| read_only(&product.state)) {
            product.state = CompanyState::NotSent.as_str().to_owned();
            product.code = Some(ErrorCode::Unk01.as_str().to_owned());
            (product.from, product.brake) = (None, None);
        }
        if matches!(company.state, CompanyState::Unchanged | CompanyState::Held) {
            company.state = CompanyState::NotSent;
            company.code = Some(ErrorCode::Unk01);
            let (endpoint, fault) = (ENDPOINT.to_owned(), AnswerFault::LineOfOtherContract);
            company.remarks = vec![Remark::AnswerUnusable { endpoint, fault }];
        }
        company.seen_equal = false;
        company.evidence = None;
    }
}
