//! The work asked of an attempt, for the ledger, which compares its `JobDone` with it (F3).

use domain::{CompanyId, ProductId};
use messages::job_content::{Contract, JobContent, Target};
use store::jobs::{AssignedContract, AssignedProduct, Assignment};

/// The work that this content asks.
pub(crate) fn of(content: &JobContent) -> Assignment {
    let services = content.survey.iter().flat_map(|survey| survey.services.keys());
    Assignment {
        contracts: content.contracts.iter().map(|work| (work.id.0, contract(work))).collect(),
        services: services.map(|service| service.0).collect(),
    }
}

fn contract(work: &Contract) -> AssignedContract {
    let mapped = work.targets.iter().map(|target| target.service.0);
    let without_target = |company: &CompanyId, product: &ProductId, users: Option<u32>| AssignedProduct {
        company: company.to_string(),
        product: product.to_string(),
        service: None,
        users,
        billed: None,
        wanted: None,
        awaited: false,
    };
    let notes = work.notes.iter().map(|note| without_target(&note.company, &note.product, note.users));
    let unbilled = work
        .unbilled
        .iter()
        .map(|unbilled| without_target(&unbilled.company, &unbilled.product, unbilled.users));
    AssignedContract {
        account: work.account.0,
        services: mapped.chain(work.also_look_for.iter().map(|service| service.0)).collect(),
        products: work.targets.iter().flat_map(products).chain(notes).chain(unbilled).collect(),
    }
}

/// The products that a target sums up; for a line that companies left behind, the products that were on it.
fn products(target: &Target) -> Vec<AssignedProduct> {
    let product = |company: &CompanyId, product: &ProductId| AssignedProduct {
        company: company.to_string(),
        product: product.to_string(),
        service: Some(target.service.0),
        users: None,
        billed: None,
        wanted: target.wanted_units(),
        awaited: target.remembered.pending.is_some()
            || target.remembered.undated.is_some()
            || !target.fields_changed.is_empty(),
    };
    let addends = target.addends.iter().map(|addend| AssignedProduct {
        users: addend.count.map(|count| count.users),
        billed: addend.count.map(|count| addend.billed.unwrap_or(count.users)),
        ..product(&addend.company, &addend.product)
    });
    let left = target.left_by().map(|(company, left)| product(company, left));
    addends.chain(left).collect()
}
