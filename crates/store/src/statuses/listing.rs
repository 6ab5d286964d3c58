//! A partner's companies as the table of company mappings shows them: searched, filtered, sorted, a page at a time.
//!
//! One statement (`finding`) selects the companies of a page. [`statuses`] reads their statuses, so that a
//! page agrees with `status`.

mod query;
mod selection;

use std::collections::BTreeMap;

use domain::{CompanyId, Month, NotReady, PartnerId};
use jiff::{Timestamp, civil::Date};

use crate::{
    StoreError, Transaction,
    counts::{
        self, Users,
        billed_month::{self, Charges},
    },
    settings::{self, Company},
    statuses::{self, CompanyStatus, readiness},
};

pub use query::{Filter, Query, Sort};
pub use selection::{Counts, Readiness};

use selection::over;

/// A page of companies.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its companies.
    pub companies: Vec<ListedCompany>,
    /// The number of companies that the search finds, in all and by filter.
    pub counts: Counts,
    /// The number of ready companies among them, and the reasons of the others.
    pub readiness: Readiness,
}

/// A company on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedCompany {
    /// The company.
    pub id: CompanyId,
    /// The company's settings.
    pub company: Company,
    /// Its status on each contract.
    pub statuses: Vec<CompanyStatus>,
    /// Its newest complete report; `None` without one.
    pub newest: Option<ReportedUsers>,
    /// Its frozen number of last month; `None` if none was frozen.
    pub last_month: Option<Users>,
    /// The provider's charges for it for last month; `None` if the provider has not sent them.
    pub charged: Option<Charges>,
    /// Why its next invoice would be wrong; `None` if it would be right.
    pub not_ready: Option<NotReady>,
}

/// A report's numbers of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedUsers {
    /// The day counted.
    pub day: Date,
    /// When it was counted.
    pub counted_at: Timestamp,
    /// The numbers.
    pub users: Users,
}

/// A page of a partner's companies, with last month's numbers next to the newest.
pub async fn page(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    query: &Query<'_>,
    last_month: Month,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let over = over(tx, partner).await?;
    let ready = readiness::partner(tx, partner, now).await?;
    let found = selection::find(tx, partner, query, over, now).await?;
    let judged = selection::judge(tx, partner, query.search, (over, &ready), now).await?;
    let only: Vec<&str> = found.companies.iter().map(CompanyId::as_str).collect();
    let products = settings::products(tx, partner).await?;
    let mut companies = settings::companies(tx, partner, Some(&only)).await?;
    let scope = statuses::CompanyScope {
        partner,
        products: &products,
        companies: &companies,
        off: over.off,
        only: Some(&only),
    };
    let mut statuses: BTreeMap<CompanyId, Vec<CompanyStatus>> = BTreeMap::new();
    for status in statuses::statuses_of(tx, scope, now).await? {
        statuses.entry(status.company.clone()).or_default().push(status);
    }
    let mut newest = newest(tx, partner, &only).await?;
    let mut billed = billed_month::read(tx, partner, &only, last_month).await?;
    let listed = found.companies.into_iter().filter_map(|id| {
        let (company, statuses) = (companies.remove(&id)?, statuses.remove(&id).unwrap_or_default());
        Some(ListedCompany {
            not_ready: readiness::of_statuses(&ready, company.mapping.is_some(), &statuses),
            company,
            statuses,
            newest: newest.remove(&id),
            charged: billed.charged_for(&id),
            last_month: billed.frozen.remove(&id),
            id,
        })
    });
    Ok(Page { companies: listed.collect(), counts: found.counts, readiness: judged })
}

async fn newest(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    only: &[&str],
) -> Result<BTreeMap<CompanyId, ReportedUsers>, StoreError> {
    let sql = "select company_id, day, counted_at, product_id, user_counts.users
               from newest_reports left join user_counts using (partner_id, report_id, company_id)
               where partner_id = $1 and company_id = any($2)";
    let mut companies: BTreeMap<CompanyId, ReportedUsers> = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str(), &only]).await? {
        let (day, counted_at) = (row.get("day")?, row.get("counted_at")?);
        let company = companies.entry(row.company_id("company_id")?).or_insert_with(|| ReportedUsers {
            day,
            counted_at,
            users: Users::default(),
        });
        if row.get::<Option<String>>("product_id")?.is_some() {
            company.users.0.insert(row.product_id("product_id")?, counts::users(&row)?);
        }
    }
    Ok(companies)
}

/// The number of a partner's ready companies, and the reasons of the others.
pub async fn readiness_of(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<Readiness, StoreError> {
    let over = over(tx, partner).await?;
    let ready = readiness::partner(tx, partner, now).await?;
    selection::judge(tx, partner, "", (over, &ready), now).await
}
