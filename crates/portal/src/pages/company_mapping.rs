//! The mapping of one company (S-35 to S-38): its account, searched live in Kaseya, then only that account's
//! contracts.

use std::collections::BTreeMap;

use advice::Language;
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{AccountId, CompanyId, ContractId, ErrorCode, ProductId};
use operations::{
    company_mapping::{CompanyEdit, MappingForm},
    kaseya_reading::ContractChoice,
    not_saved::{Field, Mistake, MistakeKind, NotSaved},
    suggestions,
};
use serde::Deserialize;
use store::settings::{Company, PartnerSettings};

use crate::{
    Portal,
    addresses::percent_encoded,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    kaseya_says::{self, KaseyaSays},
    named::Named,
    pages::page,
    said::Said,
    shown,
    visit::{Editing, Visit},
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "company_mapping.html")]
struct Page {
    frame: Frame,
    mapping: &'static words::Mapping,
    name: String,
    title: String,
    here: String,
    /// The version of the mapping shown.
    version: Option<u32>,
    is_mapped: bool,
    search: String,
    suggested: Vec<Account>,
    accounts: Vec<Account>,
    chosen: Option<Chosen>,
    kaseya: Option<KaseyaSays>,
    together: Option<String>,
    mistakes: Vec<String>,
}

/// An account to choose.
struct Account {
    name: String,
    link: String,
    /// How similar the names are, or that the account is inactive.
    more: Option<String>,
}

/// The chosen account with its contracts.
struct Chosen {
    value: String,
    name: String,
    contracts: Vec<Contract>,
    products: Vec<Product>,
}

impl Chosen {
    /// Whether any product has a contract of its own.
    fn has_own(&self) -> bool {
        self.products.iter().any(|product| product.has_own)
    }
}

struct Contract {
    value: String,
    name: String,
    more: String,
    can_be_chosen: bool,
    is_chosen: bool,
}

/// A product that may have a contract of its own.
struct Product {
    id: String,
    label: String,
    /// Its possible contracts: value, name, whether selected.
    options: Vec<(String, String, bool)>,
    /// Whether it has a contract of its own.
    has_own: bool,
}

/// The search text, or the chosen account.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MappingQuery {
    search: Option<String>,
    account: Option<String>,
}

/// The choice in the form or in the store.
#[derive(Default)]
struct Choice {
    account: Option<Named<AccountId>>,
    contract: Option<ContractId>,
    own: BTreeMap<ProductId, ContractId>,
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Path((_, company)): Path<(String, String)>,
    Query(asked): Query<MappingQuery>,
) -> Result<Response, Failure> {
    let (settings, company) = stored(&portal, &visit, company).await?;
    let known = settings.companies.get(&company).ok_or(Failure::NotFound)?;
    let mut choice = stored_choice(known);
    match (&asked.account, &asked.search) {
        (Some(account), _) => {
            let account = Named::read(account, AccountId).ok_or(Failure::NotFound)?;
            if choice.account.as_ref().is_none_or(|known| known.id != account.id) {
                choice = Choice { account: Some(account), ..Choice::default() };
            }
        }
        // A search means choosing another account.
        (None, Some(_)) => choice = Choice::default(),
        (None, None) => {}
    }
    let of = Of { portal: &portal, visit: &visit, settings: &settings, company: &company, known };
    Ok(page(&of.page(&choice, asked.search.as_deref()).await?))
}

async fn stored(
    portal: &Portal,
    visit: &Visit,
    company: String,
) -> Result<(PartnerSettings, CompanyId), Failure> {
    let company = CompanyId::new(company).map_err(|_| Failure::NotFound)?;
    let settings = visit.connected_settings(portal).await?;
    Ok((settings, company))
}

fn stored_choice(known: &Company) -> Choice {
    let Some(mapping) = &known.mapping else { return Choice::default() };
    Choice {
        account: Some(Named { id: mapping.account, name: mapping.account_name.clone() }),
        contract: Some(mapping.contract.id),
        own: mapping.product_contracts.iter().map(|(product, own)| (product.clone(), own.id)).collect(),
    }
}

/// The inputs of the page.
struct Of<'a> {
    portal: &'a Portal,
    visit: &'a Visit,
    settings: &'a PartnerSettings,
    company: &'a CompanyId,
    known: &'a Company,
}

