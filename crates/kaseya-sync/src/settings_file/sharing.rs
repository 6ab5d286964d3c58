//! Several companies or products on one target: allowed only where somebody has said "add them together" (S-34).

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, CompanyId, ContractId, ProductId, ServiceId};
use store::{
    settings::PartnerSettings,
    settings_writing::{NewCompany, NewCompanyMapping, NewProduct},
};

use super::{rows::Read, section::Section};

type Target = (ContractId, ServiceId);

/// Who is on the targets, in the document and in what is stored beside it.
#[derive(Default)]
struct Occupied {
    companies: BTreeMap<Target, BTreeSet<CompanyId>>,
    products: BTreeMap<(CompanyId, Target), BTreeSet<ProductId>>,
    accounts: BTreeMap<ContractId, BTreeSet<AccountId>>,
}

impl Occupied {
    fn add(&mut self, company: &CompanyId, account: AccountId, product: &ProductId, target: Target) {
        self.companies.entry(target).or_default().insert(company.clone());
        self.products.entry((company.clone(), target)).or_default().insert(product.clone());
        self.accounts.entry(target.0).or_default().insert(account);
    }
}

/// Asks "add together?" where nobody has answered it, and names contracts that are said to be of two accounts.
pub(super) fn check(
    top: &Section<'_, '_>,
    products: &[Read<ProductId, NewProduct>],
    companies: &[Read<CompanyId, NewCompany>],
    stored: Option<&PartnerSettings>,
) {
    let services = services(products, stored);
    let mut occupied = Occupied::default();
    let mapped = |row: &'_ Read<CompanyId, NewCompany>| -> Option<NewCompanyMapping> {
        row.row.as_ref()?.mapping.clone()
    };
    for row in companies {
        if let (Some(id), Some(mapping)) = (&row.id, mapped(row)) {
            for (product, service) in &services {
                occupied.add(id, mapping.account, product, (contract_of(&mapping, product), *service));
            }
        }
    }
    let listed: BTreeSet<&CompanyId> = companies.iter().filter_map(|row| row.id.as_ref()).collect();
    for (id, company) in
        stored.into_iter().flat_map(|stored| &stored.companies).filter(|(id, _)| !listed.contains(id))
    {
        if let Some(mapping) = &company.mapping {
            for (product, service) in &services {
                occupied.add(id, mapping.account, product, (mapping.contract_of(product).id, *service));
            }
        }
    }
    for row in companies {
        if let (Some(id), Some(mapping)) = (&row.id, mapped(row)) {
            ask_company(top, row, id, &mapping, &services, &occupied);
        }
    }
    ask_products(top, products, &occupied);
}

fn ask_company(
    top: &Section<'_, '_>,
    row: &Read<CompanyId, NewCompany>,
    id: &CompanyId,
    mapping: &NewCompanyMapping,
    services: &BTreeMap<ProductId, ServiceId>,
    occupied: &Occupied,
) {
    let contracts: BTreeSet<ContractId> =
        services.keys().map(|product| contract_of(mapping, product)).chain([mapping.contract]).collect();
    for contract in contracts {
        let accounts = occupied.accounts.get(&contract);
        if accounts.is_some_and(|accounts| accounts.len() > 1) {
            let fault = format!("contract {contract} is said to be of two accounts");
            top.mistake_at(
                row.span.clone(),
                row.path.replace("add_together", "contract_id"),
                fault,
                "correct one of them",
            );
        }
        let others: BTreeSet<&CompanyId> = occupied
            .companies
            .iter()
            .filter(|((on, _), there)| *on == contract && there.contains(id))
            .flat_map(|(_, there)| there)
            .filter(|other| *other != id)
            .collect();
        if let Some(other) = others.first()
            && !row.add_together
        {
            let fault =
                format!("{id} and {other} are on one contract, {contract}: add their users together?");
            let mend =
                "if so, write add_together = true for each of them; if not, give each a contract of its own";
            top.mistake_at(row.span.clone(), row.path.clone(), fault, mend);
        }
    }
}

fn ask_products(top: &Section<'_, '_>, products: &[Read<ProductId, NewProduct>], occupied: &Occupied) {
    for row in products.iter().filter(|row| !row.add_together) {
        let Some(id) = &row.id else { continue };
        let shared = occupied.products.values().find(|there| there.len() > 1 && there.contains(id));
        if let Some(other) = shared.and_then(|there| there.iter().find(|other| *other != id)) {
            let fault =
                format!("{id} and {other} are the same service on one contract: add their users together?");
            let mend =
                "if so, write add_together = true for each of them; if not, give each a service of its own";
            top.mistake_at(row.span.clone(), row.path.clone(), fault, mend);
        }
    }
}

/// The services of all mapped products, as they will be.
fn services(
    products: &[Read<ProductId, NewProduct>],
    stored: Option<&PartnerSettings>,
) -> BTreeMap<ProductId, ServiceId> {
    let stored = stored.into_iter().flat_map(|stored| &stored.products);
    let mut services: BTreeMap<ProductId, ServiceId> =
        stored.filter_map(|(id, product)| Some((id.clone(), product.mapping.as_ref()?.service))).collect();
    for row in products.iter().filter_map(|row| row.row.as_ref()) {
        match &row.service {
            Some((service, _)) => services.insert(row.product.clone(), *service),
            None => services.remove(&row.product),
        };
    }
    services
}

fn contract_of(mapping: &NewCompanyMapping, product: &ProductId) -> ContractId {
    mapping.product_contracts.get(product).map_or(mapping.contract, |(contract, _)| *contract)
}
