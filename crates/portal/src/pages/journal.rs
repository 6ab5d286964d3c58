//! The journal (B-04): every change that reached Kaseya or may have, as a page and as a file.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use jiff::tz::TimeZone;
use operations::spreadsheet::marked;
use serde::Deserialize;
use store::{
    StoreError,
    history::{self, JournalEntry, JournalQuery},
    settings,
};

use crate::{
    Portal,
    entries::Entry,
    failure::Failure,
    frame::{Frame, Place},
    pages::page,
    visit::Visit,
    words,
};

/// Entries on a page.
const SIZE: u32 = 100;
/// Entries that are read at a time for a file.
const CHUNK: u32 = 5000;

#[derive(Template)]
#[template(path = "journal.html")]
struct Journal {
    frame: Frame,
    journal: &'static words::Journal,
    entries: Vec<Entry>,
    older: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    before: Option<i64>,
}

/// The page.
pub(crate) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let (names, zone, entries) = read(&portal, &visit, asked.before, SIZE).await?;
    let frame = visit.frame(&portal, Place::Journal);
    let is_full = u32::try_from(entries.len()).is_ok_and(|read| read == SIZE);
    let last = entries.last().filter(|_| is_full);
    Ok(page(&Journal {
        journal: words::Journal::of(visit.language),
        older: last.map(|last| frame.path(&format!("journal?before={}", last.entry))),
        entries: entries
            .iter()
            .map(|entry| Entry::of(entry, &zone, visit.language, |id| name(&names, id)))
            .collect(),
        frame,
    }))
}

type Names = std::collections::BTreeMap<String, String>;

fn name(names: &Names, id: &str) -> String {
    names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

async fn read(
    portal: &Portal,
    visit: &Visit,
    before: Option<i64>,
    size: u32,
) -> Result<(Names, TimeZone, Vec<JournalEntry>), Failure> {
    let partner = &visit.partner;
    let read = portal
        .operations
        .store
        .transaction("portal_journal", |tx| {
            Box::pin(async move {
                let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                let query = JournalQuery { company: None, from: None, until: None, before, size };
                let entries = history::journal_page(tx, partner, &query).await?;
                let named =
                    entries.iter().flat_map(|entry| &entry.addends).map(|addend| addend.company.as_str());
                let named: Vec<&str> = named.collect();
                let companies = settings::companies(tx, partner, Some(&named)).await?;
                let names =
                    companies.into_iter().map(|(id, company)| (id.to_string(), company.name)).collect();
                Ok::<_, StoreError>(Some((names, zones.shown, entries)))
            })
        })
        .await?;
    read.ok_or(Failure::NotFound)
}

/// The whole journal as CSV: numbers and instants as programs read them.
pub(crate) async fn csv(State(portal): State<Portal>, visit: Visit) -> Result<Response, Failure> {
    let mut file = csv::Writer::from_writer(Vec::new());
    let wrong = |error: csv::Error| Failure::Unavailable(format!("a file: {error}"));
    let head = [
        "entry",
        "written_at",
        "run",
        "cause",
        "companies",
        "contract_id",
        "contract",
        "service_id",
        "service",
        "from_units",
        "to_units",
        "unit_price",
        "effective_date",
        "standing",
        "confirmed_at",
        "approved",
        "pair",
        "trace_context",
    ];
    file.write_record(head).map_err(wrong)?;
    let mut before = None;
    loop {
        let (names, _, entries) = read(&portal, &visit, before, CHUNK).await?;
        for entry in &entries {
            file.write_record(record(entry, &names)).map_err(wrong)?;
        }
        match entries.last() {
            Some(last) if u32::try_from(entries.len()).is_ok_and(|read| read == CHUNK) => {
                before = Some(last.entry)
            }
            _ => break,
        }
    }
    let text = file.into_inner().map_err(|error| Failure::Unavailable(format!("a file: {error}")))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"journal.csv\""),
    ];
    Ok((headers, text).into_response())
}

fn record(entry: &JournalEntry, names: &Names) -> [String; 18] {
    let text = |text: Option<String>| text.unwrap_or_default();
    let mut companies: Vec<String> =
        entry.addends.iter().map(|addend| name(names, &addend.company)).collect();
    companies.dedup();
    [
        entry.entry.to_string(),
        entry.written_at.to_string(),
        entry.run.to_string(),
        entry.trigger.to_string(),
        marked(&companies.join("; ")),
        entry.contract.to_string(),
        marked(&text(entry.contract_name.clone())),
        entry.service.to_string(),
        marked(&text(entry.service_name.clone())),
        entry.from_units.to_string(),
        entry.to_units.to_string(),
        text(entry.unit_price.map(|price| price.to_string())),
        entry.effective_date.to_string(),
        entry.standing.clone(),
        text(entry.confirmed_at.map(|at| at.to_string())),
        entry.was_approved.to_string(),
        text(entry.pair.map(|pair| pair.to_string())),
        text(entry.traceparent.clone()),
    ]
}
