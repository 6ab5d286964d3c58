//! Ids with a name that belongs to something else in Kaseya, as far as Kaseya has shown them (MAP-05).

use std::collections::BTreeMap;

use domain::{CompanyId, ProductId, is_name_of};
use store::{
    kaseya::names::KaseyaNames,
    settings::{NewCompany, NewProduct},
};

use super::{rows::Read, section::Section};

/// Refuses each, naming both.
pub(super) fn check(
    top: &Section<'_, '_>,
    products: &[Read<ProductId, NewProduct>],
    companies: &[Read<CompanyId, NewCompany>],
    names: &KaseyaNames,
) {
    for row in products {
        let service = row.row.as_ref().and_then(|product| product.service.as_ref());
        if let Some((service, told)) = service {
            compare(top, row, "service_name", &names.services, service.0, told);
        }
    }
    for row in companies {
        let mapping = row.row.as_ref().and_then(|company| company.mapping.as_ref());
        if let Some(mapping) = mapping {
            let contracts = &names.contracts;
            compare(top, row, "account_name", &names.accounts, mapping.account.0, &mapping.account_name);
            compare(top, row, "contract_name", contracts, mapping.contract.0, &mapping.contract_name);
            for (contract, told) in mapping.product_contracts.values() {
                compare(top, row, "product_contract", contracts, contract.0, told);
            }
        }
    }
}

fn compare<Id, Row>(
    top: &Section<'_, '_>,
    row: &Read<Id, Row>,
    field: &str,
    names: &BTreeMap<i32, String>,
    id: i32,
    told: &str,
) {
    if let Some(named) = names.get(&id).filter(|named| !is_name_of(told, named)) {
        let fault = format!("Kaseya calls what has the id {id} \"{named}\", not \"{told}\" (MAP-05)");
        let path = row.path.replace("add_together", field);
        top.mistake_at(row.span.clone(), path, fault, "correct the id or the name");
    }
}
