//! Compares a file with what is stored: rows about unknown companies or products, and what the other rows change.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, CompanyId, ContractId, ProductId, is_name_of};
use store::{
    kaseya::names::KaseyaNames,
    settings::{CompanyMapping, PartnerSettings, ProductMapping},
};

use super::{
    BadRow, Column, Comparison, Difference, Wrong,
    sheet::{Row, Says, Sheet},
};
use crate::adding_together::{Mapped, Target, products_newly_together, products_of};

/// What a row is about.
type Key = (Option<CompanyId>, Option<ProductId>);

/// What the file changes, and the settings after it.
pub(super) fn compare(
    before: &PartnerSettings,
    sheet: &Sheet,
    names: &KaseyaNames,
) -> (Comparison, PartnerSettings) {
    let mut comparing = Comparing { after: before.clone(), lines: BTreeMap::new(), bad: sheet.bad.clone() };
    // A product's own contract is part of its company's mapping, which may come later in the file.
    let (own, others): (Vec<&Row>, Vec<&Row>) =
        sheet.rows.iter().partition(|row| matches!(row.says, Says::Own(..)));
    for row in others.into_iter().chain(own) {
        comparing.take(before, row);
        comparing.believe(row, names);
    }
    let differences = differences(before, &comparing.after);
    comparing.refuse_other_accounts(&differences);
    let Comparing { after, mut bad, .. } = comparing;
    bad.sort_by_key(|row| row.line);
    let services = differences.iter().filter_map(|difference| match difference {
        Difference::Product { product, to, .. } => Some((product, to.as_ref().map(|to| to.service))),
        _ => None,
    });
    let comparison = Comparison {
        bad,
        companies_together: companies_together(before, &after),
        products_together: products_newly_together(before, services),
        not_yet_known: Vec::new(),
        leftovers: Vec::new(),
        differences,
    };
    (comparison, after)
}

struct Comparing {
    after: PartnerSettings,
    lines: BTreeMap<Key, u64>,
    bad: Vec<BadRow>,
}

impl Comparing {
    fn wrong(&mut self, line: u64, column: Column, wrong: Wrong) {
        self.bad.push(BadRow { line, column, wrong });
    }

    fn take(&mut self, before: &PartnerSettings, row: &Row) {
        let known = self.bad.len();
        if let Some((id, name)) = &row.about.company {
            let stored = before.companies.get(id).map(|company| company.name.as_str());
            self.check(row.line, ["company_id", "company"], id.as_str(), name, stored);
        }
        if let Some((id, name)) = &row.about.product {
            let stored = before.products.get(id).map(|product| product.name.as_str());
            self.check(row.line, ["product_id", "product"], id.as_str(), name, stored);
        }
        let company = row.about.company.as_ref().map(|(id, _)| id.clone());
        let product = row.about.product.as_ref().map(|(id, _)| id.clone());
        if let Some(first) = self.lines.insert((company.clone(), product.clone()), row.line) {
            self.wrong(row.line, "row", Wrong::Twice(first));
        }
        if self.bad.len() > known {
            return;
        }
        let company = company.and_then(|id| self.after.companies.get_mut(&id));
        match (&row.says, company, product) {
            (Says::Service(service), _, Some(product)) => {
                if let Some(known) = self.after.products.get_mut(&product) {
                    known.mapping.clone_from(service);
                }
            }
            (Says::Mapping(mapping), Some(company), _) => {
                let known = company.mapping.take();
                company.mapping = mapping.clone().map(|(account, account_name, contract)| {
                    let version = known.as_ref().map_or(0, |known| known.version);
                    // The existing own contracts belong to the old account.
                    let own = known.filter(|known| known.account == account);
                    let product_contracts = own.map(|known| known.product_contracts).unwrap_or_default();
                    CompanyMapping { account, account_name, contract, product_contracts, version }
                });
            }
            (Says::Own(contract, billing), Some(company), Some(product)) => {
                match billing {
                    Some(billing) => company.billing_rules.insert(product.clone(), billing.clone()),
                    None => company.billing_rules.remove(&product),
                };
                match (&mut company.mapping, contract) {
                    (Some(mapping), Some(contract)) => {
                        mapping.product_contracts.insert(product, contract.clone());
                    }
                    (Some(mapping), None) => {
                        mapping.product_contracts.remove(&product);
                    }
                    (None, Some(_)) => self.wrong(row.line, "contract_id", Wrong::NotMapped),
                    (None, None) => {}
                }
            }
            _ => {}
        }
    }

    /// Notes a bad row if Kaseya has shown another name for one of its ids (G-06).
    fn believe(&mut self, row: &Row, names: &KaseyaNames) {
        match &row.says {
            Says::Service(service) => {
                if let Some(service) = service {
                    self.named(
                        row.line,
                        "service",
                        &names.services,
                        service.service.0,
                        &service.service_name,
                    );
                }
            }
            Says::Mapping(mapping) => {
                if let Some((account, account_name, contract)) = mapping {
                    self.named(row.line, "account", &names.accounts, account.0, account_name);
                    self.named(row.line, "contract", &names.contracts, contract.id.0, &contract.name);
                }
            }
            Says::Own(contract, _) => {
                if let Some(contract) = contract {
                    self.named(row.line, "contract", &names.contracts, contract.id.0, &contract.name);
                }
            }
        }
    }

