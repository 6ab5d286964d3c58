//! Services in Kaseya's catalogue.

use std::collections::BTreeMap;

use domain::{PartnerId, SeenService, ServiceId, ServiceState};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// Stores services as a run found them; a newer run's view takes precedence.
pub async fn store_seen(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
    services: &[SeenService],
) -> Result<(), StoreError> {
    let ids: Vec<i32> = services.iter().map(|seen| seen.service.0).collect();
    let states: Vec<&str> = services.iter().map(|seen| seen.state.as_str()).collect();
    let seen_at: Vec<Timestamp> = services.iter().map(|seen| seen.seen_at).collect();
    tx.execute(
        "insert into services (partner_id, service_id, run_number, state, seen_at)
         select distinct on (service_id) $1, service_id, $2, state, seen_at
         from unnest($3::int[], $4::text[], $5::timestamptz[]) as seen (service_id, state, seen_at)
         order by service_id
         on conflict (partner_id, service_id) do update set
             run_number = excluded.run_number, state = excluded.state, seen_at = excluded.seen_at
         where services.run_number <= excluded.run_number",
        &[&partner.as_str(), &run_number, &ids, &states, &seen_at],
    )
    .await
    .map(drop)
}

/// The services that the run with this number, or a newer one, has seen.
pub async fn known(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run_number: i64,
) -> Result<BTreeMap<ServiceId, SeenService>, StoreError> {
    let sql = "select service_id, state, seen_at from services where partner_id = $1 and run_number >= $2";
    let rows = tx.query(sql, &[&partner.as_str(), &run_number]).await?;
    rows.iter()
        .map(|row| {
            let service = ServiceId(row.get("service_id")?);
            let state = row.named("state", ServiceState::parse)?;
            Ok((service, SeenService { service, state, seen_at: row.get("seen_at")? }))
        })
        .collect()
}

/// Deletes all of the partner's services: from now on another Kaseya is called.
pub(crate) async fn forget(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    let sql = "delete from services where partner_id = $1";
    tx.execute(sql, &[&partner.as_str()]).await.map(drop)
}
