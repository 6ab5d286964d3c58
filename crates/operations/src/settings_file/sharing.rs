//! Several companies or products on one target: a mistake unless `add_together` says so (S-34).

use std::collections::BTreeSet;

use domain::{CompanyId, ProductId};
use store::settings::{NewCompany, NewCompanyMapping, NewProduct, PartnerSettings};

use super::{rows::Read, section::Section};
use crate::adding_together::{Mapped, Occupied, Products, products_of};

/// Asks "add together?" if it is not answered, and reports contracts that are mapped to two accounts.
pub(super) fn check(
    top: &Section<'_, '_>,
    products: &[Read<ProductId, NewProduct>],
    companies: &[Read<CompanyId, NewCompany>],
    stored: Option<&PartnerSettings>,
) {
    let all = all_products(products, stored);
    let mut occupied = Occupied::default();
    let mapped = |row: &'_ Read<CompanyId, NewCompany>| -> Option<NewCompanyMapping> {
        row.row.as_ref()?.mapping.clone()
    };
    for row in companies {
        if let (Some(id), Some(mapping)) = (&row.id, mapped(row)) {
            occupied.add(id, &Mapped::from(&mapping), &all);
        }
    }
    let listed: BTreeSet<&CompanyId> = companies.iter().filter_map(|row| row.id.as_ref()).collect();
    for (id, company) in
        stored.into_iter().flat_map(|stored| &stored.companies).filter(|(id, _)| !listed.contains(id))
    {
        if let Some(mapping) = &company.mapping {
            occupied.add(id, &Mapped::from(mapping), &all);
        }
    }
    for row in companies {
        if let (Some(id), Some(mapping)) = (&row.id, mapped(row)) {
            ask_company(top, row, id, &Mapped::from(&mapping), &occupied);
        }
    }
    ask_products(top, products, &occupied);
}

fn ask_company(
    top: &Section<'_, '_>,
    row: &Read<CompanyId, NewCompany>,
    id: &CompanyId,
    mapped: &Mapped,
    occupied: &Occupied,
) {
    for contract in mapped.contracts() {
        if occupied.has_two_accounts(contract) {
            let fault = format!("contract {contract} is said to be of two accounts");
            top.mistake_at(
                row.span.clone(),
                row.path.replace("add_together", "contract_id"),
                fault,
                "correct one of them",
            );
        }
        if let Some(other) = occupied.company_beside(id, contract)
            && !row.add_together
        {
            let fault =
                format!("{id} and {other} are on one contract, {contract}: add their users together?");
            let fix =
                "if so, write add_together = true for each of them; if not, give each a contract of its own";
            top.mistake_at(row.span.clone(), row.path.clone(), fault, fix);
        }
    }
}

fn ask_products(top: &Section<'_, '_>, products: &[Read<ProductId, NewProduct>], occupied: &Occupied) {
    for row in products.iter().filter(|row| !row.add_together) {
        let Some(id) = &row.id else { continue };
        if let Some(other) = occupied.product_beside(id) {
            let fault =
                format!("{id} and {other} are the same service on one contract: add their users together?");
            let fix =
                "if so, write add_together = true for each of them; if not, give each a service of its own";
            top.mistake_at(row.span.clone(), row.path.clone(), fault, fix);
        }
    }
}

fn all_products(products: &[Read<ProductId, NewProduct>], stored: Option<&PartnerSettings>) -> Products {
    let mut all = stored.map(products_of).unwrap_or_default();
    for row in products.iter().filter_map(|row| row.row.as_ref()) {
        all.insert(row.product.clone(), row.service.as_ref().map(|(service, _)| *service));
    }
    all
}
