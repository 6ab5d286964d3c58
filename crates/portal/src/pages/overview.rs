//! A partner's first page: one headline, then the rows that need a person, each with its next click.

use advice::{Language, number};
use askama::Template;
use axum::{extract::State, response::Response};
use domain::{CompanyState, IntegrationState, Month};
use store::{
    StoreError,
    settings::{self},
    statuses::{
        CompanyStatus, RunRow,
        listing::ListedCompany,
        overview::{self, AtRisk},
        readiness,
    },
};

use crate::{
    Portal,
    failure::Failure,
    frame::{Frame, Place},
    pages::page,
    ready::{self, Reason},
    shown,
    visit::Visit,
    words::{self, counted, fill},
};

/// Companies shown here; a link leads to the others.
const COMPANIES: u32 = 20;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    words: &'static words::Overview,
    state: Option<IntegrationState>,
    writes_stopped: bool,
    refused: Option<String>,
    headline: String,
    figures: Vec<(&'static str, String)>,
    /// Why invoices are not ready.
    reasons: Vec<Reason>,
    rows: Vec<Row>,
    more: Option<String>,
    products: Vec<String>,
    reports: Vec<String>,
    next_run: Option<String>,
    is_on: bool,
    last_run: Option<(String, String)>,
    running: Option<String>,
    /// What the current run waits for.
    wait: Option<String>,
    zone: String,
}

/// A company and contract that needs a person.
struct Row {
    company: String,
    contract: String,
    tone: &'static str,
    state: String,
    code: &'static str,
    path: String,
    next_click: &'static str,
}

pub(crate) async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Failure> {
    let (partner, now) = (&visit.partner, portal.operations.clock.now());
    let read = portal
        .operations
        .store
        .transaction("portal_overview", |tx| {
            Box::pin(async move {
                let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                let last_month = Month::last(now, &zones.count);
                let seen = overview::overview(tx, partner, COMPANIES, last_month, now).await?;
                let stopped = settings::writes_stopped(tx).await?;
                let waits = store::jobs::waiting::runs(tx, partner, now).await?;
                Ok::<_, StoreError>(Some((zones, seen, stopped, waits)))
            })
        })
        .await?;
    let (zones, seen, writes_stopped, waits) = read.ok_or(Failure::NotFound)?;
    let zone = &zones.shown;
    let language = visit.language;
    let words = words::Overview::of(language);
    let frame = visit.frame(&portal, Place::Overview);
    let instant = |at| shown::instant(at, zone, language);
    let run = |run: &RunRow| frame.path(&format!("activity/{}", run.run));
    let shown_companies = u32::try_from(seen.needs_person.len()).unwrap_or(COMPANIES);
    let more = seen.companies.needs_person.saturating_sub(shown_companies);
    let reader = advice::Reader { language, now: now.to_zoned(zone.clone()) };
    let month = seen.invoice_day.map_or_else(
        || Month::of(zone.to_datetime(now).date()),
        |invoice_day| domain::invoiced_month(now, invoice_day, zones.invoice()),
    );
    Ok(page(&Overview {
        words,
        state: seen.state,
        writes_stopped,
        refused: seen
            .refused
            .map(|refused| fill(words.refused, &[("code", &refused.code), ("when", &instant(refused.at))])),
        headline: fill(words.invoices, &[("month", &shown::month(month.first_day().month(), language))]),
        figures: figures(&seen, words, language),
        reasons: ready::reasons(&seen.readiness, &frame, language),
        rows: seen.needs_person.iter().flat_map(|company| rows(company, &frame, words, &reader)).collect(),
        more: (more > 0).then(|| fill(words.more, &[("number", &number::whole(more.into(), language))])),
        products: seen
            .unmapped_products
            .iter()
            .map(|product| {
                let users = number::whole(product.users.into(), language);
                fill(words.unmapped_product, &[("product", &product.name), ("users", &users)])
            })
            .collect(),
        reports: seen
            .incomplete_reports
            .iter()
            .map(|report| {
                fill(
                    words.incomplete_report,
                    &[
                        ("report", &report.report),
                        ("day", &shown::day(report.day, language)),
                        ("received", &report.received),
                        ("parts", &report.parts),
                        ("when", &instant(report.since)),
                    ],
                )
            })
            .collect(),
        next_run: seen.next_run_at.map(|due| match readiness::is_overdue(due, now) {
            true => fill(words.overdue, &[("when", &instant(due))]),
            false => instant(due),
        }),
        is_on: seen.state == Some(IntegrationState::On),
        last_run: seen
            .last
            .as_ref()
            .map(|last| (run(last), instant(last.finished_at.unwrap_or(last.started_at)))),
        running: seen.running.as_ref().map(run),
        wait: seen
            .running
            .as_ref()
            .and_then(|run| waits.get(&run.run))
            .map(|wait| advice::wait(wait, &reader)),
        zone: fill(words.times, &[("zone", &zone.iana_name().unwrap_or("UTC"))]),
        frame,
    }))
}

