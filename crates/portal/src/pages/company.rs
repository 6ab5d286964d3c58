//! One company: its state in each contract, and how to fix what is wrong (S-41, S-42).

use advice::{Advice, Language, number};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::{CompanyId, CompanyState, Evidence, Month, ProductOutcome};
use operations::Advising;
use store::{
    StoreError,
    counts::senders,
    kaseya::never_shown::never_shown,
    settings::{self, PartnerSettings},
    statuses::{
        self, CompanyStatus,
        history::{self, JournalQuery},
        readiness,
    },
};

use crate::{
    Portal,
    entries::Entry,
    failure::Failure,
    frame::{Frame, Place},
    pages::{billed_month::BilledMonth, page},
    ready, shown,
    visit::Visit,
    words::{self, fill},
};

/// The number of changes shown; the journal has all of them.
const HISTORY: u32 = 50;

#[derive(Template)]
#[template(path = "company.html")]
struct Company {
    frame: Frame,
    words: &'static words::Company,
    id: String,
    name: String,
    account: Option<String>,
    /// The warning that Kaseya has never shown its account or one of its contracts.
    unknown: Option<&'static str>,
    closed: Option<String>,
    senders: &'static words::Senders,
    /// Its newest report, and the sender.
    reported: Option<String>,
    /// What its numbers of users count.
    basis: &'static str,
    edit: String,
    billing: String,
    /// The page to correct last month's numbers.
    correction: String,
    rules: Vec<String>,
    /// Whether a change waits for a person.
    is_held: bool,
    /// Whether the next invoice would be right.
    ready: &'static str,
    /// Why the next invoice would be wrong, with the click that fixes it.
    not_ready: Option<(&'static str, Option<String>)>,
    contracts: Vec<Contract>,
    month: Option<BilledMonth>,
    journal: &'static words::Journal,
    entries: Vec<Entry>,
}

/// The company's state in one contract.
struct Contract {
    name: Option<String>,
    is_held: bool,
    tone: &'static str,
    state: String,
    last_sync: String,
    /// The evidence for the state of its lines.
    evidence: Option<String>,
    last_change: String,
    products: Vec<Product>,
    advice: Vec<Advice>,
    remarks: Vec<String>,
    kaseya_says: Option<String>,
    trace: Option<String>,
    /// What it waits for.
    wait: Option<String>,
}

struct Product {
    name: String,
    users: Option<String>,
    billed: String,
    units: String,
    counted: String,
    effective: String,
    code: String,
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    Path((_, company)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let company = CompanyId::new(company).map_err(|_| Failure::NotFound)?;
    let frame = visit.frame(&portal, Place::Companies);
    let (partner, now, language) = (&visit.partner, portal.operations.clock.now(), visit.language);
    let read = portal
        .operations
        .store
        .transaction("portal_company", |tx| {
            let company = &company;
            Box::pin(async move {
                let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
                let statuses = statuses::company(tx, &settings, company, now).await?;
                let is_mapped = settings.companies.get(company).is_some_and(|known| known.mapping.is_some());
                let ready = readiness::partner(tx, partner, now).await?;
                let not_ready = readiness::of_statuses(&ready, is_mapped, &statuses);
                let advising = Advising::read(tx, &settings, now).await?;
                let contracts: Vec<Contract> =
                    statuses.iter().map(|status| contract(status, &settings, &advising, language)).collect();
                let query = JournalQuery {
                    company: Some(company),
                    from: None,
                    until: None,
                    before: None,
                    size: HISTORY,
                };
                let entries = history::journal_page(tx, partner, &query).await?;
                let name = |id: &str| {
                    let known = settings.companies.iter().find(|(known, _)| known.as_str() == id);
                    known.map_or_else(|| id.to_owned(), |(_, known)| known.name.clone())
                };
                let entries: Vec<Entry> =
                    entries.iter().map(|entry| Entry::of(entry, settings.zone(), language, name)).collect();
                let month = Month::last(now, &settings.count_zone);
                let month = BilledMonth::read(tx, &settings, company, month, language).await?;
                let unknown = !never_shown(tx, partner, Some(company)).await?.is_empty();
                let newest = senders::newest(tx, partner, company).await?;
                let reported = newest.map(|newest| crate::senders::newest(&newest, &settings, language));
                Ok::<_, StoreError>(Some((settings, not_ready, contracts, month, entries, unknown, reported)))
            })
        })
        .await?;
    let (settings, not_ready, contracts, month, entries, unknown, reported) =
        read.ok_or(Failure::NotFound)?;
    let known = settings.companies.get(&company).ok_or(Failure::NotFound)?;
    let words = words::Company::of(language);
    Ok(page(&Company {
        words,
        ready: if not_ready.is_none() { words.ready } else { words.not_ready },
        not_ready: not_ready.map(|reason| (advice::not_ready(reason, language), ready::path(reason, &frame))),
        id: company.to_string(),
        name: known.name.clone(),
        account: known.mapping.as_ref().map(|mapping| mapping.account_name.clone()),
        basis: words::Companies::of(language).basis(settings.count_basis),
        closed: known.closed_from.map(|day| shown::day(day, language)),
        senders: words::Senders::of(language),
        reported,
        unknown: unknown.then(|| words::Mapping::of(language).not_yet_known),
        edit: format!("{}/mapping", frame.company(&company)),
        billing: format!("{}/billing", frame.company(&company)),
        correction: format!("{}/correction", frame.company(&company)),
        rules: rules(known, &settings, language),
        is_held: contracts.iter().any(|contract| contract.is_held),
        contracts,
        month,
        journal: words::Journal::of(language),
        entries,
        frame,
    }))
}

fn contract(
    status: &CompanyStatus,
    settings: &PartnerSettings,
    advising: &Advising<'_>,
    language: Language,
) -> Contract {
    let words = words::Company::of(language);
    let instant = |at: Option<jiff::Timestamp>| {
        at.map_or_else(|| words.never.to_owned(), |at| shown::instant(at, advising.zone(), language))
    };
    let advice = advising.alone(status, language);
    // Do not repeat what the help already says.
    let is_said = |remark: &String| advice.iter().any(|advice| advice.happened.contains(remark.as_str()));
    let remarks = advising.remarks(status, language).into_iter().filter(|remark| !is_said(remark)).collect();
    Contract {
        name: status.contract.as_ref().map(|(_, name)| name.clone()),
        is_held: status.state == CompanyState::Held,
        tone: shown::tone(status.state),
        state: advising.state(status, language),
        last_sync: instant(status.last_sync),
        evidence: status.evidence.map(|evidence| {
            let text = match evidence {
                Evidence::Read(_) => words.evidence_read,
                Evidence::ImpliedByTotal(_) => words.evidence_implied,
                Evidence::Remembered(_) => words.evidence_remembered,
            };
            fill(text, &[("at", &instant(Some(evidence.at())))])
        }),
        last_change: instant(status.last_change),
        products: status.products.iter().map(|row| product(row, settings, language)).collect(),
        advice,
        remarks,
        kaseya_says: status.kaseya_says.clone(),
        trace: status.trace_id.clone(),
        wait: status.wait.as_ref().map(|wait| advising.wait(wait, language)),
    }
}

fn product(row: &ProductOutcome, settings: &PartnerSettings, language: Language) -> Product {
    let known = settings.products.iter().find(|(id, _)| id.as_str() == row.product);
    let whole = |number: u32| number::whole(number.into(), language);
    let day = |day: Option<jiff::civil::Date>| day.map_or_else(String::new, |day| shown::day(day, language));
    let from = row.from.and_then(|units| number::units(units, language));
    let to = row.to.map(whole);
    Product {
        name: known.map_or_else(|| row.product.clone(), |(_, known)| known.name.clone()),
        users: row.users.map(whole),
        billed: row.billed.filter(|billed| row.users != Some(*billed)).map(whole).unwrap_or_default(),
        units: match (from, to) {
            (Some(from), Some(to)) if from == to => to,
            (Some(from), Some(to)) => format!("{from} → {to}"),
            // Units are wanted, but there is no line for them.
            (None, Some(to)) => format!("– → {to}"),
            (Some(from), None) => from,
            (None, None) => String::new(),
        },
        counted: day(row.count_day),
        effective: day(row.effective),
        code: row.code.clone().unwrap_or_default(),
    }
}

/// The billing rules of its products, one text each (B-05).
fn rules(company: &settings::Company, settings: &PartnerSettings, language: Language) -> Vec<String> {
    let words = words::Company::of(language);
    let rule = |(product, billing): (&domain::ProductId, &settings::ProductBilling)| {
        let name = settings.products.get(product).map_or(product.as_str(), |known| &known.name);
        let number = |number: u32| number::whole(number.into(), language);
        let said = match billing.rule {
            domain::BillingRule::NotBilled => words.not_billed.to_owned(),
            domain::BillingRule::Billed { minimum, included_free } => {
                let mut said = Vec::new();
                if minimum > 0 {
                    said.push(fill(words.minimum, &[("number", &number(minimum))]));
                }
                if included_free > 0 {
                    said.push(fill(words.included, &[("number", &number(included_free))]));
                }
                said.join(", ")
            }
        };
        let note = billing.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
        format!("{name}: {said}{note}")
    };
    company.billing_rules.iter().map(rule).collect()
}
