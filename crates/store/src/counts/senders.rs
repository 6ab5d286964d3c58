//! Who sent user counts and charges (F7): what was reported is shown with whoever reported it.

use domain::{CompanyId, Month, PartnerId, ProductId, ReportId};
use jiff::{Timestamp, civil::Date};

use crate::{Row, StoreError, Transaction};

/// Who sent a part of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sender {
    /// A token of our API, by its name.
    Token(String),
    /// Whoever may publish counts to the broker.
    Message {
        /// The broker user, which RabbitMQ has checked; `None` where the message does not name it.
        user: Option<String>,
        /// What the sender calls itself: nobody has checked it.
        app: Option<String>,
    },
    /// Whoever applied a settings file.
    File,
}

impl Sender {
    /// Way, name and application, as the columns have them.
    pub(crate) fn columns(&self) -> (&'static str, Option<&str>, Option<&str>) {
        match self {
            Self::Token(name) => ("token", Some(name), None),
            Self::Message { user, app } => ("message", user.as_deref(), app.as_deref()),
            Self::File => ("file", None, None),
        }
    }

    /// `None` for what came before senders were stored.
    fn read(row: &Row) -> Result<Option<Self>, StoreError> {
        let (way, by, app): (Option<String>, Option<String>, Option<String>) =
            (row.get("sent_way")?, row.get("sent_by")?, row.get("sent_app")?);
        let Some(way) = way else { return Ok(None) };
        match (&*way, by, app) {
            ("token", Some(name), None) => Ok(Some(Self::Token(name))),
            ("message", user, app) => Ok(Some(Self::Message { user, app })),
            ("file", None, None) => Ok(Some(Self::File)),
            _ => Err(StoreError::row("report_parts", "sent_way", &format!("{way} with other columns"))),
        }
    }
}

/// A report that has come in whole, and who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The report.
    pub report: ReportId,
    /// The day that was counted.
    pub day: Date,
    /// When its last part came in.
    pub at: Timestamp,
    /// Each sender of a part, once; empty where none was stored.
    pub senders: Vec<Sender>,
}

/// Whose word a frozen number is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrozenSource {
    /// A report's.
    Report(Reported),
    /// A person's, who corrected it or approved a correction.
    Correction {
        /// Why, and who says so.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// Who told what is charged for a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargesTold {
    /// The token's name; `None` where it was not stored.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The newest report of a company, whose counts are sent; `None` while there is none.
pub async fn newest(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    company: &CompanyId,
) -> Result<Option<Reported>, StoreError> {
    let sql = "select report_id from newest_reports where partner_id = $1 and company_id = $2";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &company.as_str()]).await? else {
        return Ok(None);
    };
    reported(tx, partner, &row.get::<String>("report_id")?).await
}

/// A report with its senders; `None` while it has not come in whole.
async fn reported(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &str,
) -> Result<Option<Reported>, StoreError> {
    let sql = "select day, complete_at from reports
               where partner_id = $1 and report_id = $2 and complete_at is not null";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &report]).await? else { return Ok(None) };
    let id = ReportId::new(report).map_err(|error| StoreError::row("reports", "report_id", &error))?;
    let senders = senders(tx, partner, &id).await?;
    Ok(Some(Reported { report: id, day: row.get("day")?, at: row.get("complete_at")?, senders }))
}

/// Each sender of a report's parts, once.
pub async fn senders(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &ReportId,
) -> Result<Vec<Sender>, StoreError> {
    let sql = "select distinct sent_way, sent_by, sent_app from report_parts
               where partner_id = $1 and report_id = $2 and sent_way is not null
               order by sent_way, sent_by, sent_app";
    let rows = tx.query(sql, &[&partner.as_str(), &report.as_str()]).await?;
    rows.iter().filter_map(|row| Sender::read(row).transpose()).collect()
}

/// Whose word each frozen number of a company is. A number that no report had is nobody's.
pub async fn of_frozen(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    company: &CompanyId,
    month: Month,
) -> Result<Vec<(ProductId, FrozenSource)>, StoreError> {
    let sql = "select distinct on (product_id) product_id, report_id, correction, reason, recorded_at
               from frozen_counts where partner_id = $1 and month = $2 and company_id = $3
               order by product_id, correction desc";
    let rows = tx.query(sql, &[&partner.as_str(), &month.first_day(), &company.as_str()]).await?;
    let mut sources: Vec<(ProductId, FrozenSource)> = Vec::with_capacity(rows.len());
    for row in &rows {
        let product = row.product_id("product_id")?;
        let reason: Option<String> = row.get("reason")?;
        if let Some(reason) = reason.filter(|_| row.get::<i16>("correction").is_ok_and(|number| number > 0)) {
            let at = row.get("recorded_at")?;
            sources.push((product, FrozenSource::Correction { reason, at }));
            continue;
        }
        let Some(report) = row.get::<Option<String>>("report_id")? else { continue };
        // The products of a company are mostly of one report.
        let known = sources.iter().find_map(|(_, source)| match source {
            FrozenSource::Report(known) if known.report.as_str() == report => Some(known.clone()),
            FrozenSource::Report(_) | FrozenSource::Correction { .. } => None,
        });
        let of_report = match known {
            Some(known) => Some(known),
            None => reported(tx, partner, &report).await?,
        };
        sources.extend(of_report.map(|reported| (product, FrozenSource::Report(reported))));
    }
    Ok(sources)
}

/// Who told what is charged for a month; `None` where nobody did.
pub async fn of_charges(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<Option<ChargesTold>, StoreError> {
    let sql = "select told_by, told_at from charged_months
               where partner_id = $1 and month = $2";
    let row = tx.query_opt(sql, &[&partner.as_str(), &month.first_day()]).await?;
    row.map(|row| Ok(ChargesTold { by: row.get("told_by")?, at: row.get("told_at")? })).transpose()
}