fn rows<'a>(
    company: &'a ListedCompany,
    frame: &'a Frame,
    words: &'static words::Overview,
    reader: &'a advice::Reader,
) -> impl Iterator<Item = Row> + 'a {
    let needs = |status: &&CompanyStatus| {
        status.code.is_some()
            || matches!(
                status.state,
                CompanyState::NotSent | CompanyState::Held | CompanyState::NotMapped | CompanyState::Deferred
            )
    };
    company.statuses.iter().filter(needs).map(move |status| Row {
        company: company.company.name.clone(),
        contract: status.contract.as_ref().map_or_else(String::new, |(_, name)| name.clone()),
        tone: shown::tone(status.state),
        state: advice::state(status.state, &shown::moving(status), reader),
        code: status.code.map_or("", domain::ErrorCode::as_str),
        path: match status.state {
            CompanyState::Held => frame.path("holds"),
            CompanyState::NotMapped if frame.may_edit => format!("{}/mapping", frame.company(&company.id)),
            _ => frame.company(&company.id),
        },
        next_click: match status.state {
            CompanyState::Held => words.decide,
            CompanyState::NotMapped => words.map,
            _ => words.look,
        },
    })
}

fn figures(
    seen: &overview::Overview,
    words: &words::Overview,
    language: Language,
) -> Vec<(&'static str, String)> {
    let of = |number: u32, one: &'static str, more: &'static str| {
        let whole = number::whole(number.into(), language);
        fill(counted(number.into(), one, more), &[("number", &whole)])
    };
    let counts = seen.companies;
    let to_fix = counts.failed + counts.unmapped_with_users;
    let ready = seen.readiness.ready;
    // Zero ready companies are not good news.
    let tone = if ready > 0 { "good-ink" } else { "" };
    let mut figures = vec![(tone, of(ready, words.ready, words.ready))];
    if to_fix > 0 {
        figures.push(("bad-ink", of(to_fix, words.to_fix_one, words.to_fix)));
    }
    if seen.open_holds > 0 {
        figures.push(("warn-ink", of(seen.open_holds, words.held_one, words.held)));
    }
    figures.extend(at_risk(seen.at_risk, words, language).map(|text| ("", text)));
    figures
}

fn at_risk(risk: AtRisk, words: &words::Overview, language: Language) -> Option<String> {
    let money = (risk.money >= 0.005).then(|| shown::amount(risk.money, language)).flatten();
    let money = money.map(|money| fill(words.at_risk, &[("money", &money)]));
    let units = (risk.units_without_price > 0).then(|| {
        let units = number::whole(risk.units_without_price.into(), language);
        fill(words.units_at_risk, &[("units", &units)])
    });
    match (money, units) {
        (Some(money), Some(units)) => Some(format!("{money}, {units}")),
        (money, units) => money.or(units),
    }
}
