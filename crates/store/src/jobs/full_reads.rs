//! The full readings of all lines before an invoice day: one run each.

use domain::{PartnerId, RunId};
use jiff::{Timestamp, civil::Date};

use crate::{StoreError, Transaction};

/// Partners that are on, with an invoice day near or begun in some time zone, and with no run yet to read
/// their lines for it. The caller checks the exact window.
pub async fn possible(tx: &Transaction<'_>, now: Timestamp) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: whoever's invoice day is near is read by whichever scheduler comes first
               select partner_id from integrations
               where state = 'on' and credentials_refused_code is null
                 and exists (select from generate_series(-1, 2) as near (days)
                             where extract(day from ($1::timestamptz at time zone 'UTC')::date + near.days) = invoice_day)
                 and not exists (select from full_reads
                                 where full_reads.partner_id = integrations.partner_id
                                   and full_reads.invoice_day >= ($1::timestamptz at time zone 'UTC')::date - 1)
               order by partner_id";
    tx.query(sql, &[&now]).await?.iter().map(|row| row.partner_id("partner_id")).collect()
}

/// Whether a run exists that reads the lines before this invoice day.
pub async fn is_made(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    invoice_day: Date,
) -> Result<bool, StoreError> {
    let sql = "select from full_reads where partner_id = $1 and invoice_day = $2";
    Ok(tx.query_opt(sql, &[&partner.as_str(), &invoice_day]).await?.is_some())
}

/// Records the run that reads them.
pub async fn note(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    invoice_day: Date,
    run: RunId,
) -> Result<(), StoreError> {
    let sql = "insert into full_reads (partner_id, invoice_day, run_id) values ($1, $2, $3)";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &invoice_day, &run.0]).await
}

/// If a full reading before an invoice day is running, has it made again: stopping the partner ends it early.
pub async fn make_stopped_again(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    let sql = "delete from full_reads using runs
               where full_reads.partner_id = $1 and runs.partner_id = $1 and runs.run_id = full_reads.run_id
                 and runs.state = 'running'";
    tx.execute(sql, &[&partner.as_str()]).await.map(drop)
}
