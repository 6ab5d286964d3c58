//! The senders of user counts and charges (F7). Reports are shown with their sender.

use domain::{CompanyId, Month, PartnerId, ProductId, ReportId};
use jiff::{Timestamp, civil::Date};

use crate::{Row, StoreError, Transaction};

/// The sender of a part of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sender {
    /// An API token, by its name.
    Token(String),
    /// A program that may publish counts to the broker.
    Message {
        /// The broker user, verified by RabbitMQ; `None` if the message does not name it.
        user: Option<String>,
        /// The application name that the sender claims; not verified.
        app: Option<String>,
    },
    /// A settings file, applied by an operator.
    File,
}

impl Sender {
    /// Way, name and application, as stored in the columns.
    pub(crate) fn columns(&self) -> (&'static str, Option<&str>, Option<&str>) {
        match self {
            Self::Token(name) => ("token", Some(name), None),
            Self::Message { user, app } => ("message", user.as_deref(), app.as_deref()),
            Self::File => ("file", None, None),
        }
    }

    /// `None` for rows from before senders were stored.
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

/// A complete report with its senders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The report.
    pub report: ReportId,
    /// The day counted.
    pub day: Date,
    /// When its last part arrived.
    pub at: Timestamp,
    /// Each sender of a part, once; empty if none was stored.
    pub senders: Vec<Sender>,
}

/// The source of a frozen number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrozenSource {
    /// A report.
    Report(Reported),
    /// A person, who corrected it or approved a correction.
    Correction {
        /// The reason, and the person's name.
        reason: String,
        /// When it was corrected.
        at: Timestamp,
    },
}

/// The sender of a month's charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargesSender {
    /// The token's name; `None` if it was not stored.
    pub by: Option<String>,
    /// When the charges were sent.
    pub at: Timestamp,
}

/// A company's newest report, with the counts that are sent; `None` before the first.
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

/// A report with its senders; `None` until it is complete.
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

/// The source of each frozen number of a company. A number without a report has no source.
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
        // Most products of a company come from one report.
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

/// The sender of a month's charges; `None` if they were not sent.
pub async fn of_charges(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<Option<ChargesSender>, StoreError> {
    let sql = "select told_by, told_at from charged_months
               where partner_id = $1 and month = $2";
    let row = tx.query_opt(sql, &[&partner.as_str(), &month.first_day()]).await?;
    row.map(|row| Ok(ChargesSender { by: row.get("told_by")?, at: row.get("told_at")? })).transpose()
}
