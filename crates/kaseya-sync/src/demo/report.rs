//! The results of a demo: as a table, and as one JSON document.

use std::collections::BTreeMap;

use domain::{PairId, RunId};
use jiff::{Timestamp, civil::Date};
use operations::read_models::{Run, Waits};
use serde::Serialize;
use store::{
    settings::{self, PartnerSettings},
    statuses::{self, CompanyStatus, JournalChange, RunRow},
};

use super::steps::Demo;
use crate::output::{self, instant};

#[derive(Serialize)]
struct Document<'a> {
    runs: Vec<Run>,
    calls: &'a BTreeMap<String, u64>,
    companies: Vec<Company<'a>>,
}

#[derive(Serialize)]
struct Company<'a> {
    company: &'a str,
    account: Option<&'a str>,
    contract: Option<&'a str>,
    state: &'static str,
    code: Option<&'static str>,
    last_sync: Option<Timestamp>,
    last_change: Option<Timestamp>,
    changes: Vec<Change<'a>>,
}

#[derive(Serialize)]
struct Change<'a> {
    product: &'a str,
    service: &'a str,
    from: f64,
    to: u32,
    effective: Date,
    /// The same id on the two changes of a plan switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<PairId>,
}

/// What is shown: the state after the last run, and the changes of this start.
pub(super) struct Shown {
    settings: PartnerSettings,
    runs: Vec<RunRow>,
    calls: BTreeMap<String, u64>,
    companies: Vec<CompanyStatus>,
    changes: Vec<JournalChange>,
}

impl Shown {
    /// Reads it; `before` is the number of the newest run before this start.
    pub async fn read(demo: &Demo, before: i64) -> anyhow::Result<Self> {
        let mut runs = demo.runs_after(before).await?;
        runs.reverse();
        let ids: Vec<RunId> = runs.iter().map(|run| run.run).collect();
        let partner = &demo.partner;
        let now = demo.services.clock.now();
        let (settings, companies, changes) = demo
            .services
            .store
            .transaction("read_demo", |tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    let settings = settings::read(tx, partner).await?.ok_or(store::StoreError::NoRow)?;
                    let companies = statuses::companies(tx, &settings, now).await?;
                    let changes = statuses::changes(tx, partner, &ids).await?;
                    Ok::<_, store::StoreError>((settings, companies, changes))
                })
            })
            .await?;
        let calls = demo.kaseya.calls().into_iter().map(|(endpoint, n)| (endpoint.to_string(), n)).collect();
        Ok(Self { settings, runs, calls, companies, changes })
    }

    /// The results as one JSON document.
    pub fn document(&self) -> anyhow::Result<String> {
        let document = Document {
            // All have ended: none waits.
            runs: self.runs.iter().map(|run| Run::of(run.clone(), &Waits::new())).collect(),
            calls: &self.calls,
            companies: self.companies.iter().map(|row| self.company(row)).collect(),
        };
        Ok(serde_json::to_string_pretty(&document)?)
    }

    /// Prints the results as tables.
    pub fn print(&self) -> anyhow::Result<()> {
        let zone = self.settings.zone();
        let columns = ["company", "account", "contract", "state", "code", "last sync", "changes"];
        let mut table = output::table(&columns);
        for row in &self.companies {
            let company = self.company(row);
            let changes = company.changes.iter();
            let changes: Vec<String> = changes
                .map(|change| {
                    format!("{} {} → {} from {}", change.service, change.from, change.to, change.effective)
                })
                .collect();
            table.add_row([
                company.company,
                company.account.unwrap_or_default(),
                company.contract.unwrap_or_default(),
                &output::state(row.state),
                company.code.unwrap_or_default(),
                &instant(row.last_sync, zone),
                &changes.join("\n"),
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

    fn company<'a>(&'a self, row: &'a CompanyStatus) -> Company<'a> {
        Company {
            company: &row.name,
            account: row.account.as_ref().map(|(_, name)| name.as_str()),
            contract: row.contract.as_ref().map(|(_, name)| name.as_str()),
            state: row.state.as_str(),
            code: row.code.map(domain::ErrorCode::as_str),
            last_sync: row.last_sync,
            last_change: row.last_change,
            changes: self.changes_of(row),
        }
    }

    /// The changes of the lines with the company's users, once for each of its products there.
    fn changes_of<'a>(&'a self, row: &'a CompanyStatus) -> Vec<Change<'a>> {
        let Some((contract, _)) = &row.contract else { return Vec::new() };
        let mut changes = Vec::new();
        for change in self.changes.iter().filter(|change| change.contract == *contract) {
            let products = change.addends.iter().filter(|(company, _)| company == row.company.as_str());
            for (_, product) in products {
                let known = self.settings.products.iter().find(|(id, _)| id.as_str() == product);
                let service = known.and_then(|(_, product)| product.mapping.as_ref());
                changes.push(Change {
                    product: known.map_or(product.as_str(), |(_, known)| &known.name),
                    service: service.map_or("", |mapping| &mapping.service_name),
                    from: change.from_units,
                    to: change.to_units,
                    effective: change.effective_date,
                    pair: change.pair,
                });
            }
        }
        changes
    }
}
