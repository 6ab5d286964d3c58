//! History in pages: the journal of changes, and the runs. The newest first; each page continues where the previous
//! one ended, whatever has arrived since.

use std::collections::BTreeMap;

use domain::{CompanyId, ContractId, Evidence, PairId, PartnerId, RunId, ServiceId, Trigger};
use jiff::{Timestamp, civil::Date};

use crate::{
    Row, StoreError, Transaction, settings,
    statuses::{self, RunRow},
};

/// A query of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalQuery<'a> {
    /// Only entries with this company's users in them; `None` for all of the partner.
    pub company: Option<&'a CompanyId>,
    /// Only entries written at this instant or later.
    pub from: Option<Timestamp>,
    /// Only entries written before this instant.
    pub until: Option<Timestamp>,
    /// The last entry of the previous page; `None` for the first page.
    pub before: Option<i64>,
    /// Maximum number of entries.
    pub size: u32,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// The entry's position in the journal; pass it to get the next page.
    pub entry: i64,
    /// The run that made it.
    pub run: RunId,
    /// The trigger of that run.
    pub trigger: Trigger,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// The contract's name when a job last worked on it.
    pub contract_name: Option<String>,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The service's name when a job last worked on it.
    pub service_name: Option<String>,
    /// The line's units before.
    pub from_units: f64,
    /// The line's units after.
    pub to_units: u32,
    /// The line's unit price as last seen; `None` if unknown.
    pub unit_price: Option<f64>,
    /// The first day with the new units.
    pub effective_date: Date,
    /// The effective date that Kaseya showed when these units were read. If it differs from ours, the invoice is
    /// wrong.
    pub effective_date_read: Option<Date>,
    /// The id shared by the two changes of a plan switch (B-07); `None` outside a plan switch.
    pub pair: Option<PairId>,
    /// The companies and products with users in the number.
    pub addends: Vec<Addend>,
    /// Whether a person approved it.
    pub was_approved: bool,
    /// `sent`, `confirmed`, `unsure` or `not_applied`.
    pub standing: String,
    /// When it was sent.
    pub written_at: Timestamp,
    /// When Kaseya was seen to hold it; `None` before that.
    pub confirmed_at: Option<Timestamp>,
    /// The evidence of the confirmation: a reading, or the contract's total.
    pub evidence: Option<Evidence>,
    /// The run's trace context.
    pub traceparent: Option<String>,
}

/// The share of one count in a number.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Addend {
    /// The company's id.
    pub company: String,
    /// The product's id.
    pub product: String,
    /// The number of users; `None` if unknown.
    pub users: Option<u32>,
    /// The day counted; `None` if unknown.
    pub count_day: Option<Date>,
}

/// A page of the journal (B-04).
pub async fn journal_page(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    query: &JournalQuery<'_>,
) -> Result<Vec<JournalEntry>, StoreError> {
    let sql = "select entry, run_id, trigger, contract_id, contract_name, service_id, service_name, from_units, to_units,
                      unit_price, journal.effective_date, journal.effective_date_read, pair_id, addends, approved_hold_id is not null as was_approved,
                      standing, written_at, journal.confirmed_at, journal.evidence, traceparent
               from journal
                    left join lines using (partner_id, contract_id, line_id, service_id)
                    left join targets using (partner_id, contract_id, service_id)
               where partner_id = $1
                 and ($2::jsonb is null or addends @> $2)
                 and ($3::timestamptz is null or written_at >= $3) and ($4::timestamptz is null or written_at < $4)
                 and ($5::bigint is null or entry < $5)
               order by entry desc limit $6";
    let company = query.company.map(|company| serde_json::json!([{ "company": company.as_str() }]));
    let size = i64::from(query.size);
    let rows = tx
        .query(sql, &[&partner.as_str(), &company, &query.from, &query.until, &query.before, &size])
        .await?;
    rows.iter().map(entry).collect()
}

impl JournalEntry {
    /// Kaseya's effective date for the units, if it differs from the one sent.
    pub fn other_date(&self) -> Option<Date> {
        self.effective_date_read.filter(|day| *day != self.effective_date)
    }
}

