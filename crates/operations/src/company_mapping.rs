//! Which account and contract a company is billed on (S-34 to S-38, S-43).
//!
//! An edit names the version of the mapping that the person saw. If the mapping has changed since, the edit is
//! refused.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, CompanyId, ContractId, MAX_NOTE, PartnerId, ProductId, SecurityEventKind};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{
    StoreError, Transaction,
    access::security_events::SecurityEvent,
    kaseya::names::{self, KaseyaNames, NameOf},
    settings::{self, CompanyMapping, Contract, NewCompanyMapping, PartnerSettings},
};

use crate::{
    Acting,
    acting::Kept,
    adding_together::{companies_newly_together, of_other_accounts},
    leftovers::{self, Leftover},
    not_saved::{Field, Found, MistakeKind, NotSaved},
};

/// A mapping as chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MappingForm {
    /// Kaseya's account, with its name.
    pub account: Option<(AccountId, String)>,
    /// The contract of every product without a contract of its own, with its name.
    pub contract: Option<(ContractId, String)>,
    /// Products with a contract of their own in the account.
    pub product_contracts: BTreeMap<ProductId, (ContractId, String)>,
}

/// An edit of a company's mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyEdit {
    /// The company.
    pub company: CompanyId,
    /// The version of the mapping that the person saw; `None` if the company was not mapped.
    pub shown: Option<u32>,
    /// The new mapping; `None` removes it.
    pub mapping: Option<MappingForm>,
    /// Whether the person confirms that its users are added to those of other companies on the same line.
    pub add_together: bool,
}

/// Outcome of several edits.
#[derive(Debug)]
pub struct SavedCompanies {
    /// The edits that were refused, by position; all others were saved.
    pub refused: Vec<(usize, NotSaved)>,
    /// The lines that the saved edits left over.
    pub leftovers: Vec<Leftover>,
}

impl Acting<'_> {
    /// Saves an edit and returns the lines it left over.
    pub async fn save_company_mapping(
        &self,
        partner: &PartnerId,
        edit: CompanyEdit,
    ) -> Result<Vec<Leftover>, NotSaved> {
        let SavedCompanies { mut refused, leftovers } = self.save_company_mappings(partner, &[edit]).await?;
        match refused.pop() {
            Some((_, refusal)) => Err(refusal),
            None => Ok(leftovers),
        }
    }

    /// Saves the edits one after the other. A refused edit does not stop the others.
    pub async fn save_company_mappings(
        &self,
        partner: &PartnerId,
        edits: &[CompanyEdit],
    ) -> Result<SavedCompanies, NotSaved> {
        let (now, entropy) = (self.clock.now(), &self.entropy);
        let (saved, kept) = self
            .store
            .transaction("save_company_mappings", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    let mut stored = settings::read(tx, partner).await?.ok_or(NotSaved::UnknownPartner)?;
                    let names = names_of(tx, partner, edits).await?;
                    let mut refused = Vec::new();
                    for (place, edit) in edits.iter().enumerate() {
                        match check(&stored, edit).and_then(|mapping| believed(mapping, &names)) {
                            Ok(mapping) => {
                                save(tx, &mut stored, &edit.company, mapping, now).await?;
                            }
                            Err(refusal) => refused.push((place, refusal)),
                        }
                    }
                    let leftovers = leftovers::ask(tx, partner, entropy, now).await?;
                    let kept = self.keep_mapped(tx, partner, edits, &refused).await?;
                    Ok::<_, NotSaved>((SavedCompanies { refused, leftovers }, kept))
                })
            })
            .await?;
        kept.log();
        Ok(saved)
    }
}

impl Acting<'_> {
    /// Stores the security events of the saved edits.
    async fn keep_mapped(
        &self,
        tx: &Transaction<'_>,
        partner: &PartnerId,
        edits: &[CompanyEdit],
        refused: &[(usize, NotSaved)],
    ) -> Result<Kept, StoreError> {
        let is_refused = |place| refused.iter().any(|(refused, _)| *refused == place);
        let saved: Vec<&CompanyEdit> =
            edits.iter().enumerate().filter(|(place, _)| !is_refused(*place)).map(|(_, edit)| edit).collect();
        let object = match saved.as_slice() {
            [] => return Ok(Kept::NOTHING),
            [one] => one.company.to_string(),
            _ => "companies".to_owned(),
        };
        let details = saved.iter().map(|edit| (edit.company.to_string(), as_details(edit.mapping.as_ref())));
        let details = Value::Object(details.collect());
        self.keep(tx, SecurityEvent::of(SecurityEventKind::CompaniesMapped, partner, object, details)).await
    }
}

/// A mapping as the security event shows it; null if it was removed.
fn as_details(mapping: Option<&MappingForm>) -> Value {
    let Some(mapping) = mapping else { return Value::Null };
    let contract = |contract: &(ContractId, String)| contract.0.0;
    let own =
        mapping.product_contracts.iter().map(|(product, its)| (product.to_string(), json!(contract(its))));
    json!({
        "account": mapping.account.as_ref().map(|(account, _)| account.0),
        "contract": mapping.contract.as_ref().map(contract),
        "contracts_of_products": Value::Object(own.collect()),
    })
}

