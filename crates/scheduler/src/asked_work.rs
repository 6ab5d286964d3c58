//! The work asked of an attempt, for the ledger, which compares its `JobDone` with it (F3).

use messages::v1;
use store::jobs::{Asked, AskedContract, AskedProduct};

/// The work that this content asks.
pub(crate) fn of(content: &v1::JobContent) -> Asked {
    let contracts = content.contracts.iter().filter_map(|work| Some((work.contract_id?, contract(work))));
    let services = content.survey.iter().flat_map(|survey| &survey.services);
    Asked {
        contracts: contracts.collect(),
        services: services.filter_map(|service| service.service_id).collect(),
    }
}

fn contract(work: &v1::ContractWork) -> AskedContract {
    let mapped = work.targets.iter().filter_map(|target| target.service_id);
    let without_target = |company: &str, product: &str, users: Option<u32>| AskedProduct {
        company: company.to_owned(),
        product: product.to_owned(),
        service: None,
        users,
        billed: None,
        wanted: None,
        awaited: false,
    };
    let notes = work.notes.iter().map(|note| without_target(&note.company_id, &note.product_id, note.users));
    let unbilled = work
        .unbilled
        .iter()
        .map(|unbilled| without_target(&unbilled.company_id, &unbilled.product_id, unbilled.users));
    AskedContract {
        account: work.account_id.unwrap_or_default(),
        services: mapped.chain(work.also_look_for.iter().copied()).collect(),
        products: work.targets.iter().flat_map(products).chain(notes).chain(unbilled).collect(),
    }
}

/// The products that a target sums up; for a line that companies left behind, the products that were on it.
fn products(target: &v1::TargetWork) -> Vec<AskedProduct> {
    let product = |company: &str, product: &str| AskedProduct {
        company: company.to_owned(),
        product: product.to_owned(),
        service: target.service_id,
        users: None,
        billed: None,
        wanted: target.wanted_units,
        awaited: target.pending.is_some() || target.undated.is_some(),
    };
    let addends = target.addends.iter().map(|addend| AskedProduct {
        users: addend.users,
        billed: addend.users.map(|users| addend.billed_units.unwrap_or(users)),
        ..product(&addend.company_id, &addend.product_id)
    });
    let left = target.leftover.iter().flat_map(|_| &target.shares).flat_map(|seen| &seen.shares);
    addends.chain(left.map(|share| product(&share.company_id, &share.product_id))).collect()
}
