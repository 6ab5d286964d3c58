//! The list of runs, and the page of one run.

use std::collections::BTreeMap;

use advice::{Language, number};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::{CompanyState, ErrorCode, ProductOutcome, RunId, RunMode, RunState, Wait};
use store::{
    StoreError,
    jobs::waiting,
    settings::{self, PartnerSettings},
    statuses::{
        self, RunCompany, RunRow,
        history::{self, PlanRow},
    },
};

use crate::{
    Portal, entries,
    failure::Failure,
    frame::{Frame, Place},
    pages::page,
    shown,
    visit::Visit,
    words::{self, fill},
};

/// Runs on one page: two months of nights.
const RUNS: i64 = 60;

#[derive(Template)]
#[template(path = "activity.html")]
struct Activity {
    frame: Frame,
    activity: &'static words::Activity,
    runs: Vec<Run>,
}

#[derive(Template)]
#[template(path = "run.html")]
struct OneRun {
    frame: Frame,
    words: &'static words::Activity,
    run: Run,
    rows: Vec<Row>,
    plan: Vec<Planned>,
    /// The monthly total of all changes.
    plan_total: Option<String>,
}

/// A line that a plan would change (B-02).
struct Planned {
    company: String,
    path: String,
    product: String,
    units: String,
    effective: String,
    money: String,
    state: String,
}

