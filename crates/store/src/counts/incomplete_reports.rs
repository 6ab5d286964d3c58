//! Reports with missing parts. A report counts once all its parts are in. Until then older counts are still sent,
//! and a month may stay open.

use domain::{PartnerId, ReportId};
use jiff::{Timestamp, civil::Date};

use crate::{Row, StoreError, Transaction};

/// A report with missing parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncompleteReport {
    /// The report.
    pub report: ReportId,
    /// The day counted.
    pub day: Date,
    /// The number of its parts.
    pub parts: u32,
    /// The number of parts received.
    pub received: u32,
    /// When the first part arrived.
    pub since: Timestamp,
}

/// A partner's incomplete reports with a first part from no later than `since`, the oldest first, at most `most`.
/// Reports that are no longer needed are left out: their day, or a later one, has a complete report counted at the
/// same time or later.
pub async fn incomplete(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    since: Timestamp,
    most: i64,
) -> Result<Vec<IncompleteReport>, StoreError> {
    let sql = "select report_id, day, parts, received, since
               from reports as late cross join lateral (
                        select count(*)::int as received, min(received_at) as since from report_parts
                        where report_parts.partner_id = $1 and report_parts.report_id = late.report_id) as came
               where partner_id = $1 and complete_at is null and since <= $2
                 and not exists (select from reports as newer
                                 where newer.partner_id = $1 and newer.complete_at is not null and newer.day >= late.day
                                   and newer.counted_at >= late.counted_at)
               order by since, report_id limit $3";
    let rows = tx.query(sql, &[&partner.as_str(), &since, &most]).await?;
    rows.iter().map(read).collect()
}

/// Reports of all partners that have been incomplete since `since` and were not announced yet, at most `most`. This
/// transaction marks them as announced.
pub async fn take_unannounced(
    tx: &Transaction<'_>,
    since: Timestamp,
    most: i64,
    now: Timestamp,
) -> Result<Vec<(PartnerId, IncompleteReport)>, StoreError> {
    let sql = "-- all partners: whichever scheduler comes first tells
               with untold as (
                   select partner_id, report_id, received, since
                   from reports cross join lateral (
                            select count(*)::int as received, min(received_at) as since from report_parts
                            where report_parts.partner_id = reports.partner_id
                              and report_parts.report_id = reports.report_id) as came
                   where complete_at is null and told_incomplete_at is null and since <= $1
                   order by partner_id, report_id limit $2
                   for update of reports skip locked)
               update reports set told_incomplete_at = $3
               from untold
               where reports.partner_id = untold.partner_id and reports.report_id = untold.report_id
               returning reports.partner_id, reports.report_id, day, parts, received, since";
    let rows = tx.query(sql, &[&since, &most, &now]).await?;
    rows.iter().map(|row| Ok((row.partner_id("partner_id")?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<IncompleteReport, StoreError> {
    Ok(IncompleteReport {
        report: ReportId::new(row.get::<String>("report_id")?)
            .map_err(|error| StoreError::row("reports", "report_id", &error))?,
        day: row.get("day")?,
        parts: row.number("parts")?,
        received: row.number("received")?,
        since: row.get("since")?,
    })
}