impl Of<'_> {
    async fn page(&self, choice: &Choice, search: Option<&str>) -> Result<Page, Failure> {
        let language = self.visit.language;
        let words = words::Mapping::of(language);
        let frame = self.visit.frame(self.portal, Place::Companies);
        let here = format!("{}/mapping", frame.company(self.company));
        let mut page = Page {
            mapping: words,
            name: self.known.name.clone(),
            title: fill(words.title_company, &[("company", &self.known.name)]),
            version: self.known.mapping.as_ref().map(|mapping| mapping.version),
            is_mapped: self.known.mapping.is_some(),
            search: String::new(),
            suggested: Vec::new(),
            accounts: Vec::new(),
            chosen: None,
            kaseya: None,
            together: None,
            mistakes: Vec::new(),
            here,
            frame,
        };
        let zone = self.settings.zone();
        match &choice.account {
            Some(account) => {
                let read =
                    self.portal.connections.contracts(&self.visit.partner, account.id, &account.name).await;
                match read {
                    Ok(contracts) => page.chosen = Some(self.chosen(account, &contracts, choice)),
                    Err(error) => page.kaseya = Some(kaseya_says::of(error, zone, language)?),
                }
            }
            None => {
                let suggested = suggestions::search_word(&self.known.name).unwrap_or_default();
                page.search = search.map_or(suggested, str::to_owned);
                match self.portal.connections.accounts(&self.visit.partner, &page.search).await {
                    Ok(accounts) => self.offer(&mut page, &accounts),
                    Err(error) => page.kaseya = Some(kaseya_says::of(error, zone, language)?),
                }
            }
        }
        Ok(page)
    }

    /// Offers accounts: first those with similar names, for a person to confirm (B-09).
    fn offer(&self, page: &mut Page, accounts: &[kaseya::Account]) {
        let words = page.mapping;
        let link = |id: AccountId, name: &str| {
            let value = Named { id, name: name.to_owned() }.to_string();
            format!("{}?account={}", page.here, percent_encoded(&value))
        };
        let suggested = suggestions::suggest(&self.known.name, accounts);
        page.suggested = suggested
            .iter()
            .map(|suggestion| Account {
                name: suggestion.name.clone(),
                link: link(suggestion.account, &suggestion.name),
                more: Some(fill(words.score, &[("score", &suggestion.score)])),
            })
            .collect();
        let others =
            accounts.iter().filter(|account| suggested.iter().all(|known| known.account != account.id));
        page.accounts = others
            .map(|account| Account {
                name: account.name.clone(),
                link: link(account.id, &account.name),
                more: (!account.is_active).then(|| words.inactive.to_owned()),
            })
            .collect();
    }

    fn chosen(&self, account: &Named<AccountId>, contracts: &[ContractChoice], choice: &Choice) -> Chosen {
        let language = self.visit.language;
        let words = words::Mapping::of(language);
        let mapped = self.settings.products.iter().filter(|(_, product)| product.mapping.is_some());
        Chosen {
            value: account.to_string(),
            name: account.name.clone(),
            contracts: contracts
                .iter()
                .map(|contract| Contract {
                    value: Named { id: contract.id, name: contract.name.clone() }.to_string(),
                    name: if contract.name.is_empty() {
                        contract.id.to_string()
                    } else {
                        contract.name.clone()
                    },
                    more: more(contract, words, language),
                    can_be_chosen: contract.refused.is_none(),
                    is_chosen: choice.contract == Some(contract.id),
                })
                .collect(),
            products: mapped
                .map(|(id, product)| {
                    let own = choice.own.get(id);
                    let can =
                        |contract: &&ContractChoice| contract.refused.is_none() || own == Some(&contract.id);
                    let option = |contract: &ContractChoice| {
                        let named = Named { id: contract.id, name: contract.name.clone() };
                        (named.to_string(), contract.name.clone(), own == Some(&contract.id))
                    };
                    Product {
                        id: id.to_string(),
                        label: fill(words.own_contract, &[("product", &product.name)]),
                        options: contracts.iter().filter(can).map(option).collect(),
                        has_own: own.is_some(),
                    }
                })
                .collect(),
        }
    }
}

/// The details next to a contract: its type, its state, its end, and why it cannot be chosen.
fn more(contract: &ContractChoice, words: &words::Mapping, language: Language) -> String {
    let mut more: Vec<String> = contract.contract_type.iter().cloned().collect();
    // An inactive contract already says so as its reason.
    if contract.is_active {
        more.push(words.active.to_owned());
    }
    if let Some(end) = contract.end {
        let text = if contract.ends_soon { words.ends_soon } else { words.ends };
        more.push(fill(text, &[("day", &shown::day(end, language))]));
    }
    more.extend(contract.refused.map(|code| {
        match code {
            ErrorCode::Con01 => words.refused_con_01,
            ErrorCode::Con02 => words.refused_con_02,
            _ => words.refused_con_03,
        }
        .to_owned()
    }));
    more.join(" · ")
}

