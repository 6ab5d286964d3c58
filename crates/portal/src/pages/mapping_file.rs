//! The mapping file (B-08): downloaded, previewed, and applied exactly as previewed.

use advice::Language;
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::BillingRule;
use operations::mapping_file::{
    BadRow, Comparison, Difference, MAX_BYTES, NotApplied, NotLooked, Separator, Wrong,
};
use store::{
    kaseya::{names::NameOf, never_shown::NeverShown},
    settings::{CompanyMapping, PartnerSettings, ProductBilling},
};

use crate::{
    Portal,
    download::download,
    failure::Failure,
    frame::{Frame, Place},
    pages::page,
    said::Said,
    upload::Uploaded,
    visit::{Editing, Visit},
    words::{self, fill},
};

const HERE: &str = "integrations/kaseya-bms/mapping-file";
/// Rows of each table that a page shows.
const SHOWN: usize = 500;
/// The maximum size of a form with a file, in bytes. After the preview the form carries the file as encoded text.
pub(crate) const MAX_FORM: usize = MAX_BYTES / 3 * 4 + 64 * 1024;

#[derive(Template)]
#[template(path = "mapping_file.html")]
struct Page {
    frame: Frame,
    words: &'static words::MappingFile,
    mapping: &'static words::Mapping,
    here: String,
    refused: Option<String>,
    shown: Option<Shown>,
}

/// The preview of a file.
struct Shown {
    /// The file, encoded so that browsers leave it unchanged: a line break within a name survives.
    file: String,
    mark: String,
    bad_title: String,
    first_bad: Option<String>,
    bad: Vec<Bad>,
    differences_title: String,
    first_differences: Option<String>,
    differences: Vec<Changed>,
    not_yet_known: Option<String>,
    leftovers: Option<String>,
    /// The questions whether to add users together.
    together: Vec<String>,
}

struct Bad {
    line: u64,
    column: &'static str,
    fix: String,
}

struct Changed {
    what: String,
    rule: Option<String>,
    from: String,
    to: String,
}

pub(crate) async fn show(State(portal): State<Portal>, Editing(visit): Editing) -> Result<Response, Failure> {
    visit.connected_settings(&portal).await?;
    Ok(page(&page_of(&portal, &visit, None, None)))
}

fn page_of(portal: &Portal, visit: &Visit, refused: Option<String>, shown: Option<Shown>) -> Page {
    let frame = visit.frame(portal, Place::Companies);
    Page {
        words: words::MappingFile::of(visit.language),
        mapping: words::Mapping::of(visit.language),
        here: frame.path(HERE),
        refused,
        shown,
        frame,
    }
}

/// The file, with the separator that spreadsheets in the page's language expect.
pub(crate) async fn csv(State(portal): State<Portal>, Editing(visit): Editing) -> Result<Response, Failure> {
    let file = portal.operations.mapping_file(&visit.partner, Separator::of(visit.language)).await;
    let file = file.map_err(|error| match error {
        NotLooked::Store(error) => error.into(),
        _ => Failure::NotFound,
    })?;
    Ok(download("mappings.csv", file))
}

/// Previews a file, or applies the previewed one.
pub(crate) async fn post(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    form: Uploaded,
) -> Result<Response, Failure> {
    let words = words::MappingFile::of(visit.language);
    let settings = visit.connected_settings(&portal).await?;
    let unprocessable = |refused: Option<String>, shown: Option<Shown>| {
        let page_of = page_of(&portal, &visit, refused, shown);
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&page_of)).into_response())
    };
    let (mark, partner) = (form.text("mark"), &visit.partner);
    if mark.is_empty() {
        let Some(file) = form.bytes("file") else {
            return unprocessable(Some(words.no_file.to_owned()), None);
        };
        return match portal.operations.look_at_mapping_file(partner, file).await {
            Ok(comparison) => {
                let shown = shown(&settings, file, &comparison, visit.language);
                Ok(page(&page_of(&portal, &visit, None, Some(shown))))
            }
            Err(error) => unprocessable(Some(refusal(error, words)?), None),
        };
    }
    let file = STANDARD.decode(form.text("shown"));
    let file = file.map_err(|error| Failure::Form(format!("no file that was shown: {error}")))?;
    let add_together = form.text("add_together") == "true";
    match portal.operations.by(&visit.actor).apply_mapping_file(partner, &file, mark, add_together).await {
        Ok(left) => {
            let said = Said::of_mappings(&portal, partner, &left, None).await?;
            Ok(Redirect::to(&said.at(partner, HERE)).into_response())
        }
        Err(NotApplied::LookAgain(comparison)) => {
            let is_same = comparison.mark() == mark && comparison.bad.is_empty();
            let refused = if is_same { words.answer } else { words.changed_meanwhile };
            let shown = shown(&settings, &file, &comparison, visit.language);
            unprocessable(Some(refused.to_owned()), Some(shown))
        }
        Err(NotApplied::NotLooked(error)) => unprocessable(Some(refusal(error, words)?), None),
    }
}

