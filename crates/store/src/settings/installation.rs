//! Settings of the whole installation: stopping all writes, and the time after a database restore (B-14).

use domain::{PartnerId, UNSURE_FOR};
use jiff::{SignedDuration, Timestamp};

use crate::{StoreError, Transaction};

/// After this, a permit that was given before a restore and is no longer on record has ended.
const PERMITS_END: SignedDuration = SignedDuration::from_mins(1);

/// A full read that could not reach every contract is repeated after this.
const READ_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// Stops all writes, or allows them again. Permits already out remain: see [`permits_out`].
pub async fn stop_writes(tx: &Transaction<'_>, stopped: bool) -> Result<(), StoreError> {
    tx.execute_exactly(1, "update installation set writes_stopped = $1", &[&stopped]).await
}

/// The text of the line profile used for a partner: its own or the installation's. `None` means the profile included
/// in the program.
pub async fn line_profile(
    tx: &Transaction<'_>,
    partner: Option<&PartnerId>,
) -> Result<Option<String>, StoreError> {
    let sql = "select coalesce((select line_profile from integrations where partner_id = $1), line_profile) as line_profile
               from installation";
    tx.query_one(sql, &[&partner.map(PartnerId::as_str)]).await?.get("line_profile")
}

/// Sets the line profile of one partner or of the installation; `None` removes it.
pub async fn set_line_profile(
    tx: &Transaction<'_>,
    partner: Option<&PartnerId>,
    text: Option<&str>,
) -> Result<bool, StoreError> {
    let changed = match partner {
        Some(partner) => {
            let sql = "update integrations set line_profile = $2 where partner_id = $1";
            tx.execute(sql, &[&partner.as_str(), &text]).await?
        }
        None => {
            tx.execute(
                "-- all partners: the whole installation\n update installation set line_profile = $1",
                &[&text],
            )
            .await?
        }
    };
    Ok(changed == 1)
}

/// The number of write permits that are out. Waits for a permit that is being given while writes are stopped, and
/// counts it.
pub async fn permits_out(tx: &Transaction<'_>, now: Timestamp) -> Result<i64, StoreError> {
    // Giving a permit locks the integration's row until the permit is stored.
    tx.execute("-- all partners: the whole installation is asked\n select from integrations for update", &[])
        .await?;
    let sql = "-- all partners: the whole installation is asked
               select count(*) as out from jobs where state <> 'done' and permit_until > $1";
    tx.query_one(sql, &[&now]).await?.get("out")
}

/// Records a database restore: nothing is written until each partner's lines have been read again. Returns the
/// instant from which reads count. Until then a write from before the restore may still land, although its intent
/// was lost with the last days.
pub async fn restored(tx: &Transaction<'_>, now: Timestamp) -> Result<Timestamp, StoreError> {
    let since = now.saturating_add(PERMITS_END + UNSURE_FOR).unwrap_or(Timestamp::MAX);
    tx.execute_exactly(1, "update installation set reread_since = $1", &[&since]).await?;
    Ok(since)
}

/// Whether a partner's lines must be read before any is written.
pub async fn must_reread(tx: &Transaction<'_>, partner: &PartnerId) -> Result<bool, StoreError> {
    tx.query_one("select must_reread($1)", &[&partner.as_str()]).await?.get("must_reread")
}

/// Partners that are on, with lines to be read again and no run yet that does so; or only the given partner.
pub async fn to_be_reread(
    tx: &Transaction<'_>,
    one: Option<&PartnerId>,
    now: Timestamp,
) -> Result<Vec<PartnerId>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: a ledger round
             select partner_id from integrations cross join installation
             where installation.reread_since <= $1 and ($3::text is null or partner_id = $3) and integrations.state = 'on' and credentials_refused_code is null
               and must_reread(partner_id)
               and not exists (select from runs
                               where runs.partner_id = integrations.partner_id and runs.trigger = 'full_read'
                                 and runs.created_at >= installation.reread_since
                                 and (runs.state = 'running' or runs.created_at > $2))",
            &[&now, &now.saturating_sub(READ_AGAIN).unwrap_or(Timestamp::MIN), &one.map(PartnerId::as_str)],
        )
        .await?;
    rows.iter().map(|row| row.partner_id("partner_id")).collect()
}
