//! A partner's first page: one headline, then the rows that need a person.

use advice::{Language, number};
use askama::Template;
use axum::{extract::State, response::Response};
use domain::CompanyState;
use store::{
    StoreError,
    settings::{self, Integration, IntegrationState, PartnerSettings},
    status_reading::{self, CompanyStatus},
};

use crate::{
    Portal,
    failure::Failure,
    frame::{Frame, Place},
    pages::page,
    shown,
    visit::Visit,
    words::{self, fill},
};

/// Rows that are shown; the others are behind a link.
const ROWS: usize = 20;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    words: &'static words::Overview,
    integration: Standing,
    refused: Option<String>,
    headline: String,
    figures: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    more: Option<String>,
    next_run: Option<String>,
    zone: String,
    all: String,
    connection: String,
}

/// Where the switch stands.
#[derive(PartialEq, Eq)]
enum Standing {
    NotSetUp,
    On,
    SwitchingOff,
    Off,
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

/// The page.
pub(crate) async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Failure> {
    let (partner, now) = (&visit.partner, portal.operations.clock.now());
    let read = portal
        .operations
        .store
        .transaction("portal_overview", |tx| {
            Box::pin(async move {
                let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
                let companies = status_reading::companies(tx, &settings, now).await?;
                Ok::<_, StoreError>(Some((settings, companies)))
            })
        })
        .await?;
    let (settings, companies) = read.ok_or(Failure::NotFound)?;
    let language = visit.language;
    let words = words::Overview::of(language);
    let frame = visit.frame(&portal, Place::Overview);
    let zone = settings.zone();
    let mut waiting: Vec<&CompanyStatus> = companies.iter().filter(|row| needs_person(row.state)).collect();
    waiting.sort_by_key(|row| row.state != CompanyState::NotSent);
    let within = frame.within.as_ref().ok_or(Failure::NotFound)?;
    let more = waiting.len().checked_sub(ROWS).filter(|more| *more > 0);
    let rows = waiting.iter().take(ROWS).map(|row| Row {
        company: row.name.clone(),
        contract: row.contract.as_ref().map_or_else(String::new, |(_, name)| name.clone()),
        tone: shown::tone(row.state),
        state: advice::state(row.state, &advice::Facts::default(), &reader(language, &settings, now)),
        code: row.code.map_or("", domain::ErrorCode::as_str),
        path: within.path(&format!("companies/{}", crate::forms::percent_encoded(row.company.as_str()))),
        next_click: match row.state {
            CompanyState::Held => words.decide,
            CompanyState::NotMapped => words.map,
            _ => words.look,
        },
    });
    let month = zone.to_datetime(now).month();
    Ok(page(&Overview {
        words,
        integration: standing(settings.integration.as_ref()),
        refused: refused(&settings, language),
        headline: fill(words.invoices, &[("month", &shown::month(month, language))]),
        figures: figures(&companies, words, language),
        rows: rows.collect(),
        more: more.map(|more| fill(words.more, &[("number", &more)])),
        next_run: settings.schedule.as_ref().map(|known| shown::instant(known.next_run_at, zone, language)),
        zone: fill(words.times, &[("zone", &zone.iana_name().unwrap_or("UTC"))]),
        all: within.path("companies"),
        connection: within.path("integrations/kaseya-bms"),
        frame,
    }))
}

fn reader(language: Language, settings: &PartnerSettings, now: jiff::Timestamp) -> advice::Reader {
    advice::Reader { language, now: now.to_zoned(settings.zone().clone()) }
}

fn standing(integration: Option<&Integration>) -> Standing {
    match integration.map(|integration| integration.state) {
        None => Standing::NotSetUp,
        Some(IntegrationState::On) => Standing::On,
        Some(IntegrationState::SwitchingOff) => Standing::SwitchingOff,
        Some(IntegrationState::Off) => Standing::Off,
    }
}

fn refused(settings: &PartnerSettings, language: Language) -> Option<String> {
    let refused = settings.integration.as_ref()?.credentials_refused?;
    let when = shown::instant(refused.at, settings.zone(), language);
    Some(fill(words::Overview::of(language).refused, &[("code", &refused.code), ("when", &when)]))
}

fn needs_person(state: CompanyState) -> bool {
    matches!(state, CompanyState::NotSent | CompanyState::Held | CompanyState::NotMapped)
}

fn figures(
    companies: &[CompanyStatus],
    words: &words::Overview,
    language: Language,
) -> Vec<(&'static str, String)> {
    let count = |is: fn(CompanyState) -> bool| companies.iter().filter(|row| is(row.state)).count() as u64;
    let ready =
        count(|state| matches!(state, CompanyState::Changed | CompanyState::Unchanged | CompanyState::Sent));
    let mend = count(|state| matches!(state, CompanyState::NotSent | CompanyState::NotMapped));
    let held = count(|state| state == CompanyState::Held);
    let of = |number, one: &'static str, more: &'static str| {
        fill(words::counted(number, one, more), &[("number", &number::whole(number, language))])
    };
    let mut figures = vec![("good-ink", of(ready, words.ready, words.ready))];
    if mend > 0 {
        figures.push(("bad-ink", of(mend, words.to_mend_one, words.to_mend)));
    }
    if held > 0 {
        figures.push(("warn-ink", of(held, words.held_one, words.held)));
    }
    figures
}
