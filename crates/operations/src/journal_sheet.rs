//! The journal (B-04) as a spreadsheet file, newest change first.

use std::collections::BTreeMap;

use advice::Language;
use domain::PartnerId;
use jiff::Timestamp;
use store::{
    StoreError, Transaction, settings,
    statuses::history::{self, JournalQuery},
};

use crate::{
    Operations,
    read_models::JournalEntry,
    spreadsheet::{Cells, marked},
};

/// Entries read at a time.
const CHUNK: u32 = 5000;

const COLUMNS: [&str; 21] = [
    "entry",
    "written_at",
    "run_id",
    "trigger",
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
    "was_approved",
    "pair_id",
    "traceparent",
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
        before = entries.last().map(|last| last.entry);
        let is_last = u32::try_from(entries.len()).is_ok_and(|read| read < CHUNK);
        rows.extend(entries.into_iter().map(|entry| row(&entry.into(), &names, &cells)));
        if is_last {
            return Ok(Some((cells, rows)));
        }
    }
}

fn row(entry: &JournalEntry, names: &BTreeMap<String, String>, cells: &Cells) -> Row {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let instant = |at: Option<Timestamp>| at.map(|at| cells.instant(at)).unwrap_or_default();
    let name = |id: &String| names.get(id).unwrap_or(id).clone();
    let mut companies: Vec<String> = entry.addends.iter().map(|addend| name(&addend.company_id)).collect();
    companies.dedup();
    [
        entry.entry.to_string(),
        cells.instant(entry.written_at),
        entry.run_id.clone(),
        entry.trigger.to_owned(),
        marked(&companies.join("; ")),
        entry.contract_id.to_string(),
        marked(&text(entry.contract.as_deref())),
        entry.service_id.to_string(),
        marked(&text(entry.service.as_deref())),
        cells.number(entry.from_units),
        entry.to_units.to_string(),
        entry.unit_price.map(|price| cells.number(price)).unwrap_or_default(),
        entry.effective_date.to_string(),
        entry.standing.clone(),
        instant(entry.confirmed_at),
        entry.was_approved.to_string(),
        text(entry.pair_id.as_deref()),
        text(entry.traceparent.as_deref()),
        text(entry.evidence),
        instant(entry.evidence_at),
        entry.effective_date_read.map(|day| day.to_string()).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_models::fields;

    #[test]
    fn a_column_has_the_name_of_its_field() {
        let of_entry = fields::<JournalEntry>();
        // Their names, from the addends.
        for column in COLUMNS.iter().filter(|column| **column != "companies") {
            assert!(of_entry.iter().any(|field| field == column), "{column}: {of_entry:?}");
        }
    }
}
