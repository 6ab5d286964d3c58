//! The billing rules of a company's products (B-05): not billed with a reason, a minimum, free users.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{BillingRule, CompanyId, ProductId};
use operations::{
    billing_rules::BillingForm,
    not_saved::{Mistake, MistakeKind, NotSaved},
};
use serde::Deserialize;
use store::settings::{PartnerSettings, ProductBilling};

use crate::{
    Portal,
    addresses::percent_encoded,
    failure::Failure,
    forms::Posted,
    frame::{Frame, Place},
    pages::page,
    said::Said,
    visit::{Editing, Visit},
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "billing.html")]
struct Page {
    frame: Frame,
    words: &'static words::Billing,
    title: String,
    company: String,
    rows: Vec<Row>,
    mistakes: Vec<String>,
}

struct Row {
    id: String,
    name: String,
    kind: &'static str,
    minimum: String,
    included: String,
    note: String,
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Path((_, company)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (settings, company) = stored(&portal, &visit, company).await?;
    let known = settings.companies.get(&company).ok_or(Failure::NotFound)?;
    let rows = settings.products.iter().map(|(id, product)| {
        let rule = known.billing_rules.get(id);
        Row { id: id.to_string(), name: product.name.clone(), ..stored_row(rule) }
    });
    let rows = rows.collect();
    Ok(page(&page_of(&portal, &visit, &company, &known.name, rows, Vec::new())))
}

fn stored_row(rule: Option<&ProductBilling>) -> Row {
    let note = rule.and_then(|rule| rule.note.clone()).unwrap_or_default();
    let (kind, minimum, included) = match rule.map(|rule| rule.rule) {
        None => ("as-counted", 0, 0),
        Some(BillingRule::NotBilled) => ("not-billed", 0, 0),
        Some(BillingRule::Billed { minimum, included_free }) => ("figures", minimum, included_free),
    };
    let figure = |number: u32| if number == 0 { String::new() } else { number.to_string() };
    Row {
        id: String::new(),
        name: String::new(),
        kind,
        minimum: figure(minimum),
        included: figure(included),
        note,
    }
}

async fn stored(
    portal: &Portal,
    visit: &Visit,
    company: String,
) -> Result<(PartnerSettings, CompanyId), Failure> {
    let company = CompanyId::new(company).map_err(|_| Failure::NotFound)?;
    let settings = visit.settings(portal).await?;
    if !settings.companies.contains_key(&company) {
        return Err(Failure::NotFound);
    }
    Ok((settings, company))
}

fn page_of(
    portal: &Portal,
    visit: &Visit,
    company: &CompanyId,
    name: &str,
    rows: Vec<Row>,
    mistakes: Vec<String>,
) -> Page {
    let words = words::Billing::of(visit.language);
    let frame = visit.frame(portal, Place::Companies);
    Page {
        title: fill(words.title, &[("company", &name)]),
        company: frame.company(company),
        words,
        rows,
        mistakes,
        frame,
    }
}

/// The posted form: one value of each kind per product, in row order.
#[derive(Debug, Deserialize)]
pub(crate) struct PostedRule {
    #[serde(default)]
    product: Vec<ProductId>,
    #[serde(default)]
    kind: Vec<String>,
    #[serde(default)]
    minimum: Vec<String>,
    #[serde(default)]
    included: Vec<String>,
    #[serde(default)]
    note: Vec<String>,
}

pub(crate) async fn post(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Path((_, company)): Path<(String, String)>,
    Posted(typed): Posted<PostedRule>,
) -> Result<Response, Failure> {
    let (settings, company) = stored(&portal, &visit, company).await?;
    let known = settings.companies.get(&company).ok_or(Failure::NotFound)?;
    let number = typed.product.len();
    let columns = [&typed.kind, &typed.minimum, &typed.included, &typed.note];
    if columns.iter().any(|column| column.len() != number) {
        return Err(Failure::Form("a product without its rule".to_owned()));
    }
    let values = typed.kind.iter().zip(&typed.minimum).zip(&typed.included).zip(&typed.note);
    let rows = typed.product.iter().zip(values).map(|(id, (((kind, minimum), included), note))| Row {
        id: id.to_string(),
        name: settings.product_name(id),
        kind: match kind.as_str() {
            "not-billed" => "not-billed",
            "figures" => "figures",
            _ => "as-counted",
        },
        minimum: minimum.trim().to_owned(),
        included: included.trim().to_owned(),
        note: note.trim().to_owned(),
    });
    let rows: Vec<Row> = rows.collect();
    let rules: BTreeMap<ProductId, BillingForm> =
        typed.product.iter().cloned().zip(rows.iter().map(form)).collect();
    let refusal =
        match portal.operations.by(&visit.actor).save_billing_rules(&visit.partner, &company, &rules).await {
            Ok(()) => {
                let to = Said::SavedMapping
                    .at(&visit.partner, &format!("companies/{}", percent_encoded(company.as_str())));
                return Ok(Redirect::to(&to).into_response());
            }
            Err(refusal) => refusal,
        };
    let mistakes = match refusal {
        NotSaved::Mistakes(mistakes) => mistakes.iter().map(|mistake| fix(mistake, visit.language)).collect(),
        NotSaved::Store(error) => return Err(error.into()),
        _ => return Err(Failure::NotFound),
    };
    let page_of = page_of(&portal, &visit, &company, &known.name, rows, mistakes);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response())
}

fn form(row: &Row) -> BillingForm {
    // Text that is not a number counts as out of range.
    let figure = |text: &str| if text.is_empty() { 0 } else { text.parse().unwrap_or(-1) };
    match row.kind {
        "not-billed" => BillingForm::NotBilled { minimum: 0, included_free: 0, note: row.note.clone() },
        "figures" => BillingForm::Figures {
            minimum: figure(&row.minimum),
            included_free: figure(&row.included),
            note: row.note.clone(),
        },
        _ => BillingForm::AsCounted,
    }
}

fn fix(mistake: &Mistake, language: advice::Language) -> String {
    use operations::not_saved::Field;
    let (words, connection) = (words::Billing::of(language), words::Connection::of(language));
    let field = match mistake.field {
        Field::Minimum => words.minimum,
        Field::IncludedFree => words.included,
        Field::Note => words.note,
        _ => words.rule,
    };
    let kind = match &mistake.kind {
        MistakeKind::OutOfRange { least, most } => {
            fill(connection.out_of_range, &[("least", least), ("most", most)])
        }
        MistakeKind::Missing => connection.missing.to_owned(),
        MistakeKind::NoEffect => words::TextMistakes::of(language).no_effect.to_owned(),
        MistakeKind::Text(error) => words::TextMistakes::of(language).fix(error),
        _ => words::Mapping::of(language).unknown.to_owned(),
    };
    format!("{field}: {kind}")
}
