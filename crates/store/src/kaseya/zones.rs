//! The time zones of Kaseya's tenants, as Kaseya reports them.

use domain::{KaseyaAddress, PartnerId};
use jiff::{Timestamp, tz::TimeZone};

use crate::{Row, StoreError, Transaction, kaseya::places::address_of};

/// Stores the zone reported for a tenant; an unknown zone name is ignored.
pub async fn note(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    address: &KaseyaAddress,
    zone: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if TimeZone::get(zone).is_err() {
        return Ok(());
    }
    let sql =
        "insert into kaseya_zones (partner_id, host, tenant, time_zone, told_at) values ($1, $2, $3, $4, $5)
               on conflict (partner_id, host, tenant)
               do update set time_zone = excluded.time_zone, told_at = excluded.told_at";
    tx.execute(sql, &[&partner.as_str(), &address.hosts(), &address.tenant(), &zone, &now]).await.map(drop)
}

/// Stores the zone reported to a job that logged in with these credentials. If others were saved since, it may be
/// another tenant's.
pub async fn note_by_job(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    credentials_version: i32,
    zone: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "select host, v2_base, v1_base, tenant from integrations
               where partner_id = $1 and credentials_version = $2";
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), &credentials_version]).await? else {
        return Ok(());
    };
    note(tx, partner, &address_of(&row)?, zone, now).await
}

/// Reads a row's column `kaseya_zone`.
pub(crate) fn read(row: &Row) -> Result<Option<TimeZone>, StoreError> {
    let zone: Option<String> = row.get("kaseya_zone")?;
    Ok(zone.and_then(|zone| TimeZone::get(&zone).ok()))
}