fn refusal(error: NotLooked, words: &words::MappingFile) -> Result<String, Failure> {
    match error {
        NotLooked::TooLarge => Ok(words.too_large.to_owned()),
        NotLooked::TooManyRows => Ok(words.too_many_rows.to_owned()),
        NotLooked::NotUtf8 => Ok(words.not_utf8.to_owned()),
        NotLooked::NoColumn(column) => Ok(fill(words.no_column, &[("column", &column)])),
        NotLooked::StrangeColumn(column) => Ok(fill(words.strange_column, &[("column", &column)])),
        NotLooked::NotConnected => Err(Failure::NotFound),
        NotLooked::Store(error) => Err(error.into()),
    }
}

fn shown(settings: &PartnerSettings, file: &[u8], comparison: &Comparison, language: Language) -> Shown {
    let words = words::MappingFile::of(language);
    let naming = Naming { settings, words, language };
    let first = |number: usize| (number > SHOWN).then(|| fill(words.first_shown, &[("number", &SHOWN)]));
    let (bad, differences) = (&comparison.bad, &comparison.differences);
    let leftovers = comparison.leftovers.iter().map(|left| {
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("contract", &left.contract.1), ("service", &left.service), ("units", &left.units)];
        fill(words.leftover, &values)
    });
    let leftovers: Vec<String> = leftovers.collect();
    let mut together: Vec<String> = Vec::new();
    for companies in &comparison.companies_together {
        let names: Vec<String> = companies.iter().map(|id| settings.company_name(id)).collect();
        together.push(fill(words.together_companies, &[("names", &names.join(", "))]));
    }
    if !comparison.products_together.is_empty() {
        let names: Vec<String> =
            comparison.products_together.iter().map(|id| settings.product_name(id)).collect();
        together.push(fill(words.together_products, &[("names", &names.join(", "))]));
    }
    Shown {
        file: STANDARD.encode(file),
        mark: comparison.mark(),
        bad_title: fill(words.bad_rows, &[("number", &bad.len())]),
        first_bad: first(bad.len()),
        bad: bad.iter().take(SHOWN).map(|row| naming.bad(row)).collect(),
        differences_title: fill(words.differences, &[("number", &differences.len())]),
        first_differences: first(differences.len()),
        differences: differences.iter().take(SHOWN).map(|difference| naming.changed(difference)).collect(),
        not_yet_known: not_yet_known(&comparison.not_yet_known, words),
        leftovers: (!leftovers.is_empty())
            .then(|| fill(words.leftovers, &[("names", &leftovers.join("; "))])),
        together,
    }
}

/// The ids that Kaseya has never shown; if there are many, only the first ones.
fn not_yet_known(unknown: &[NeverShown], words: &words::MappingFile) -> Option<String> {
    const NAMED: usize = 10;
    let named = unknown.iter().take(NAMED).map(|one| {
        let words = match one.of {
            NameOf::Service => words.unknown_service,
            NameOf::Contract => words.unknown_contract,
            NameOf::Account => words.unknown_account,
        };
        fill(words, &[("id", &one.id), ("name", &one.name)])
    });
    let mut names: Vec<String> = named.collect();
    if unknown.len() > NAMED {
        names.push(fill(words.and_more, &[("number", &(unknown.len() - NAMED))]));
    }
    (!names.is_empty()).then(|| fill(words.not_yet_known, &[("names", &names.join(", "))]))
}