/// The mapping that an edit results in (`None` if it removes it), or why it is refused. Stores nothing.
pub fn check(stored: &PartnerSettings, edit: &CompanyEdit) -> Result<Option<NewCompanyMapping>, NotSaved> {
    if stored.integration.is_none() {
        return Err(NotSaved::NotConnected);
    }
    let mut found = Found::default();
    let Some(company) = stored.companies.get(&edit.company) else {
        found.note(Field::Company, MistakeKind::Unknown(edit.company.to_string()));
        return found.none_or(None);
    };
    let version = company.mapping.as_ref().map(|mapping| mapping.version);
    if version != edit.shown {
        return Err(NotSaved::Stale { version });
    }
    let Some(form) = &edit.mapping else { return Ok(None) };
    let account = found.required(Field::Account, form.account.clone());
    let contract = found.required(Field::Contract, form.contract.clone());
    let contracts = form.contract.iter().chain(form.product_contracts.values());
    for contract in contracts.map(|(contract, _)| contract.0).collect::<BTreeSet<_>>() {
        found.within(Field::Contract, contract.into(), 1, i32::MAX.into());
    }
    let names = form.contract.iter().chain(form.product_contracts.values());
    for (_, name) in names {
        found.text(Field::Contract, name, MAX_NOTE);
    }
    if let Some((_, name)) = &form.account {
        found.text(Field::Account, name, MAX_NOTE);
    }
    for product in form.product_contracts.keys().filter(|id| !stored.products.contains_key(id)) {
        found.note(Field::Product, MistakeKind::Unknown(product.to_string()));
    }
    let mapping = account.zip(contract).map(|((account, account_name), (contract, contract_name))| {
        found.within(Field::Account, account.0.into(), 1, i32::MAX.into());
        let product_contracts = form.product_contracts.clone();
        NewCompanyMapping { account, account_name, contract, contract_name, product_contracts }
    });
    if let Some(mapping) = &mapping {
        let others = of_other_accounts(stored, &edit.company, mapping);
        if !others.is_empty() {
            found.note(Field::Contract, MistakeKind::OtherAccount(others));
        }
    }
    let mapping = found.none_or(mapping)?;
    let together = companies_newly_together(stored, &edit.company, &mapping);
    if together.is_empty() || edit.add_together {
        Ok(Some(mapping))
    } else {
        Err(NotSaved::AddCompaniesTogether(together))
    }
}

/// Kaseya's names for the ids in these edits, as far as it has shown them.
async fn names_of(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    edits: &[CompanyEdit],
) -> Result<KaseyaNames, StoreError> {
    let forms = || edits.iter().filter_map(|edit| edit.mapping.as_ref());
    let accounts: Vec<i32> = forms().flat_map(|form| &form.account).map(|(account, _)| account.0).collect();
    let contracts = forms().flat_map(|form| form.contract.iter().chain(form.product_contracts.values()));
    let contracts: Vec<i32> = contracts.map(|(contract, _)| contract.0).collect();
    Ok(KaseyaNames {
        accounts: names::known(tx, partner, NameOf::Account, &accounts).await?,
        contracts: names::known(tx, partner, NameOf::Contract, &contracts).await?,
        ..KaseyaNames::default()
    })
}

/// A mapping in which ids and names agree with what Kaseya has shown (G-06).
fn believed(
    mapping: Option<NewCompanyMapping>,
    names: &KaseyaNames,
) -> Result<Option<NewCompanyMapping>, NotSaved> {
    let Some(mapping) = mapping else { return Ok(None) };
    let mut found = Found::default();
    found.named(Field::Account, &names.accounts, mapping.account.0, &mapping.account_name);
    found.named(Field::Contract, &names.contracts, mapping.contract.0, &mapping.contract_name);
    for (contract, name) in mapping.product_contracts.values() {
        found.named(Field::Contract, &names.contracts, contract.0, name);
    }
    found.none_or(Some(Some(mapping)))
}

async fn save(
    tx: &Transaction<'_>,
    stored: &mut PartnerSettings,
    company: &CompanyId,
    mapping: Option<NewCompanyMapping>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(known) = stored.companies.get_mut(company) else { return Ok(()) };
    match &mapping {
        Some(mapping) => {
            store(tx, &stored.partner, company, mapping, known.mapping.as_ref(), now).await?;
        }
        None => settings::remove_mapping(tx, &stored.partner, company).await?,
    }
    // The next edit is checked against this. It cannot name this edit's version, since no person has seen it.
    known.mapping = mapping.map(|mapping| CompanyMapping {
        account: mapping.account,
        account_name: mapping.account_name,
        contract: Contract { id: mapping.contract, name: mapping.contract_name },
        product_contracts: mapping
            .product_contracts
            .into_iter()
            .map(|(product, (id, name))| (product, Contract { id, name }))
            .collect(),
        version: u32::MAX,
    });
    Ok(())
}

/// Stores a company's mapping and returns whether its account or contract changed. If so, the mapping gets a new
/// version, and a job that has read the old version no longer writes.
pub async fn store(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    company: &CompanyId,
    mapping: &NewCompanyMapping,
    before: Option<&CompanyMapping>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let has_moved = before.is_none_or(|before| is_moved(before, mapping));
    settings::store_mapping(tx, partner, company, mapping, has_moved, now).await?;
    Ok(has_moved)
}

fn is_moved(before: &CompanyMapping, now: &NewCompanyMapping) -> bool {
    let contracts = now.product_contracts.iter().map(|(product, (contract, _))| (product, *contract));
    let contracts_before = before.product_contracts.iter().map(|(product, contract)| (product, contract.id));
    before.account != now.account || before.contract.id != now.contract || !contracts.eq(contracts_before)
}