fn entry(row: &Row) -> Result<JournalEntry, StoreError> {
    let confirmed_at: Option<Timestamp> = row.get("confirmed_at")?;
    let evidence: Option<String> = row.get("evidence")?;
    Ok(JournalEntry {
        entry: row.get("entry")?,
        run: RunId(row.get("run_id")?),
        trigger: row.named("trigger", Trigger::parse)?,
        contract: ContractId(row.get("contract_id")?),
        contract_name: row.get("contract_name")?,
        service: ServiceId(row.get("service_id")?),
        service_name: row.get("service_name")?,
        from_units: row.get("from_units")?,
        to_units: row.number("to_units")?,
        unit_price: row.get("unit_price")?,
        effective_date: row.get("effective_date")?,
        effective_date_read: row.get("effective_date_read")?,
        pair: row.get::<Option<uuid::Uuid>>("pair_id")?.map(PairId),
        addends: serde_json::from_value(row.get("addends")?)
            .map_err(|error| StoreError::row("journal", "addends", &error))?,
        was_approved: row.get("was_approved")?,
        standing: row.get("standing")?,
        written_at: row.get("written_at")?,
        confirmed_at,
        evidence: confirmed_at.zip(evidence).and_then(|(at, kind)| Evidence::of_kind(&kind, at)),
        traceparent: row.get("traceparent")?,
    })
}

/// The names of the companies with users in these changes, by id.
pub async fn company_names(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    entries: &[JournalEntry],
) -> Result<BTreeMap<String, String>, StoreError> {
    let addends = entries.iter().flat_map(|entry| &entry.addends);
    let named: Vec<&str> = addends.map(|addend| addend.company.as_str()).collect();
    let companies = settings::companies(tx, partner, Some(&named)).await?;
    Ok(companies.into_iter().map(|(id, company)| (id.to_string(), company.name)).collect())
}

/// A page of runs, with numbers below the last one of the previous page. Login probes are not syncs and are left
/// out.
pub async fn activity_page(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    before: Option<i64>,
    size: u32,
) -> Result<Vec<RunRow>, StoreError> {
    statuses::runs_before(tx, partner, before.unwrap_or(i64::MAX), i64::from(size)).await
}

/// A run's planned or actual change of one product: a row of a plan (B-02).
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRow {
    /// The company.
    pub company: CompanyId,
    /// The company's name.
    pub name: String,
    /// Kaseya's contract.
    pub contract: ContractId,
    /// The provider's product.
    pub product: String,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The product's state in the run.
    pub state: String,
    /// The whole line's units before.
    pub from: Option<f64>,
    /// The whole line's units wanted.
    pub to: Option<u32>,
    /// The first day with the new units.
    pub effective: Option<Date>,
    /// The line's unit price as last seen; `None` if unknown.
    pub unit_price: Option<f64>,
}

impl PlanRow {
    /// The price difference of the whole line's change; `None` if units or price are unknown. Companies that share a
    /// line have a row each, with the same difference.
    pub fn difference(&self) -> Option<f64> {
        Some((f64::from(self.to?) - self.from?) * self.unit_price?)
    }
}

/// The rows of a run with a number to send, changed or not, ordered by company name.
pub async fn plan_rows(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
) -> Result<Vec<PlanRow>, StoreError> {
    let sql = "select company_id, companies.name, contract_id, product ->> 'product' as product,
                      (product ->> 'service')::int as service_id, product ->> 'state' as state,
                      (product ->> 'from')::float8 as from_units, (product ->> 'to')::int as to_units,
                      (product ->> 'effective')::date as effective,
                      (select min(unit_price) from lines
                       where lines.partner_id = $1 and lines.contract_id = run_companies.contract_id
                         and lines.service_id = (product ->> 'service')::int) as unit_price
               from run_companies
                    join companies using (partner_id, company_id)
                    cross join jsonb_array_elements(products) as product
               where partner_id = $1 and run_id = $2 and product ? 'service' and product ? 'to'
               order by companies.name collate \"names\", company_id, contract_id, product";
    let rows = tx.query(sql, &[&partner.as_str(), &run.0]).await?;
    rows.iter()
        .map(|row| {
            Ok(PlanRow {
                company: row.company_id("company_id")?,
                name: row.get("name")?,
                contract: ContractId(row.get("contract_id")?),
                product: row.get("product")?,
                service: ServiceId(row.get("service_id")?),
                state: row.get("state")?,
                from: row.get("from_units")?,
                to: row
                    .get::<Option<i32>>("to_units")?
                    .map(u32::try_from)
                    .transpose()
                    .map_err(|error| StoreError::row("run_companies", "products", &error))?,
                effective: row.get("effective")?,
                unit_price: row.get("unit_price")?,
            })
        })
        .collect()
}
