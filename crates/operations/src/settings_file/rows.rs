//! The repeated sections: `[[product]]`, `[[company]]`, `[[contract_billing]]`.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, Billing, CompanyId, ContractId, ProductId, ServiceId};
use store::settings::{NewCompany, NewCompanyMapping, NewProduct, PartnerSettings};

use super::{
    billing_rule,
    ids::{known, once},
    integration::{BILLING, BILLING_EXAMPLE},
    section::{Section, Span},
};

/// The range of Kaseya's ids.
const IDS: std::ops::RangeInclusive<i64> = 1..=i32::MAX as i64;

/// A row of the document. The readable parts are kept even if the row as a whole is refused, so that other checks
/// do not take them for missing.
pub(super) struct Read<Id, Row> {
    pub(super) id: Option<Id>,
    /// The whole row, if it is valid.
    pub(super) row: Option<Row>,
    /// Whether "add together?" is answered with yes.
    pub(super) add_together: bool,
    /// Its path in the document.
    pub(super) path: String,
    pub(super) span: Span,
}

pub(super) fn products(sections: Vec<Section<'_, '_>>) -> Vec<Read<ProductId, NewProduct>> {
    let mut seen = BTreeSet::new();
    let read = |mut section: Section<'_, '_>| {
        let id = section.parsed("id", r#"id = "standard""#, ProductId::new);
        once(&mut seen, &section, "id", id.as_ref());
        let name = section.text("name", r#"name = "Password Boss Standard""#);
        let add_together = section.optional_boolean("add_together", "add_together = true").unwrap_or(false);
        let (path, span) = (section.path_of("add_together"), section.span());
        let service = if section.has("service_id") || section.has("service_name") {
            let service =
                section.integer("service_id", "service_id = 701, the number of Kaseya's service", IDS);
            let name = section.text("service_name", r#"service_name = "Password Boss Standard""#);
            kaseya_id(service).map(ServiceId).zip(name).map(Some)
        } else {
            Some(None)
        };
        section.finish();
        let row = (|| Some(NewProduct { product: id.clone()?, name: name?, service: service? }))();
        Read { id, row, add_together, path, span }
    };
    sections.into_iter().map(read).collect()
}

pub(super) fn companies(
    sections: Vec<Section<'_, '_>>,
    products: &BTreeSet<ProductId>,
) -> Vec<Read<CompanyId, NewCompany>> {
    let mut seen = BTreeSet::new();
    let read = |mut section: Section<'_, '_>| {
        let id = section.parsed("id", r#"id = "acme""#, CompanyId::new);
        once(&mut seen, &section, "id", id.as_ref());
        let name = section.text("name", r#"name = "Acme Inc.""#);
        let closed_from = section.optional_day("closed_from", "closed_from = 2026-11-30, without quotes");
        let closed_read = !section.has("closed_from") || closed_from.is_some();
        let add_together = section.optional_boolean("add_together", "add_together = true").unwrap_or(false);
        let (path, span) = (section.path_of("add_together"), section.span_of("contract_id"));
        let mapping = mapping(&mut section, products);
        let billing_rules = billing_rule::read(section.sections("billing_rule"), products);
        section.finish();
        let row = (|| {
            let (mapping, billing_rules) = (mapping?, billing_rules?);
            closed_read.then_some(())?;
            Some(NewCompany { company: id.clone()?, name: name?, closed_from, mapping, billing_rules })
        })();
        Read { id, row, add_together, path, span }
    };
    sections.into_iter().map(read).collect()
}

/// All fields of a mapping or none.
fn mapping(
    section: &mut Section<'_, '_>,
    products: &BTreeSet<ProductId>,
) -> Option<Option<NewCompanyMapping>> {
    const FIELDS: [&str; 5] =
        ["account_id", "account_name", "contract_id", "contract_name", "product_contract"];
    let mapped = FIELDS.into_iter().filter(|field| section.has(field)).count() > 0;
    let product_contracts = product_contracts(section.sections("product_contract"), products);
    if !mapped {
        return Some(None);
    }
    let account = section.integer("account_id", "account_id = 301, the number of Kaseya's account", IDS);
    let account_name = section.text("account_name", r#"account_name = "Acme Inc.""#);
    let example = "contract_id = 5012, the number of a contract of that account: a mapping without a contract is refused";
    let contract = section.integer("contract_id", example, IDS);
    let contract_name = section.text("contract_name", r#"contract_name = "Managed services""#);
    Some(Some(NewCompanyMapping {
        account: AccountId(kaseya_id(account)?),
        account_name: account_name?,
        contract: ContractId(kaseya_id(contract)?),
        contract_name: contract_name?,
        product_contracts: product_contracts?,
    }))
}

fn product_contracts(
    sections: Vec<Section<'_, '_>>,
    products: &BTreeSet<ProductId>,
) -> Option<BTreeMap<ProductId, (ContractId, String)>> {
    let mut seen = BTreeSet::new();
    let rows: Vec<_> = sections
        .into_iter()
        .map(|mut section| {
            let product = section.parsed("product_id", r#"product_id = "advanced""#, ProductId::new);
            once(&mut seen, &section, "product_id", product.as_ref());
            if let Some(product) = &product {
                known(&section, "product_id", product, products, "product");
            }
            let contract = section.integer("contract_id", "contract_id = 5013", IDS);
            let name = section.text("contract_name", r#"contract_name = "Advanced services""#);
            section.finish();
            Some((product?, (ContractId(kaseya_id(contract)?), name?)))
        })
        .collect();
    rows.into_iter().collect()
}

/// How contracts are billed. For a contract that no company is mapped to the rule has no effect: its id is a
/// mistake.
pub(super) fn contract_billing(
    sections: Vec<Section<'_, '_>>,
    mapped: Option<&BTreeSet<ContractId>>,
) -> BTreeMap<ContractId, Billing> {
    let mut seen = BTreeSet::new();
    let mut contracts = BTreeMap::new();
    for mut section in sections {
        let contract =
            section.integer("contract_id", "contract_id = 5012", IDS).and_then(|id| kaseya_id(Some(id)));
        let contract = contract.map(ContractId);
        once(&mut seen, &section, "contract_id", contract.as_ref());
        if let Some(contract) =
            contract.filter(|contract| mapped.is_some_and(|mapped| !mapped.contains(contract)))
        {
            let fault = format!("no company is mapped to the contract {contract}");
            section.mistake(
                "contract_id",
                fault,
                "write the id of a contract that a [[company]] is mapped to",
            );
        }
        let billing = section.one_of("billing", BILLING_EXAMPLE, &BILLING);
        section.finish();
        contracts.extend(contract.zip(billing));
    }
    contracts
}

/// The contracts that companies are mapped to: those in the document, and the stored ones of companies that it does
/// not list. `None` if a row of the document is refused.
pub(super) fn mapped_contracts(
    companies: &[Read<CompanyId, NewCompany>],
    stored: Option<&PartnerSettings>,
) -> Option<BTreeSet<ContractId>> {
    if companies.iter().any(|row| row.row.is_none()) {
        return None;
    }
    let listed: BTreeSet<&CompanyId> = companies.iter().filter_map(|row| row.id.as_ref()).collect();
    let rows = companies.iter().filter_map(|row| row.row.as_ref()?.mapping.as_ref());
    let new = rows.flat_map(|mapping| {
        let own = mapping.product_contracts.values().map(|(contract, _)| *contract);
        own.chain([mapping.contract])
    });
    let stored = stored.into_iter().flat_map(|stored| &stored.companies);
    let kept = stored.filter(|(id, _)| !listed.contains(id)).filter_map(|(_, known)| known.mapping.as_ref());
    let kept = kept.flat_map(|mapping| {
        mapping.product_contracts.values().chain([&mapping.contract]).map(|contract| contract.id)
    });
    Some(new.chain(kept).collect())
}

/// The products in the document, and the stored ones.
pub(super) fn known_products(
    products: &[Read<ProductId, NewProduct>],
    stored: Option<&PartnerSettings>,
) -> BTreeSet<ProductId> {
    let stored = stored.into_iter().flat_map(|stored| stored.products.keys());
    products.iter().filter_map(|row| row.id.as_ref()).chain(stored).cloned().collect()
}

/// The companies in the document, and the stored ones.
pub(super) fn known_companies(
    companies: &[Read<CompanyId, NewCompany>],
    stored: Option<&PartnerSettings>,
) -> BTreeSet<CompanyId> {
    let stored = stored.into_iter().flat_map(|stored| stored.companies.keys());
    companies.iter().filter_map(|row| row.id.as_ref()).chain(stored).cloned().collect()
}

fn kaseya_id(number: Option<i64>) -> Option<i32> {
    number.and_then(|number| i32::try_from(number).ok())
}