/// The posted form.
#[derive(Debug, Deserialize)]
pub(crate) struct PostedMapping {
    version: Option<String>,
    #[serde(default)]
    account: String,
    #[serde(default)]
    contract: String,
    #[serde(default)]
    product: Vec<ProductId>,
    #[serde(default)]
    own: Vec<String>,
    #[serde(default)]
    add_together: bool,
    #[serde(default)]
    remove: bool,
}

impl PostedMapping {
    fn read(&self) -> Option<MappingForm> {
        let named = |named: Named<ContractId>| (named.id, named.name);
        let own = self.product.iter().zip(&self.own).map(|(product, own)| {
            let own = Named::read_or_none(own, ContractId)?;
            Some(own.map(|own| (product.clone(), named(own))))
        });
        Some(MappingForm {
            account: Named::read_or_none(&self.account, AccountId)?.map(|account| (account.id, account.name)),
            contract: Named::read_or_none(&self.contract, ContractId)?.map(named),
            product_contracts: own.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect(),
        })
    }
}

/// Saves or removes the mapping.
pub(crate) async fn post(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Path((_, company)): Path<(String, String)>,
    Posted(typed): Posted<PostedMapping>,
) -> Result<Response, Failure> {
    let (settings, company) = stored(&portal, &visit, company).await?;
    let known = settings.companies.get(&company).ok_or(Failure::NotFound)?;
    let form = typed.read().ok_or_else(|| Failure::Form("no account or contract".to_owned()))?;
    let shown = match typed.version.as_deref() {
        None | Some("") => None,
        Some(version) => Some(version.parse().map_err(|_| Failure::Form("no version".to_owned()))?),
    };
    let edit = CompanyEdit {
        company: company.clone(),
        shown,
        mapping: (!typed.remove).then(|| form.clone()),
        add_together: typed.add_together,
    };
    let partner = &visit.partner;
    let refusal = match portal.operations.by(&visit.actor).save_company_mapping(partner, edit).await {
        Ok(left) => {
            let said = Said::of_mappings(&portal, partner, &left, Some(&company)).await?;
            let to = said.at(partner, &format!("companies/{}", percent_encoded(company.as_str())));
            return Ok(Redirect::to(&to).into_response());
        }
        Err(refusal) => refusal,
    };
    let of = Of { portal: &portal, visit: &visit, settings: &settings, company: &company, known };
    let is_stale = matches!(refusal, NotSaved::Stale { .. });
    let choice = if is_stale { stored_choice(known) } else { typed_choice(form) };
    let mut page_of = of.page(&choice, None).await?;
    let words = page_of.mapping;
    match refusal {
        NotSaved::AddCompaniesTogether(companies) => {
            let names: Vec<String> = companies.iter().map(|id| settings.company_name(id)).collect();
            page_of.together = Some(fill(words.together_companies, &[("names", &names.join(", "))]));
        }
        NotSaved::Stale { .. } => page_of.mistakes = vec![words.stale.to_owned()],
        NotSaved::Mistakes(mistakes) => {
            page_of.mistakes = mistakes.iter().map(|mistake| fix(mistake, words)).collect();
        }
        NotSaved::Store(error) => return Err(error.into()),
        _ => return Err(Failure::NotFound),
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response())
}

fn typed_choice(form: MappingForm) -> Choice {
    Choice {
        account: form.account.map(|(id, name)| Named { id, name }),
        contract: form.contract.map(|(id, _)| id),
        own: form.product_contracts.into_iter().map(|(product, (id, _))| (product, id)).collect(),
    }
}

fn fix(mistake: &Mistake, words: &words::Mapping) -> String {
    let plain = match (mistake.field, &mistake.kind) {
        (_, MistakeKind::NotItsName { id, told, named }) => {
            return fill(words.not_its_name, &[("id", id), ("told", told), ("named", named)]);
        }
        (_, MistakeKind::Text(_)) => words.unknown,
        (Field::Account, _) => words.account_missing,
        (_, MistakeKind::OtherAccount(_)) => words.other_account_of,
        (Field::Contract, _) => words.contract_missing,
        _ => words.unknown,
    };
    plain.to_owned()
}
