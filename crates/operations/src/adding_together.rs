//! Several companies or products on one line: their users are added together only if a person has said so (S-34).
//! The pages, the mapping file and the settings file ask here.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, CompanyId, ContractId, ProductId, ServiceId};
use store::settings::{CompanyMapping, NewCompanyMapping, PartnerSettings};

/// What a product's users are added to on a contract: its service, or the product itself until it is mapped to a
/// service: mapped later, the question would never be asked. Without any product a contract stands for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AddedTo {
    Service(ServiceId),
    Product(ProductId),
    Contract,
}

/// What users are added to: one service on one contract.
pub(crate) type Target = (ContractId, AddedTo);

/// Every product of the partner, with its service if it is mapped.
pub(crate) type Products = BTreeMap<ProductId, Option<ServiceId>>;

/// The stored products.
pub(crate) fn products_of(stored: &PartnerSettings) -> Products {
    let service = |mapping: &store::settings::ProductMapping| mapping.service;
    stored.products.iter().map(|(id, product)| (id.clone(), product.mapping.as_ref().map(service))).collect()
}

/// The account and the contracts of a company, stored or to be stored.
pub(crate) struct Mapped {
    account: AccountId,
    contract: ContractId,
    /// Products with a contract of their own.
    own: BTreeMap<ProductId, ContractId>,
}

impl From<&CompanyMapping> for Mapped {
    fn from(mapping: &CompanyMapping) -> Self {
        let own = mapping.product_contracts.iter();
        Self {
            account: mapping.account,
            contract: mapping.contract.id,
            own: own.map(|(product, contract)| (product.clone(), contract.id)).collect(),
        }
    }
}

impl From<&NewCompanyMapping> for Mapped {
    fn from(mapping: &NewCompanyMapping) -> Self {
        let own = mapping.product_contracts.iter();
        Self {
            account: mapping.account,
            contract: mapping.contract,
            own: own.map(|(product, (contract, _))| (product.clone(), *contract)).collect(),
        }
    }
}

impl Mapped {
    /// Its contracts.
    pub(crate) fn contracts(&self) -> BTreeSet<ContractId> {
        self.own.values().copied().chain([self.contract]).collect()
    }

    /// Its targets, now or once the products are mapped.
    pub(crate) fn targets(&self, products: &Products) -> BTreeSet<Target> {
        if products.is_empty() {
            return BTreeSet::from([(self.contract, AddedTo::Contract)]);
        }
        products.iter().map(|(product, service)| self.target(product, *service)).collect()
    }

    fn target(&self, product: &ProductId, service: Option<ServiceId>) -> Target {
        let to = service.map_or_else(|| AddedTo::Product(product.clone()), AddedTo::Service);
        (self.own.get(product).copied().unwrap_or(self.contract), to)
    }
}

/// Other companies on one of these contracts.
fn beside<'a>(
    stored: &'a PartnerSettings,
    company: &'a CompanyId,
    mapped: &Mapped,
) -> impl Iterator<Item = (&'a CompanyId, Mapped)> {
    let contracts = mapped.contracts();
    stored.companies.iter().filter(move |(other, _)| *other != company).filter_map(move |(other, known)| {
        let theirs = Mapped::from(known.mapping.as_ref()?);
        (!theirs.contracts().is_disjoint(&contracts)).then_some((other, theirs))
    })
}

/// Companies that map one of these contracts to another account.
pub(crate) fn of_other_accounts(
    stored: &PartnerSettings,
    company: &CompanyId,
    mapping: &NewCompanyMapping,
) -> Vec<CompanyId> {
    beside(stored, company, &mapping.into())
        .filter(|(_, other)| other.account != mapping.account)
        .map(|(other, _)| other.clone())
        .collect()
}

/// Companies whose users would be added to this company's and are not yet.
pub(crate) fn companies_newly_together(
    stored: &PartnerSettings,
    company: &CompanyId,
    mapping: &NewCompanyMapping,
) -> Vec<CompanyId> {
    let (products, mapped) = (products_of(stored), Mapped::from(mapping));
    let after = mapped.targets(&products);
    let before = stored.companies.get(company).and_then(|known| known.mapping.as_ref());
    let before = before.map(|before| Mapped::from(before).targets(&products)).unwrap_or_default();
    beside(stored, company, &mapped)
        .filter(|(_, other)| {
            let theirs = other.targets(&products);
            !theirs.is_disjoint(&after) && theirs.is_disjoint(&before)
        })
        .map(|(other, _)| other.clone())
        .collect()
}

/// Products that would be one service and are not yet. A product with `None` loses its service.
pub(crate) fn products_newly_together<'a>(
    stored: &'a PartnerSettings,
    services: impl Iterator<Item = (&'a ProductId, Option<ServiceId>)>,
) -> Vec<ProductId> {
    let before: BTreeMap<&ProductId, ServiceId> = stored
        .products
        .iter()
        .filter_map(|(product, known)| Some((product, known.mapping.as_ref()?.service)))
        .collect();
    let mut after = before.clone();
    for (product, service) in services {
        match service {
            Some(service) => after.insert(product, service),
            None => after.remove(product),
        };
    }
    let mut together = BTreeSet::new();
    for (product, service) in &after {
        for (other, _) in after.iter().filter(|(other, its)| *other != product && *its == service) {
            let known = before.get(product) == Some(service) && before.get(other) == Some(service);
            if !known {
                together.extend([(*product).clone(), (*other).clone()]);
            }
        }
    }
    together.into_iter().collect()
}

/// The companies and products on each target, when the settings are set as a whole.
#[derive(Default)]
pub(crate) struct Occupied {
    companies: BTreeMap<Target, BTreeSet<CompanyId>>,
    products: BTreeMap<(CompanyId, Target), BTreeSet<ProductId>>,
    accounts: BTreeMap<ContractId, BTreeSet<AccountId>>,
}

impl Occupied {
    /// Adds a company.
    pub(crate) fn add(&mut self, company: &CompanyId, mapped: &Mapped, products: &Products) {
        self.accounts.entry(mapped.contract).or_default().insert(mapped.account);
        for target in mapped.targets(products) {
            self.accounts.entry(target.0).or_default().insert(mapped.account);
            self.companies.entry(target).or_default().insert(company.clone());
        }
        for (product, service) in products {
            let at = (company.clone(), mapped.target(product, *service));
            self.products.entry(at).or_default().insert(product.clone());
        }
    }

    /// Whether a contract is mapped to two accounts.
    pub(crate) fn has_two_accounts(&self, contract: ContractId) -> bool {
        self.accounts.get(&contract).is_some_and(|accounts| accounts.len() > 1)
    }

    /// The first other company whose users are added to this company's on a contract.
    pub(crate) fn company_beside(&self, company: &CompanyId, contract: ContractId) -> Option<&CompanyId> {
        let there =
            self.companies.iter().filter(|((on, _), there)| *on == contract && there.contains(company));
        there.flat_map(|(_, there)| there).filter(|other| *other != company).min()
    }

    /// The first other product whose users are added to this product's.
    pub(crate) fn product_beside(&self, product: &ProductId) -> Option<&ProductId> {
        let mut there = self.products.values().filter(|there| there.len() > 1 && there.contains(product));
        there.next()?.iter().find(|other| *other != product)
    }
}
