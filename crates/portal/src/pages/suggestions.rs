//! Mappings suggested by name, for many companies at once (B-09). A person ticks companies, sees the contracts of
//! their accounts, and confirms. One list of accounts is read for all companies, and contracts only for the ticked
//! ones.

use std::collections::BTreeSet;

use advice::number;
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{AccountId, CompanyId, ContractId};
use operations::{
    company_mapping::{CompanyEdit, MappingForm},
    kaseya_reading::ContractChoice,
    not_saved::NotSaved,
    suggestions::{self, UNMAPPED},
};
use serde::Deserialize;
use store::{
    settings::PartnerSettings,
    statuses::listing::{Filter, ListedCompany},
};

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
#[template(path = "suggestions.html")]
struct Page {
    frame: Frame,
    words: &'static words::Suggestions,
    mapping: &'static words::Mapping,
    here: String,
    mistakes: Vec<String>,
    kaseya: Option<KaseyaSays>,
    rows: Vec<Row>,
    more: Option<String>,
    chosen: Vec<Chosen>,
    together: Option<String>,
}

/// A company with its possible accounts.
struct Row {
    id: String,
    name: String,
    path: String,
    users: String,
    label: String,
    options: Vec<(String, String)>,
    /// Whether the first account may be preselected.
    is_chosen: bool,
}

/// A ticked company, with the contracts of its account that can be chosen.
struct Chosen {
    id: String,
    name: String,
    account: String,
    account_name: String,
    label: String,
    /// Value, name, whether selected: a single contract is preselected.
    options: Vec<(String, String, bool)>,
}

/// The page of companies.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SuggestionsQuery {
    #[serde(default)]
    page: u32,
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Query(asked): Query<SuggestionsQuery>,
) -> Result<Response, Failure> {
    let mut shown = empty(&portal, &visit);
    offer(&portal, &visit, asked.page, &mut shown).await?;
    Ok(page(&shown))
}

fn empty(portal: &Portal, visit: &Visit) -> Page {
    let frame = visit.frame(portal, Place::Companies);
    Page {
        words: words::Suggestions::of(visit.language),
        mapping: words::Mapping::of(visit.language),
        here: frame.path("companies/suggestions"),
        mistakes: Vec::new(),
        kaseya: None,
        rows: Vec::new(),
        more: None,
        chosen: Vec::new(),
        together: None,
        frame,
    }
}

/// Offers accounts for a page of unmapped companies.
async fn offer(portal: &Portal, visit: &Visit, number: u32, shown: &mut Page) -> Result<(), Failure> {
    let partner = &visit.partner;
    let read = portal.operations.unmapped_companies(partner, number.saturating_mul(UNMAPPED)).await?;
    let (zones, listed) = read.filter(|(zones, _)| zones.is_connected).ok_or(Failure::NotFound)?;
    if listed.companies.is_empty() {
        return Ok(());
    }
    let accounts = match portal.connections.accounts(partner, "").await {
        Ok(accounts) => accounts,
        Err(error) => {
            shown.kaseya = Some(kaseya_says::of(error, &zones.shown, visit.language)?);
            Vec::new()
        }
    };
    let found = listed.counts.of(Filter::Unmapped);
    let is_more = number.saturating_add(1).saturating_mul(UNMAPPED) < found;
    shown.more = is_more.then(|| format!("{}?page={}", shown.here, number.saturating_add(1)));
    let rows = listed.companies.iter().map(|company| row(company, &accounts, visit, shown));
    shown.rows = rows.collect();
    Ok(())
}

fn row(listed: &ListedCompany, accounts: &[kaseya::Account], visit: &Visit, shown: &Page) -> Row {
    let name = &listed.company.name;
    let suggested = suggestions::suggest(name, accounts);
    let is_chosen = suggestions::likeliest(&suggested).is_some();
    let options = suggested.into_iter().map(|suggestion| {
        let scored = fill(shown.words.scored, &[("name", &suggestion.name), ("score", &suggestion.score)]);
        (Named { id: suggestion.account, name: suggestion.name }.to_string(), scored)
    });
    let users = listed.newest.as_ref().and_then(|newest| newest.users.sum());
    let mapping = format!("companies/{}/mapping", percent_encoded(listed.id.as_str()));
    Row {
        id: listed.id.to_string(),
        path: shown.frame.path(&mapping),
        users: users.map_or_else(String::new, |users| number::whole(users.into(), visit.language)),
        label: fill(shown.words.account_of, &[("company", name)]),
        name: name.clone(),
        options: options.collect(),
        is_chosen,
    }
}

/// The posted form: a company and an account per row; in the second step a contract too.
#[derive(Debug, Deserialize)]
pub(crate) struct SuggestionsForm {
    #[serde(default)]
    ticked: Vec<CompanyId>,
    #[serde(default)]
    company: Vec<CompanyId>,
    #[serde(default)]
    account: Vec<String>,
    #[serde(default)]
    contract: Vec<String>,
    #[serde(default)]
    confirmed: bool,
    #[serde(default)]
    add_together: bool,
}

/// A company with the account chosen for it.
type Ticked = (CompanyId, Named<AccountId>);

