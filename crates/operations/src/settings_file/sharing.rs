//! Several companies or products on one target: allowed only if a person has said "add them together" (S-34). This
//! includes products that are not mapped yet: mapped later, the question would never be asked.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, CompanyId, ContractId, ProductId, ServiceId};
use store::settings::{NewCompany, NewCompanyMapping, NewProduct, PartnerSettings};

use super::{rows::Read, section::Section};

/// What a contract's users are added to: the product's service, or the product while it has none. Without any
/// product, the contract itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum AddedTo {
    Service(ServiceId),
    Product(ProductId),
    Contract,
}

type Target = (ContractId, AddedTo);

/// Every product of the partner after this update, with its service if it is mapped.
type Products = BTreeMap<ProductId, Option<ServiceId>>;

/// The companies and products on each target, in the document and in the stored settings.
#[derive(Default)]
struct Occupied {
    companies: BTreeMap<Target, BTreeSet<CompanyId>>,
    products: BTreeMap<(CompanyId, Target), BTreeSet<ProductId>>,
    accounts: BTreeMap<ContractId, BTreeSet<AccountId>>,
}

impl Occupied {
    /// Adds a company on a contract; `own` names the contract of a product with its own.
    fn add(
        &mut self,
        company: &CompanyId,
        account: AccountId,
        contract: ContractId,
        products: &Products,
        own: impl Fn(&ProductId) -> Option<ContractId>,
    ) {
        self.accounts.entry(contract).or_default().insert(account);
        if products.is_empty() {
            let target = (contract, AddedTo::Contract);
            self.companies.entry(target).or_default().insert(company.clone());
        }
        for (product, service) in products {
            let added_to = service.map_or_else(|| AddedTo::Product(product.clone()), AddedTo::Service);
            let target = (own(product).unwrap_or(contract), added_to);
            self.accounts.entry(target.0).or_default().insert(account);
            self.companies.entry(target.clone()).or_default().insert(company.clone());
            self.products.entry((company.clone(), target)).or_default().insert(product.clone());
        }
    }
}

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
            occupied.add(id, mapping.account, mapping.contract, &all, |product| own(&mapping, product));
        }
    }
    let listed: BTreeSet<&CompanyId> = companies.iter().filter_map(|row| row.id.as_ref()).collect();
    for (id, company) in
        stored.into_iter().flat_map(|stored| &stored.companies).filter(|(id, _)| !listed.contains(id))
    {
        if let Some(mapping) = &company.mapping {
            let own = |product: &ProductId| mapping.product_contracts.get(product).map(|own| own.id);
            occupied.add(id, mapping.account, mapping.contract.id, &all, own);
        }
    }
    for row in companies {
        if let (Some(id), Some(mapping)) = (&row.id, mapped(row)) {
            ask_company(top, row, id, &mapping, &all, &occupied);
        }
    }
    ask_products(top, products, &occupied);
}

fn ask_company(
    top: &Section<'_, '_>,
    row: &Read<CompanyId, NewCompany>,
    id: &CompanyId,
    mapping: &NewCompanyMapping,
    products: &Products,
    occupied: &Occupied,
) {
    let own = products.keys().filter_map(|product| own(mapping, product));
    let contracts: BTreeSet<ContractId> = own.chain([mapping.contract]).collect();
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

fn all_products(products: &[Read<ProductId, NewProduct>], stored: Option<&PartnerSettings>) -> Products {
    let stored = stored.into_iter().flat_map(|stored| &stored.products);
    let mut all: Products = stored
        .map(|(id, product)| (id.clone(), product.mapping.as_ref().map(|mapping| mapping.service)))
        .collect();
    for row in products.iter().filter_map(|row| row.row.as_ref()) {
        all.insert(row.product.clone(), row.service.as_ref().map(|(service, _)| *service));
    }
    all
}

fn own(mapping: &NewCompanyMapping, product: &ProductId) -> Option<ContractId> {
    mapping.product_contracts.get(product).map(|(contract, _)| *contract)
}
