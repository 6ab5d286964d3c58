//! The journal (B-04) as a spreadsheet file, newest change first.

use std::collections::BTreeMap;

use advice::Language;
use domain::{Evidence, PartnerId};
use store::{
    StoreError, Transaction, settings,
    statuses::history::{self, JournalEntry, JournalQuery},
};

use crate::{
    Operations,
    spreadsheet::{Cells, marked},
};

/// Entries read at a time.
const CHUNK: u32 = 5000;

const COLUMNS: [&str; 21] = [
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
    "evidence",
    "evidence_at",
    "effective_date_read",
];

type Row = [String; COLUMNS.len()];

impl Operations {
    /// Every change that reached Kaseya or may have. `None` if the partner does not exist.
    pub async fn journal_sheet(
        &self,
        partner: &PartnerId,
        language: Language,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self
            .store
            .transaction("journal_sheet", |tx| Box::pin(async move { rows(tx, partner, language).await }));
        Ok(read.await?.map(|(cells, rows)| cells.file(COLUMNS, rows)))
    }
}

async fn rows(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    language: Language,
) -> Result<Option<(Cells, Vec<Row>)>, StoreError> {
    let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
    let cells = Cells { language, zone: zones.shown };
    let (mut rows, mut before) = (Vec::new(), None);
    loop {
        let query = JournalQuery { company: None, from: None, until: None, before, size: CHUNK };
        let entries = history::journal_page(tx, partner, &query).await?;
        let names = history::company_names(tx, partner, &entries).await?;
        rows.extend(entries.iter().map(|entry| row(entry, &names, &cells)));
        match entries.last() {
            Some(last) if u32::try_from(entries.len()).is_ok_and(|read| read == CHUNK) => {
                before = Some(last.entry);
            }
            _ => return Ok(Some((cells, rows))),
        }
    }
}

fn row(entry: &JournalEntry, names: &BTreeMap<String, String>, cells: &Cells) -> Row {
    let text = |text: Option<String>| text.unwrap_or_default();
    let name = |id: &String| names.get(id).unwrap_or(id).clone();
    let mut companies: Vec<String> = entry.addends.iter().map(|addend| name(&addend.company)).collect();
    companies.dedup();
    [
        entry.entry.to_string(),
        cells.instant(entry.written_at),
        entry.run.to_string(),
        entry.trigger.to_string(),
        marked(&companies.join("; ")),
        entry.contract.to_string(),
        marked(&text(entry.contract_name.clone())),
        entry.service.to_string(),
        marked(&text(entry.service_name.clone())),
        cells.number(entry.from_units),
        entry.to_units.to_string(),
        text(entry.unit_price.map(|price| cells.number(price))),
        entry.effective_date.to_string(),
        entry.standing.clone(),
        text(entry.confirmed_at.map(|at| cells.instant(at))),
        entry.was_approved.to_string(),
        text(entry.pair.map(|pair| pair.to_string())),
        text(entry.traceparent.clone()),
        text(entry.evidence.map(|evidence| evidence.kind().to_owned())),
        text(entry.evidence.map(Evidence::at).map(|at| cells.instant(at))),
        text(entry.effective_date_read.map(|day| day.to_string())),
    ]
}
