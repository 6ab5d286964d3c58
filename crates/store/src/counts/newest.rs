//! User counts: received, and newest.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use domain::{CompanyId, CountBasis, PartnerId, ProductId, ReportId};
use jiff::{Timestamp, civil::Date};

use crate::{Row, StoreError, Transaction};

/// One report's counts of one company. A product that it does not list counts 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyReport {
    /// The report.
    pub report: ReportId,
    /// The day counted.
    pub day: Date,
    /// When it was counted.
    pub counted_at: Timestamp,
    /// Whether the provider will no longer change this day's counts.
    pub is_final: bool,
    /// The listed products; `None` if the count could not be taken, or has another basis than the partner bills.
    pub users: BTreeMap<ProductId, Option<u32>>,
}

/// The newest complete report of each company for the days `from` to `to`. For one day, a final report is newer than
/// another, and then the later counted one, whichever arrived first. A settings file's report is never newer than
/// the provider's final one.
pub async fn newest(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    from: Date,
    to: Date,
) -> Result<BTreeMap<CompanyId, CompanyReport>, StoreError> {
    let sql = "with newest as (
                   select distinct on (company_id) company_id, report_id, day, counted_at, final
                   from reports join report_companies using (partner_id, report_id)
                   where partner_id = $1 and day between $2 and $3 and complete_at is not null
                     and not (from_file and provider_is_final($1, day, company_id))
                   order by company_id, day desc, final desc, counted_at desc, report_id desc
               )
               select newest.*, counts.product_id,
                      case when counts.basis = partners.count_basis then counts.users end as users
               from newest join partners on partners.partner_id = $1
               left join user_counts counts on counts.partner_id = $1 and counts.report_id = newest.report_id
                                           and counts.company_id = newest.company_id";
    let mut companies: BTreeMap<CompanyId, CompanyReport> = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str(), &from, &to]).await? {
        let company = match companies.entry(row.company_id("company_id")?) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(first) => first.insert(CompanyReport {
                report: ReportId::new(row.get::<String>("report_id")?)
                    .map_err(|error| StoreError::row("reports", "report_id", &error))?,
                day: row.get("day")?,
                counted_at: row.get("counted_at")?,
                is_final: row.get("final")?,
                users: BTreeMap::new(),
            }),
        };
        if row.get::<Option<String>>("product_id")?.is_some() {
            company.users.insert(row.product_id("product_id")?, users(&row)?);
        }
    }
    Ok(companies)
}

/// The first day with a complete report; `None` before any has arrived.
pub async fn counted_since(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Option<Date>, StoreError> {
    let sql = "select min(day) as day from reports where partner_id = $1 and complete_at is not null";
    tx.query_one(sql, &[&partner.as_str()]).await?.get("day")
}

/// The counts in these reports that have another basis than the partner bills: each is missing (QTY-04).
pub async fn of_other_basis(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    reports: &[(&CompanyId, &ReportId)],
) -> Result<BTreeSet<(CompanyId, ProductId)>, StoreError> {
    let companies: Vec<&str> = reports.iter().map(|(company, _)| company.as_str()).collect();
    let ids: Vec<&str> = reports.iter().map(|(_, report)| report.as_str()).collect();
    let sql = "select company_id, product_id
               from unnest($2::text[], $3::text[]) as wanted (company_id, report_id)
                    join user_counts using (company_id, report_id) join partners using (partner_id)
               where partner_id = $1 and basis <> count_basis";
    let rows = tx.query(sql, &[&partner.as_str(), &companies, &ids]).await?;
    rows.iter().map(|row| Ok((row.company_id("company_id")?, row.product_id("product_id")?))).collect()
}

/// Whether anything was counted in time for a month's end: a complete report of its last day or an earlier one,
/// counted by `cut_off`. Later counts of days long past say nothing about how the month was synced.
pub async fn counted_in_time(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    last_day: Date,
    cut_off: Timestamp,
) -> Result<bool, StoreError> {
    let sql =
        "select exists (select from reports where partner_id = $1 and complete_at is not null and day <= $2
                                and counted_at <= $3) as counted";
    tx.query_one(sql, &[&partner.as_str(), &last_day, &cut_off]).await?.get("counted")
}

/// Users per product; `None` if the count could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Users(pub BTreeMap<ProductId, Option<u32>>);

impl Users {
    /// Users of a product; `None` if it could not be counted, or was not.
    pub fn with(&self, product: &str) -> Option<u32> {
        self.0.iter().find(|(id, _)| id.as_str() == product).and_then(|(_, users)| *users)
    }

    /// Users of all products together; `None` if one could not be counted, because missing is never 0.
    pub fn sum(&self) -> Option<u32> {
        self.0.values().copied().sum()
    }
}

pub(crate) fn users(row: &Row) -> Result<Option<u32>, StoreError> {
    row.get::<Option<i32>>("users")?
        .map(|users| u32::try_from(users).map_err(|error| StoreError::row("user_counts", "users", &error)))
        .transpose()
}

/// Sums the newest reports by what the partner bills now.
pub(crate) async fn sum_again(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    basis: CountBasis,
) -> Result<(), StoreError> {
    let sql = "update newest_reports as known set users = counted.users, missing = counted.missing
               from (select report_id, company_id, coalesce(sum(users) filter (where basis = $2), 0) as users,
                            count(*) filter (where basis is distinct from $2) as missing
                     from user_counts where partner_id = $1 group by report_id, company_id) as counted
               where known.partner_id = $1 and known.report_id = counted.report_id
                 and known.company_id = counted.company_id";
    tx.execute(sql, &[&partner.as_str(), &basis.as_str()]).await.map(drop)
}
