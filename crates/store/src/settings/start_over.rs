//! Another Kaseya: another host, tenant or address was saved, and nothing that was known of the old one counts (G-01).

use domain::PartnerId;

use crate::{
    StoreError, Transaction, holds,
    kaseya::{contracts, services},
    statuses::outcomes,
    targets,
};

/// Forgets what was known, ends holds and approvals, and leaves every row as never synced. Runs, journal and events stay:
/// they say what was.
pub(crate) async fn start_over(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    targets::forget(tx, partner).await?;
    contracts::forget(tx, partner).await?;
    services::forget(tx, partner).await?;
    outcomes::forget(tx, partner).await?;
    holds::end_all(tx, partner).await
}

/// Whether what a job of this version of the credentials tells of Kaseya still counts. Whoever saves another address waits
/// until this transaction has ended.
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