    fn named(&mut self, line: u64, column: Column, names: &BTreeMap<i32, String>, id: i32, told: &str) {
        if let Some(named) = names.get(&id).filter(|named| !is_name_of(told, named)) {
            let (told, named) = (told.to_owned(), named.clone());
            self.wrong(line, column, Wrong::NotItsName { id, told, named });
        }
    }

    /// Checks that the row's company and product exist under the row's names: if a spreadsheet changes an id, the
    /// name no longer fits.
    fn check(
        &mut self,
        line: u64,
        [id_column, column]: [Column; 2],
        id: &str,
        name: &str,
        stored: Option<&str>,
    ) {
        match stored {
            None => self.wrong(line, id_column, Wrong::Unknown(id.to_owned())),
            Some(stored) if !name.trim().is_empty() && name.trim() != stored.trim() => {
                self.wrong(line, column, Wrong::OtherName(stored.to_owned()));
            }
            Some(_) => {}
        }
    }

    /// A contract belongs to one account.
    fn refuse_other_accounts(&mut self, differences: &[Difference]) {
        let mut accounts: BTreeMap<ContractId, BTreeMap<AccountId, Vec<CompanyId>>> = BTreeMap::new();
        for (id, company) in &self.after.companies {
            let Some(mapping) = &company.mapping else { continue };
            for contract in contracts(mapping) {
                let of = accounts.entry(contract).or_default();
                of.entry(mapping.account).or_default().push(id.clone());
            }
        }
        for difference in differences {
            let Difference::Company { company, to: Some(to), .. } = difference else { continue };
            let others = contracts(to).into_iter().filter_map(|contract| accounts.get(&contract)).flatten();
            let others: BTreeSet<CompanyId> = others
                .filter(|(account, _)| **account != to.account)
                .flat_map(|(_, companies)| companies.iter().cloned())
                .collect();
            if !others.is_empty() {
                // The row of the company, or of one of its products.
                let about = self.lines.iter().find(|((id, _), _)| id.as_ref() == Some(company));
                let line = about.map_or(0, |(_, line)| *line);
                self.wrong(line, "contract_id", Wrong::OtherAccount(others.into_iter().collect()));
            }
        }
    }
}

fn contracts(mapping: &CompanyMapping) -> BTreeSet<ContractId> {
    let own = mapping.product_contracts.values().map(|contract| contract.id);
    own.chain([mapping.contract.id]).collect()
}

fn differences(before: &PartnerSettings, after: &PartnerSettings) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (id, known) in &before.products {
        let to: Option<ProductMapping> = after.products.get(id).and_then(|product| product.mapping.clone());
        if known.mapping != to {
            differences.push(Difference::Product { product: id.clone(), from: known.mapping.clone(), to });
        }
    }
    for (id, known) in &before.companies {
        let Some(then) = after.companies.get(id) else { continue };
        if known.mapping != then.mapping {
            let (from, to) = (known.mapping.clone(), then.mapping.clone());
            differences.push(Difference::Company { company: id.clone(), from, to });
        }
        let products: BTreeSet<&ProductId> =
            known.billing_rules.keys().chain(then.billing_rules.keys()).collect();
        for product in products {
            let (from, to) = (known.billing_rules.get(product), then.billing_rules.get(product));
            if from != to {
                differences.push(Difference::Billing {
                    company: id.clone(),
                    product: product.clone(),
                    from: from.cloned(),
                    to: to.cloned(),
                });
            }
        }
    }
    differences
}

/// Companies that share a target and did not all share one before.
fn companies_together(before: &PartnerSettings, after: &PartnerSettings) -> Vec<Vec<CompanyId>> {
    let (before, after) = (by_target(before), by_target(after));
    let known: BTreeSet<&BTreeSet<&CompanyId>> =
        before.values().filter(|companies| companies.len() > 1).collect();
    let new: BTreeSet<&BTreeSet<&CompanyId>> = after
        .values()
        .filter(|companies| companies.len() > 1)
        .filter(|companies| {
            !known.contains(companies) && !known.iter().any(|known| companies.is_subset(known))
        })
        .collect();
    new.into_iter().map(|companies| companies.iter().map(|id| (*id).clone()).collect()).collect()
}

fn by_target(settings: &PartnerSettings) -> BTreeMap<Target, BTreeSet<&CompanyId>> {
    let (products, mut of) = (products_of(settings), BTreeMap::<Target, BTreeSet<&CompanyId>>::new());
    for (id, company) in &settings.companies {
        let Some(mapping) = &company.mapping else { continue };
        for target in Mapped::from(mapping).targets(&products) {
            of.entry(target).or_default().insert(id);
        }
    }
    of
}