/// Replaces ids by names.
struct Naming<'a> {
    settings: &'a PartnerSettings,
    words: &'static words::MappingFile,
    language: Language,
}

impl Naming<'_> {
    fn bad(&self, row: &BadRow) -> Bad {
        let words = self.words;
        let fix = match &row.wrong {
            Wrong::Missing => words.missing.to_owned(),
            Wrong::OutOfRange { least, most } => {
                fill(words.out_of_range, &[("least", least), ("most", most)])
            }
            Wrong::NotOneOf(known) => fill(words.not_one_of, &[("words", known)]),
            Wrong::Unknown(id) => fill(words.unknown, &[("id", id)]),
            Wrong::OtherName(name) => fill(words.other_name, &[("name", name)]),
            Wrong::NotItsName { id, told, named } => {
                fill(words.not_its_name, &[("id", id), ("told", told), ("named", named)])
            }
            Wrong::Twice(line) => fill(words.twice, &[("line", line)]),
            Wrong::NotMapped => words.not_mapped.to_owned(),
            Wrong::OtherAccount(companies) => {
                let names: Vec<String> = companies.iter().map(|id| self.settings.company_name(id)).collect();
                fill(words.other_account, &[("names", &names.join(", "))])
            }
            Wrong::TooManyCells => words.too_many_cells.to_owned(),
            Wrong::NoEffect(None) => words.no_effect.to_owned(),
            Wrong::NoEffect(Some(column)) => fill(words.no_effect_without, &[("column", column)]),
            Wrong::Text(error) => words::TextMistakes::of(self.language).fix(error),
        };
        Bad { line: row.line, column: row.column, fix }
    }

    fn changed(&self, difference: &Difference) -> Changed {
        let words = self.words;
        let nothing = || words.nothing.to_owned();
        match difference {
            Difference::Product { product, from, to } => {
                let [from, to] = [from, to].map(|service| {
                    service.as_ref().map_or_else(nothing, |known| named(&known.service_name, known.service))
                });
                Changed { what: self.settings.product_name(product), rule: None, from, to }
            }
            Difference::Company { company, from, to } => {
                let [from, to] = [from, to]
                    .map(|mapping| mapping.as_ref().map_or_else(nothing, |known| self.mapping(known)));
                Changed { what: self.settings.company_name(company), rule: None, from, to }
            }
            Difference::Billing { company, product, from, to } => {
                let [from, to] = [from, to].map(|rule| self.rule(rule.as_ref()));
                let rule = fill(words.rule_of, &[("product", &self.settings.product_name(product))]);
                Changed { what: self.settings.company_name(company), rule: Some(rule), from, to }
            }
        }
    }

    fn mapping(&self, mapping: &CompanyMapping) -> String {
        let own = mapping.product_contracts.iter().map(|(product, own)| {
            format!("{}: {}", self.settings.product_name(product), named(&own.name, own.id))
        });
        let account = named(&mapping.account_name, mapping.account);
        let parts = [account, named(&mapping.contract.name, mapping.contract.id)];
        parts.into_iter().chain(own).collect::<Vec<_>>().join(" · ")
    }

    fn rule(&self, billing: Option<&ProductBilling>) -> String {
        let words = self.words;
        let Some(billing) = billing else { return words.as_counted.to_owned() };
        let note = billing.note.clone().unwrap_or_default();
        match billing.rule {
            BillingRule::NotBilled => fill(words.not_billed, &[("note", &note)]),
            BillingRule::Billed { minimum, included_free } => {
                let figures = fill(words.billed, &[("minimum", &minimum), ("included_free", &included_free)]);
                if note.is_empty() { figures } else { format!("{figures} · {note}") }
            }
        }
    }
}

/// Kaseya's name with its id: a file may change either.
fn named(name: &str, id: impl std::fmt::Display) -> String {
    format!("{name} ({id})").trim_start().to_owned()
}
