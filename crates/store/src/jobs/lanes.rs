//! In which lane a job waits: its partner's own, or the one that all partners of a Kaseya share.

use domain::PartnerId;

use crate::{StoreError, Transaction};

/// Moves the partner's jobs that no worker has started into the lane of all whom Kaseya has let in there. A job that is being
/// started sees to that itself.
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
