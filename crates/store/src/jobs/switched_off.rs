//! Open jobs and runs of partners that are not on.

use domain::PartnerId;
use jiff::Timestamp;

use super::full_reads;
use crate::{StoreError, Transaction, counts::month_ends};

/// Drops a partner's jobs that no worker has started, and ends its runs without an open job as switched off. A
/// month-end run or a full reading before an invoice day that this stops is made again once the partner is on.
pub async fn drop_open_jobs(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    month_ends::push_stopped_again(tx, partner).await?;
    full_reads::make_stopped_again(tx, partner).await?;
    let dropped = tx
        .execute(
            "update jobs set state = 'done', done_at = $2, emitting_until = null
             where partner_id = $1 and state in ('ready', 'emitted')",
            &[&partner.as_str(), &now],
        )
        .await?;
    tx.execute(
        "update runs set state = 'switched_off', finished_at = $2
         where partner_id = $1 and state = 'running'
           and not exists (select from jobs
                           where jobs.partner_id = $1 and jobs.run_id = runs.run_id and jobs.state <> 'done')",
        &[&partner.as_str(), &now],
    )
    .await?;
    Ok(dropped)
}

/// Partners that are not on but still have jobs that no worker has started, or runs that nothing else will end:
/// handed back after the switch-off, or made concurrently with it.
pub async fn off_with_open_work(tx: &Transaction<'_>) -> Result<Vec<PartnerId>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a ledger round
             select partner_id from integrations
             where state <> 'on'
               and (exists (select from jobs where jobs.partner_id = integrations.partner_id
                                               and jobs.state in ('ready', 'emitted'))
                    or exists (select from runs where runs.partner_id = integrations.partner_id
                                                  and runs.state = 'running'
                                                  and not exists (select from jobs where jobs.run_id = runs.run_id
                                                                                     and jobs.state <> 'done')))",
            &[],
        )
        .await?;
    rows.iter().map(|row| row.partner_id("partner_id")).collect()
}
