//! The journal (B-04): every change that reached Kaseya or may have reached it, as a page and as a file.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{
    StoreError, settings,
    statuses::history::{self, JournalEntry, JournalQuery},
};

use crate::{
    Portal,
    download::download,
    entries::Entry,
    failure::Failure,
    frame::{Frame, Place},
    pages::page,
    visit::Visit,
    words,
};

/// Entries on a page.
const SIZE: u32 = 100;

#[derive(Template)]
#[template(path = "journal.html")]
struct Journal {
    frame: Frame,
    journal: &'static words::Journal,
    entries: Vec<Entry>,
    older: Option<String>,
}

/// The page to show.
#[derive(Debug, Deserialize)]
pub(crate) struct JournalFilters {
    before: Option<i64>,
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    Query(asked): Query<JournalFilters>,
) -> Result<Response, Failure> {
    let (names, zone, entries) = read(&portal, &visit, asked.before).await?;
    let frame = visit.frame(&portal, Place::Journal);
    let is_full = u32::try_from(entries.len()).is_ok_and(|read| read == SIZE);
    let last = entries.last().filter(|_| is_full);
    Ok(page(&Journal {
        journal: words::Journal::of(visit.language),
        older: last.map(|last| frame.path(&format!("journal?before={}", last.entry))),
        entries: entries
            .iter()
            .map(|entry| {
                let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
                Entry::of(entry, &zone, visit.language, name)
            })
            .collect(),
        frame,
    }))
}

async fn read(
    portal: &Portal,
    visit: &Visit,
    before: Option<i64>,
) -> Result<(BTreeMap<String, String>, TimeZone, Vec<JournalEntry>), Failure> {
    let partner = &visit.partner;
    let read = portal
        .operations
        .store
        .transaction("portal_journal", |tx| {
            Box::pin(async move {
                let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                let query = JournalQuery { company: None, from: None, until: None, before, size: SIZE };
                let entries = history::journal_page(tx, partner, &query).await?;
                let names = history::company_names(tx, partner, &entries).await?;
                Ok::<_, StoreError>(Some((names, zones.shown, entries)))
            })
        })
        .await?;
    read.ok_or(Failure::NotFound)
}

/// The whole journal as CSV.
pub(crate) async fn csv(State(portal): State<Portal>, visit: Visit) -> Result<Response, Failure> {
    let sheet = portal.operations.journal_sheet(&visit.partner, visit.language).await?;
    Ok(download("journal.csv", sheet.ok_or(Failure::NotFound)?))
}
