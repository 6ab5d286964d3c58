//! A person's correction of a number of a frozen month (S-28, G-10).

use advice::number;
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{CompanyId, MAX_NAME, Month, Text};
use messages::inbound::MAX_USERS;
use operations::{frozen_counts::CorrectionForm, intake::NotTaken};
use serde::Deserialize;
use store::{StoreError, counts::month_ends, settings};

use crate::{
    Portal,
    addresses::percent_encoded,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    pages::page,
    said::Said,
    shown,
    visit::{Editing, Visit},
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "correction.html")]
struct Page {
    frame: Frame,
    words: &'static words::Correction,
    title: String,
    /// The path of the company's page.
    company: String,
    /// As the form carries it.
    month: String,
    /// As people read it.
    month_name: String,
    not_frozen: Option<String>,
    products: Vec<Product>,
    users: String,
    reason: String,
    mistakes: Vec<String>,
}

struct Product {
    id: String,
    /// With its number.
    name: String,
    /// The frozen or corrected number.
    users: Option<u32>,
    is_chosen: bool,
}

/// The posted form.
#[derive(Debug, Deserialize)]
pub(crate) struct PostedCorrection {
    month: String,
    product: String,
    users: String,
    reason: String,
}

/// The page, for last month.
pub(crate) async fn show(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Path((_, company)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let company = CompanyId::new(company).map_err(|_| Failure::NotFound)?;
    Ok(page(&read(&portal, &visit, &company, None).await?))
}

async fn read(
    portal: &Portal,
    visit: &Visit,
    company: &CompanyId,
    month: Option<Month>,
) -> Result<Page, Failure> {
    let (partner, now) = (&visit.partner, portal.operations.clock.now());
    let read = portal.operations.store.transaction("portal_correction", |tx| {
        Box::pin(async move {
            let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
            let month = month.unwrap_or_else(|| Month::last(now, &settings.count_zone));
            let frozen = month_ends::read(tx, partner, month).await?;
            Ok::<_, StoreError>(Some((settings, month, frozen)))
        })
    });
    let (settings, month, frozen) = read.await?.ok_or(Failure::NotFound)?;
    let known = settings.companies.get(company).ok_or(Failure::NotFound)?;
    let words = words::Correction::of(visit.language);
    let name = shown::whole_month(month, visit.language);
    let not_frozen = frozen.is_none().then(|| fill(words.not_frozen, &[("month", &name)]));
    let counts = frozen.and_then(|frozen| frozen.companies.get(company).cloned()).unwrap_or_default();
    let frame = visit.frame(portal, Place::Companies);
    Ok(Page {
        title: fill(words.title, &[("month", &name), ("company", &known.name)]),
        company: frame.company(company),
        month: month.to_string(),
        month_name: name,
        not_frozen,
        products: settings
            .products
            .iter()
            .map(|(id, product)| {
                let users = counts.get(id).and_then(|count| count.users);
                let shown = users.map_or_else(
                    || words.missing.to_owned(),
                    |users| number::whole(users.into(), visit.language),
                );
                Product {
                    id: id.to_string(),
                    name: fill(words.now, &[("product", &product.name), ("users", &shown)]),
                    users,
                    is_chosen: false,
                }
            })
            .collect(),
        users: String::new(),
        reason: String::new(),
        mistakes: Vec::new(),
        words,
        frame,
    })
}

pub(crate) async fn post(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Path((_, company)): Path<(String, String)>,
    Posted(typed): Posted<PostedCorrection>,
) -> Result<Response, Failure> {
    let company = CompanyId::new(company).map_err(|_| Failure::NotFound)?;
    let month = Month::parse(&typed.month).ok_or(Failure::NotFound)?;
    let mut page_of = read(&portal, &visit, &company, Some(month)).await?;
    let users = typed.users.trim().parse::<u32>().ok().filter(|users| *users <= MAX_USERS);
    page_of.mistakes = mistakes(&page_of, &typed, users, visit.language);
    if let (Some(users), true) = (users, page_of.mistakes.is_empty()) {
        let form = CorrectionForm {
            month: typed.month.clone(),
            company: company.to_string(),
            product: typed.product.clone(),
            users,
            reason: typed.reason.clone(),
            by: visit.person.name.clone(),
        };
        match portal.operations.by(&visit.actor).correct_count(&visit.partner, form).await {
            Ok(()) => {
                let (partner, by) = (&visit.partner, &visit.person.name);
                tracing::info!(%partner, %company, by, "a frozen number was corrected");
                let path = format!("companies/{}", percent_encoded(company.as_str()));
                return Ok(Redirect::to(&Said::Corrected.at(partner, &path)).into_response());
            }
            // It was valid a moment ago: somebody else was faster.
            Err(NotTaken::Mistakes(_)) => page_of.mistakes = vec![page_of.words.gone.to_owned()],
            Err(NotTaken::Store(error)) => return Err(error.into()),
            Err(error) => return Err(Failure::Unavailable(error.to_string())),
        }
    }
    for product in &mut page_of.products {
        product.is_chosen = product.id == typed.product;
    }
    (page_of.users, page_of.reason) = (typed.users, typed.reason);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response())
}

fn mistakes(
    page: &Page,
    typed: &PostedCorrection,
    users: Option<u32>,
    language: advice::Language,
) -> Vec<String> {
    let (words, form) = (page.words, words::Connection::of(language));
    let of_field = |field: &str, fix: String| format!("{field}: {fix}");
    let mut found: Vec<String> = page.not_frozen.iter().cloned().collect();
    let chosen = page.products.iter().find(|product| product.id == typed.product);
    match (chosen, users) {
        (None, _) => found.push(of_field(words.product, words.gone.to_owned())),
        (Some(_), None) => {
            let range = fill(form.out_of_range, &[("least", &0), ("most", &MAX_USERS)]);
            found.push(of_field(words.users, range));
        }
        (Some(product), users) if product.users == users => {
            found.push(of_field(words.users, fill(words.already, &[("month", &page.month_name)])));
        }
        (Some(_), Some(_)) => {}
    }
    if let Err(error) = Text::<MAX_NAME>::new(&*typed.reason) {
        found.push(of_field(words.reason, words::TextMistakes::of(language).fix(&error)));
    }
    found
}
