//! A run's companies by outcome.

use domain::{PartnerId, RunId};

use crate::{StoreError, Transaction};

/// The number of a run's companies, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunTotals {
    /// All companies of the run.
    pub companies: u32,
    /// At least one line changed, and nothing worse.
    pub changed: u32,
    /// Nothing to change.
    pub unchanged: u32,
    /// Waiting for a person's decision.
    pub held: u32,
    /// Not sent because of an error.
    pub failed: u32,
    /// Not mapped, not billed, off, or left to a later run.
    pub skipped: u32,
}

/// Counts a run's companies and stores the totals with the run.
pub async fn count_run(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
) -> Result<RunTotals, StoreError> {
    let row = tx
        .query_one(
            "update runs set (companies, changed, unchanged, held, failed, skipped) = (
                 select count(*)::int,
                        (count(*) filter (where state in ('changed', 'sent')))::int,
                        (count(*) filter (where state = 'unchanged'))::int,
                        (count(*) filter (where state = 'held'))::int,
                        (count(*) filter (where state = 'not_sent'))::int,
                        (count(*) filter (where state not in ('changed', 'sent', 'unchanged', 'held', 'not_sent')))::int
                 from run_companies where run_companies.run_id = $2 and run_companies.partner_id = $1)
             where partner_id = $1 and run_id = $2
             returning companies, changed, unchanged, held, failed, skipped",
            &[&partner.as_str(), &run.0],
        )
        .await?;
    let number = |column: &str| -> Result<u32, StoreError> {
        let value: i32 = row.get(column)?;
        u32::try_from(value).map_err(|error| StoreError::row("runs", "totals", &error))
    };
    Ok(RunTotals {
        companies: number("companies")?,
        changed: number("changed")?,
        unchanged: number("unchanged")?,
        held: number("held")?,
        failed: number("failed")?,
        skipped: number("skipped")?,
    })
}
