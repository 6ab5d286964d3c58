//! Starting over with another Kaseya: another host, tenant or address was saved, so everything known of the old one
//! is void (G-01).

use domain::PartnerId;

use crate::{
    StoreError, Transaction, holds,
    kaseya::{contracts, services},
    statuses::outcomes,
    targets,
};

/// Deletes what was known, ends holds and approvals, and resets every row to never synced. Runs, journal and events
/// stay as the record of the past.
pub(crate) async fn start_over(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    targets::forget(tx, partner).await?;
    contracts::forget(tx, partner).await?;
    services::forget(tx, partner).await?;
    outcomes::forget(tx, partner).await?;
    holds::end_all(tx, partner).await
}

/// Whether a report about Kaseya from a job with this version of the credentials still counts. Saving another
/// address waits until this transaction ends.
pub async fn still_counts(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    credentials_version: i32,
) -> Result<bool, StoreError> {
    let sql =
        "select known_since_version <= $2 as counts from integrations where partner_id = $1 for key share";
    match tx.query_opt(sql, &[&partner.as_str(), &credentials_version]).await? {
        Some(row) => row.get("counts"),
        None => Ok(false),
    }
}