struct Run {
    path: String,
    number: String,
    by: String,
    is_plan: bool,
    state: &'static str,
    is_running: bool,
    started: String,
    ended: String,
    totals: [(&'static str, String); 6],
    /// Progress while the run is in progress: done, total, and the text.
    progress: Option<(u32, u32, String)>,
    /// What it waits for.
    wait: Option<String>,
}

struct Row {
    company: String,
    path: String,
    contract: String,
    tone: &'static str,
    state: String,
    code: &'static str,
    changes: Vec<Change>,
}

struct Change {
    product: String,
    units: String,
    effective: String,
    code: String,
}

/// The list of runs.
pub(crate) async fn show(State(portal): State<Portal>, visit: Visit) -> Result<Response, Failure> {
    let (partner, now) = (&visit.partner, portal.operations.clock.now());
    let read = portal
        .operations
        .store
        .transaction("portal_runs", |tx| {
            Box::pin(async move {
                let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
                let runs = statuses::runs(tx, partner, 0, RUNS).await?;
                Ok::<_, StoreError>(Some((settings, runs, waiting::runs(tx, partner, now).await?)))
            })
        })
        .await?;
    let (settings, runs, waits) = read.ok_or(Failure::NotFound)?;
    let frame = visit.frame(&portal, Place::Activity);
    let companies = settings.companies.len();
    let reader = advice::Reader { language: visit.language, now: now.to_zoned(settings.zone().clone()) };
    let shown = |run: &RunRow| shown_run(run, waits.get(&run.run), &frame, &reader, companies);
    let runs = runs.iter().map(shown).collect();
    Ok(page(&Activity { activity: words::Activity::of(visit.language), runs, frame }))
}

/// The page of one run.
pub(crate) async fn show_run(
    State(portal): State<Portal>,
    visit: Visit,
    Path((_, run)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let run = RunId::parse(&run).map_err(|_| Failure::NotFound)?;
    let (partner, now) = (&visit.partner, portal.operations.clock.now());
    let read = portal
        .operations
        .store
        .transaction("portal_run", |tx| {
            Box::pin(async move {
                let Some(row) = statuses::run(tx, partner, run).await? else { return Ok(None) };
                let Some(settings) = settings::read(tx, partner).await? else { return Ok(None) };
                let companies = statuses::run_companies(tx, partner, run).await?;
                let plan = match row.mode {
                    RunMode::Plan => history::plan_rows(tx, partner, run).await?,
                    RunMode::Apply => Vec::new(),
                };
                let wait = waiting::runs(tx, partner, now).await?.remove(&run);
                Ok::<_, StoreError>(Some((settings, row, wait, companies, plan)))
            })
        })
        .await?;
    let (settings, run, wait, companies, plan) = read.ok_or(Failure::NotFound)?;
    let frame = visit.frame(&portal, Place::Activity);
    let language = visit.language;
    let now = now.to_zoned(settings.zone().clone());
    let reader = advice::Reader { language, now };
    let mut rows: Vec<&RunCompany> = companies.iter().collect();
    // Rows that need a person first, then changes.
    rows.sort_by_key(|row| match row.state {
        CompanyState::NotSent => 0,
        CompanyState::Held => 1,
        CompanyState::Deferred => 2,
        CompanyState::Changed | CompanyState::Sent => 3,
        _ => 4,
    });
    let rows = rows.into_iter().map(|row| Row {
        company: row.name.clone(),
        path: frame.company(&row.company),
        contract: contract_name(&settings, row),
        tone: shown::tone(row.state),
        state: advice::state(row.state, &advice::Facts::default(), &reader),
        code: row.code.map_or("", ErrorCode::as_str),
        changes: row
            .products
            .iter()
            .filter(|product| is_moving(product))
            .map(|product| change(product, &settings, language))
            .collect(),
    });
    let rows = rows.collect();
    let changed: Vec<&PlanRow> = plan.iter().filter(|row| row.from != row.to.map(f64::from)).collect();
    let plan_total = plan_total(&changed).and_then(|total| shown::difference(total, language));
    let plan = changed.iter().map(|row| planned(row, &frame, &settings, &reader)).collect();
    let run = shown_run(&run, wait.as_ref(), &frame, &reader, settings.companies.len());
    Ok(page(&OneRun { words: words::Activity::of(language), run, rows, plan, plan_total, frame }))
}

/// The sum of the lines' differences; a line shared by several companies counts once.
fn plan_total(rows: &[&PlanRow]) -> Option<f64> {
    let lines: BTreeMap<_, f64> =
        rows.iter().filter_map(|row| Some(((row.contract, row.service), row.difference()?))).collect();
    (!lines.is_empty()).then(|| lines.values().sum())
}

fn planned(row: &PlanRow, frame: &Frame, settings: &PartnerSettings, reader: &advice::Reader) -> Planned {
    let language = reader.language;
    let known = settings.products.iter().find(|(id, _)| id.as_str() == row.product);
    let from = row.from.and_then(|units| number::units(units, language)).unwrap_or_default();
    let to = row.to.map(|units| number::whole(units.into(), language)).unwrap_or_default();
    let state = CompanyState::parse(&row.state);
    Planned {
        company: row.name.clone(),
        path: frame.company(&row.company),
        product: known.map_or_else(|| row.product.clone(), |(_, known)| known.name.clone()),
        units: format!("{from} → {to}"),
        effective: row.effective.map_or_else(String::new, |day| shown::day(day, language)),
        money: row.difference().and_then(|money| shown::difference(money, language)).unwrap_or_default(),
        state: state
            .map_or_else(String::new, |state| advice::state(state, &advice::Facts::default(), reader)),
    }
}

fn is_moving(product: &ProductOutcome) -> bool {
    product.from != product.to.map(f64::from) || product.code.is_some()
}

fn change(product: &ProductOutcome, settings: &PartnerSettings, language: Language) -> Change {
    let known = settings.products.iter().find(|(id, _)| id.as_str() == product.product);
    let from = product.from.and_then(|units| number::units(units, language));
    let to = product.to.map(|units| number::whole(units.into(), language));
    let units = match (from, to) {
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (None, Some(to)) => format!("→ {to}"),
        (Some(from), None) => from,
        (None, None) => String::new(),
    };
    Change {
        product: known.map_or_else(|| product.product.clone(), |(_, known)| known.name.clone()),
        units,
        effective: product.effective.map_or_else(String::new, |day| shown::day(day, language)),
        code: product.code.clone().unwrap_or_default(),
    }
}

fn contract_name(settings: &PartnerSettings, row: &RunCompany) -> String {
    let Some(contract) = row.contract else { return String::new() };
    let mapping = settings.companies.get(&row.company).and_then(|company| company.mapping.as_ref());
    let known = mapping
        .into_iter()
        .flat_map(|mapping| std::iter::once(&mapping.contract).chain(mapping.product_contracts.values()))
        .find(|known| known.id == contract);
    known.map_or_else(|| contract.to_string(), |known| known.name.clone())
}

fn shown_run(
    run: &RunRow,
    wait: Option<&Wait>,
    frame: &Frame,
    reader: &advice::Reader,
    companies: usize,
) -> Run {
    let (zone, language) = (reader.now.time_zone(), reader.language);
    let words = words::Activity::of(language);
    let trigger = entries::cause(run.trigger, words);
    let state = match run.state {
        RunState::Running => words.running,
        RunState::Finished => words.finished,
        RunState::Superseded => words.superseded,
        RunState::SwitchedOff => words.switched_off,
    };
    let totals = run.totals;
    let whole = |number: u32| number::whole(number.into(), language);
    let is_running = run.state == RunState::Running;
    let all = u32::try_from(companies).unwrap_or(u32::MAX).max(totals.companies);
    let progress = is_running.then(|| {
        let text = fill(words.progress, &[("done", &whole(totals.companies)), ("all", &whole(all))]);
        (totals.companies, all, text)
    });
    Run {
        path: frame.path(&format!("activity/{}", run.run)),
        number: run.number.to_string(),
        by: run.requested_by.clone().unwrap_or_else(|| trigger.to_owned()),
        is_plan: run.mode == RunMode::Plan,
        state,
        is_running,
        started: shown::instant(run.started_at, zone, language),
        ended: run.finished_at.map_or_else(String::new, |at| shown::instant(at, zone, language)),
        totals: [
            (words.companies, whole(totals.companies)),
            (words.changed, whole(totals.changed)),
            (words.unchanged, whole(totals.unchanged)),
            (words.held, whole(totals.held)),
            (words.failed, whole(totals.failed)),
            (words.skipped, whole(totals.skipped)),
        ],
        progress,
        wait: wait.map(|wait| advice::wait(wait, reader)),
    }
}
