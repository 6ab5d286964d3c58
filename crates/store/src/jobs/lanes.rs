//! The lane in which a job waits: the partner's own, or the one shared by all partners of a Kaseya.

use domain::PartnerId;

use crate::{StoreError, Transaction};

/// Moves the partner's jobs that no worker has started into the shared lane of the partners that Kaseya has let in.
/// A job that is just being started does so itself.
pub(crate) async fn join_others(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    tx.execute(
        "update jobs set alone = alone_at(partner_id, host, tenant)
         where partner_id = $1 and job_id in (
             select job_id from jobs
             where partner_id = $1 and state in ('ready', 'emitted') and alone <> ''
             for update skip locked)",
        &[&partner.as_str()],
    )
    .await
    .map(drop)
}
