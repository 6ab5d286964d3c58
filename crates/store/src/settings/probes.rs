//! Logins without proof for a day, and users that Kaseya had locked.

use domain::{LOCK_WAIT, PartnerId};
use jiff::Timestamp;

use crate::{Row, StoreError, Transaction};

/// A partner with a login that may need a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproven {
    /// The partner.
    pub partner: PartnerId,
    /// When its login was last proven or probed, or its settings were saved.
    pub last: Timestamp,
    /// When its schedule is due next.
    pub next_run: Timestamp,
}

/// When a partner's stored credentials were last seen to work; `None` if never.
pub async fn proven_at(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Option<Timestamp>, StoreError> {
    let row = tx
        .query_one(
            "select max(heard_at) as proven_at from login_tries join integrations using (partner_id)
             where partner_id = $1 and outcome = 'accepted' and marks && password_marks
               and login_tries.host = called_hosts",
            &[&partner.as_str()],
        )
        .await?;
    row.get("proven_at")
}

/// Partners that are on, have no open run, and were not proven since an instant; or only the given partner.
pub async fn unproven(
    tx: &Transaction<'_>,
    one: Option<&PartnerId>,
    since: Timestamp,
) -> Result<Vec<Unproven>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a ledger round
             select * from (
                 select partner_id, next_run_at, greatest(
                     saved_at,
                     (select max(heard_at) from login_tries
                      where login_tries.partner_id = integrations.partner_id and outcome = 'accepted'
                        and login_tries.host = called_hosts and marks && password_marks),
                     (select max(created_at) from runs
                      where runs.partner_id = integrations.partner_id and trigger = 'probe')) as last
                 from integrations join schedules using (partner_id)
                 where ($2::text is null or partner_id = $2) and state = 'on' and credentials_refused_code is null
                   and not exists (select from runs
                                   where runs.partner_id = integrations.partner_id and runs.state = 'running')) as seen
             where last < $1 order by partner_id",
            &[&since, &one.map(PartnerId::as_str)],
        )
        .await?;
    rows.iter().map(unproven_row).collect()
}

fn unproven_row(row: &Row) -> Result<Unproven, StoreError> {
    Ok(Unproven {
        partner: row.partner_id("partner_id")?,
        last: row.get("last")?,
        next_run: row.get("next_run_at")?,
    })
}

/// Partners stopped because Kaseya had locked their user, with their single retry due (AUTH-03).
pub async fn unlocked(tx: &Transaction<'_>, now: Timestamp) -> Result<Vec<PartnerId>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a ledger round
             select partner_id from integrations
             where state = 'on' and credentials_refused_code = 'AUTH-03' and credentials_refused_at <= $1
               and exists (select from refused_logins
                           where refused_logins.host = called_hosts
                             and (refused_logins.tenant, refused_logins.user_name) = (plain_tenant, plain_user)
                             and mark = any(password_marks) and code = 'AUTH-03' and not tried_again)",
            &[&now.saturating_sub(LOCK_WAIT).unwrap_or(Timestamp::MIN)],
        )
        .await?;
    rows.iter().map(|row| row.partner_id("partner_id")).collect()
}

/// Allows a retry of a partner's credentials that were refused because the user was locked. Returns false if they no
/// longer are.
pub async fn lock_is_over(tx: &Transaction<'_>, partner: &PartnerId) -> Result<bool, StoreError> {
    let changed = tx
        .execute(
            "update integrations set credentials_refused_code = null, credentials_refused_at = null
             where partner_id = $1 and credentials_refused_code = 'AUTH-03'",
            &[&partner.as_str()],
        )
        .await?;
    Ok(changed == 1)
}

/// Partners that are on with credentials that have replaced refused ones, or that were accepted after all. What the
/// refusal left undone is synced without waiting for the schedule.
pub async fn to_sync_after_refusal(tx: &Transaction<'_>) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: a ledger round
               select partner_id from integrations
               where sync_after_refusal and state = 'on' and credentials_refused_code is null";
    tx.query(sql, &[]).await?.iter().map(|row| row.partner_id("partner_id")).collect()
}

/// Records that the sync after a refusal was made. Returns false if it already was.
pub async fn synced_after_refusal(tx: &Transaction<'_>, partner: &PartnerId) -> Result<bool, StoreError> {
    let sql = "update integrations set sync_after_refusal = false
               where partner_id = $1 and sync_after_refusal and state = 'on' and credentials_refused_code is null";
    Ok(tx.execute(sql, &[&partner.as_str()]).await? == 1)
}