/// Shows the contracts of the ticked companies, or maps the confirmed ones.
pub(crate) async fn post(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Posted(typed): Posted<SuggestionsForm>,
) -> Result<Response, Failure> {
    let settings = visit.connected_settings(&portal).await?;
    let wrong = || Failure::Form("a company without its account or contract".to_owned());
    let is_whole = typed.company.len() == typed.account.len()
        && (!typed.confirmed || typed.company.len() == typed.contract.len())
        && typed.company.len() <= UNMAPPED as usize;
    let accounts = typed.account.iter().map(|account| Named::read_or_none(account, AccountId));
    let accounts: Vec<Option<Named<AccountId>>> =
        accounts.collect::<Option<_>>().filter(|_| is_whole).ok_or_else(wrong)?;
    if typed.confirmed && accounts.iter().any(Option::is_none) {
        return Err(wrong());
    }
    // Of two equally likely accounts none is selected until a person chooses.
    let all = typed.company.iter().cloned().zip(accounts);
    let all: Vec<Ticked> = all.filter_map(|(company, account)| Some((company, account?))).collect();
    if typed.confirmed {
        let contracts = typed.contract.iter().map(|contract| Named::read_or_none(contract, ContractId));
        let contracts = contracts.collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        let chosen = all.into_iter().zip(contracts);
        let chosen = chosen.filter_map(|(ticked, contract)| Some((ticked, contract?))).collect();
        return confirm(&portal, &visit, &settings, chosen, typed.add_together).await;
    }
    let ticked: Vec<Ticked> = all.into_iter().filter(|(company, _)| typed.ticked.contains(company)).collect();
    let mut shown = empty(&portal, &visit);
    if ticked.is_empty() {
        shown.mistakes.push(shown.words.nothing_chosen.to_owned());
        offer(&portal, &visit, 0, &mut shown).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)).into_response());
    }
    choose(&portal, &visit, &settings, &ticked, &mut shown).await?;
    Ok(page(&shown))
}

/// Reads the contracts of the ticked companies.
async fn choose(
    portal: &Portal,
    visit: &Visit,
    settings: &PartnerSettings,
    ticked: &[Ticked],
    shown: &mut Page,
) -> Result<(), Failure> {
    for (company, account) in ticked {
        let read = portal.connections.contracts(&visit.partner, account.id, &account.name).await;
        let contracts = match read {
            Ok(contracts) => contracts,
            Err(error) => {
                shown.kaseya = Some(kaseya_says::of(error, settings.zone(), visit.language)?);
                break;
            }
        };
        let possible: Vec<&ContractChoice> =
            contracts.iter().filter(|contract| contract.refused.is_none()).collect();
        let is_only = possible.len() == 1;
        let options = possible.into_iter().map(|contract| {
            let value = Named { id: contract.id, name: contract.name.clone() }.to_string();
            (value, contract_name(contract, visit, shown.words), is_only)
        });
        let name = settings.company_name(company);
        shown.chosen.push(Chosen {
            id: company.to_string(),
            label: fill(shown.words.contract_of, &[("company", &name)]),
            name,
            account: account.to_string(),
            account_name: account.name.clone(),
            options: options.collect(),
        });
    }
    Ok(())
}

fn contract_name(contract: &ContractChoice, visit: &Visit, words: &words::Suggestions) -> String {
    let name = if contract.name.is_empty() { contract.id.to_string() } else { contract.name.clone() };
    match contract.end.filter(|_| contract.ends_soon) {
        Some(end) => {
            let day = shown::day(end, visit.language);
            fill(words.ends_soon, &[("contract", &name), ("day", &day)])
        }
        None => name,
    }
}

/// Maps every company that can be mapped.
async fn confirm(
    portal: &Portal,
    visit: &Visit,
    settings: &PartnerSettings,
    chosen: Vec<(Ticked, Named<ContractId>)>,
    add_together: bool,
) -> Result<Response, Failure> {
    let edits: Vec<CompanyEdit> = chosen
        .iter()
        .map(|((company, account), contract)| CompanyEdit {
            company: company.clone(),
            // Only unmapped companies are offered.
            shown: None,
            mapping: Some(MappingForm {
                account: Some((account.id, account.name.clone())),
                contract: Some((contract.id, contract.name.clone())),
                ..MappingForm::default()
            }),
            add_together,
        })
        .collect();
    let partner = &visit.partner;
    let saved = portal.operations.by(&visit.actor).save_company_mappings(partner, &edits).await;
    let saved = saved.map_err(|refusal| match refusal {
        NotSaved::Store(error) => error.into(),
        _ => Failure::NotFound,
    })?;
    if saved.refused.is_empty() {
        let (said, to) = match (edits.is_empty(), saved.leftovers.is_empty()) {
            (true, _) => (Said::NothingChosen, "companies/suggestions"),
            (false, true) => (Said::SavedMapping, "companies"),
            (false, false) => (Said::LeftOver, "companies"),
        };
        return Ok(Redirect::to(&said.at(partner, to)).into_response());
    }
    let mut shown = empty(portal, visit);
    let (mut asked, mut refused) = (BTreeSet::new(), Vec::new());
    for (place, refusal) in &saved.refused {
        let Some(edit) = edits.get(*place) else { continue };
        if matches!(refusal, NotSaved::AddCompaniesTogether(_)) {
            asked.insert(edit.company.clone());
        } else {
            refused.push(settings.company_name(&edit.company));
        }
    }
    if !refused.is_empty() {
        shown.mistakes.push(fill(shown.words.refused, &[("names", &refused.join(", "))]));
    }
    if asked.is_empty() {
        offer(portal, visit, 0, &mut shown).await?;
    } else {
        let names: Vec<String> = asked.iter().map(|company| settings.company_name(company)).collect();
        shown.together = Some(fill(shown.words.together_asked, &[("names", &names.join(", "))]));
        for ((company, account), contract) in chosen.into_iter().filter(|((id, _), _)| asked.contains(id)) {
            let name = settings.company_name(&company);
            shown.chosen.push(Chosen {
                id: company.to_string(),
                label: fill(shown.words.contract_of, &[("company", &name)]),
                name,
                account: account.to_string(),
                account_name: account.name,
                options: vec![(contract.to_string(), contract.name, true)],
            });
        }
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)).into_response())
}
