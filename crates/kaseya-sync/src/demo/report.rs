//! The results of a demo: as a table, and as one JSON document.

use std::collections::BTreeMap;

use advice::Language;
use domain::PartnerId;
use operations::{
    Advising, CompanyStatuses,
    read_models::{JournalEntry, Run, StatusRow, Waits},
};
use serde::Serialize;
use store::{
    StoreError, Transaction,
    settings::{self, PartnerSettings},
    statuses::{
        CompanyStatus, RunRow,
        history::{self, JournalQuery},
    },
};

use super::steps::Demo;
use crate::output::{self, instant};

/// More changes than two runs of the demo make.
const MOST_CHANGES: u32 = 1000;

#[derive(Serialize)]
struct Document<'a> {
    runs: Vec<Run>,
    calls: &'a BTreeMap<String, u64>,
    companies: Vec<Company<'a>>,
}

#[derive(Serialize)]
struct Company<'a> {
    #[serde(flatten)]
    status: &'a StatusRow,
    /// The changes of this start on the lines with its users.
    changes: Vec<JournalEntry>,
}

/// What is shown: the state after the last run, and the changes of this start.
pub(super) struct Shown {
    settings: PartnerSettings,
    runs: Vec<RunRow>,
    calls: BTreeMap<String, u64>,
    companies: Vec<CompanyStatus>,
    /// The companies as documents show them, in the same order.
    documents: Vec<StatusRow>,
    changes: Vec<history::JournalEntry>,
}

impl Shown {
    /// Reads it; `before` is the number of the newest run before this start.
    pub async fn read(demo: &Demo, before: i64) -> anyhow::Result<Self> {
        let mut runs = demo.runs_after(before).await?;
        runs.reverse();
        let calls = demo.kaseya.calls().into_iter().map(|(endpoint, n)| (endpoint.to_string(), n)).collect();
        let partner = &demo.partner;
        let now = demo.services.clock.now();
        let read = demo.services.store.transaction("read_demo", |tx| {
            let runs = runs.clone();
            Box::pin(async move {
                let settings = settings::read(tx, partner).await?.ok_or(StoreError::NoRow)?;
                let companies = CompanyStatuses::read(tx, &settings, now).await?;
                let advising = Advising::read(tx, &settings, now).await?;
                let documents = companies.documents(&advising, Language::English);
                let changes = changes(tx, partner, &runs).await?;
                Ok::<_, StoreError>((settings, companies.rows, documents, changes))
            })
        });
        let (settings, companies, documents, changes) = read.await?;
        Ok(Self { settings, runs, calls, companies, documents, changes })
    }

    /// The results as one JSON document.
    pub fn document(&self) -> anyhow::Result<String> {
        let company = |(row, status)| Company {
            status,
            changes: self.changes_of(row).cloned().map(JournalEntry::from).collect(),
        };
        let document = Document {
            // All have ended: none waits.
            runs: self.runs.iter().map(|run| Run::of(run.clone(), &Waits::new())).collect(),
            calls: &self.calls,
            companies: self.companies.iter().zip(&self.documents).map(company).collect(),
        };
        Ok(serde_json::to_string_pretty(&document)?)
    }

    /// Prints the results as tables.
    pub fn print(&self) -> anyhow::Result<()> {
        let zone = self.settings.zone();
        let columns = ["company", "account", "contract", "state", "code", "last sync", "changes"];
        let mut table = output::table(&columns);
        for row in &self.companies {
            let changes: Vec<String> = self
                .changes_of(row)
                .map(|change| {
                    let service = change.service_name.as_deref().unwrap_or_default();
                    let history::JournalEntry { from_units, to_units, effective_date, .. } = change;
                    format!("{service} {from_units} → {to_units} from {effective_date}")
                })
                .collect();
            let name = |named: Option<&String>| named.cloned().unwrap_or_default();
            table.add_row([
                row.name.clone(),
                name(row.account.as_ref().map(|(_, name)| name)),
                name(row.contract.as_ref().map(|(_, name)| name)),
                output::state(row.state),
                output::code(row.code).to_owned(),
                instant(row.last_sync, zone),
                changes.join("\n"),
            ]);
        }
        output::say(&table)?;
        let columns = ["run", "by", "companies", "changed", "equal", "held", "failed", "skipped"];
        let mut table = output::table(&columns);
        for row in &self.runs {
            let totals = row.totals;
            let numbers = [
                totals.companies,
                totals.changed,
                totals.unchanged,
                totals.held,
                totals.failed,
                totals.skipped,
            ];
            let head = [row.run.to_string(), row.trigger.to_string()];
            table.add_row(head.into_iter().chain(numbers.map(|number| number.to_string())));
        }
        output::say(&table)?;
        let calls: Vec<String> = self.calls.iter().map(|(endpoint, n)| format!("{n} × {endpoint}")).collect();
        output::say(&format_args!("calls of Kaseya: {}", calls.join(", ")))?;
        Ok(())
    }

    /// The changes of the lines with the company's users.
    fn changes_of(&self, row: &CompanyStatus) -> impl Iterator<Item = &history::JournalEntry> {
        let contract = row.contract.as_ref().map(|(contract, _)| *contract);
        self.changes.iter().filter(move |change| {
            let mut addends = change.addends.iter();
            Some(change.contract) == contract && addends.any(|addend| addend.company == row.company.as_str())
        })
    }
}

/// The changes of these runs in the order in which they were made, except changes that never landed.
async fn changes(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    runs: &[RunRow],
) -> Result<Vec<history::JournalEntry>, StoreError> {
    let from = runs.iter().map(|run| run.started_at).min();
    let query = JournalQuery { company: None, from, until: None, before: None, size: MOST_CHANGES };
    let mut changes = history::journal_page(tx, partner, &query).await?;
    changes.retain(|change| change.standing != "not_applied" && runs.iter().any(|run| run.run == change.run));
    changes.reverse();
    Ok(changes)
}
