//! Credentials that Kaseya has refused: the partner stops, an event announces it, and credentials that prove right
//! restart it.

use domain::{IntegrationState, PartnerId};
use jiff::Timestamp;

use crate::{StoreError, Transaction, counts::month_ends};

/// Locks a partner's integration if these marks are those of its stored credentials, and returns the credentials'
/// version.
pub async fn hold_stored_credentials(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    marks: &[String],
) -> Result<Option<i32>, StoreError> {
    let sql = "select credentials_version from integrations
               where partner_id = $1 and password_marks && $2 for update";
    tx.query_opt(sql, &[&partner.as_str(), &marks])
        .await?
        .map(|row| row.get("credentials_version"))
        .transpose()
}

/// Stops a partner with credentials that Kaseya has refused. An open month-end run is made again once there are
/// other credentials. Returns false if that version was already refused, or is no longer the stored one.
pub async fn refuse_credentials(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    credentials_version: i32,
    code: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = tx
        .execute(
            "update integrations set credentials_refused_code = $3, credentials_refused_at = $4, refusal_told = false
             where partner_id = $1 and credentials_version = $2 and credentials_refused_code is null",
            &[&partner.as_str(), &credentials_version, &code, &now],
        )
        .await?;
    if changed == 1 {
        month_ends::push_stopped_again(tx, partner).await?;
    }
    Ok(changed == 1)
}

/// A refusal of a partner's credentials that has no event yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnannouncedRefusal {
    /// The partner.
    pub partner: PartnerId,
    /// The version of the credentials.
    pub credentials_version: i32,
    /// The code of the refusal.
    pub code: String,
    /// When Kaseya refused them.
    pub at: Timestamp,
}

/// The partner's refusal that has no event yet. This transaction marks it as announced.
pub async fn unannounced_refusal(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<UnannouncedRefusal>, StoreError> {
    let row = tx
        .query_opt(
            "update integrations set refusal_told = true
             where partner_id = $1 and credentials_refused_code is not null and not refusal_told
             returning credentials_version, credentials_refused_code, credentials_refused_at",
            &[&partner.as_str()],
        )
        .await?;
    row.map(|row| {
        Ok(UnannouncedRefusal {
            partner: partner.clone(),
            credentials_version: row.get("credentials_version")?,
            code: row.get("credentials_refused_code")?,
            at: row.get("credentials_refused_at")?,
        })
    })
    .transpose()
}

/// Partners with such a refusal that no job found: it came from a start or from Authenticate.
pub async fn partners_with_unannounced_refusal(tx: &Transaction<'_>) -> Result<Vec<PartnerId>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: whichever replica comes first tells of every partner's refusal
             select partner_id from integrations where credentials_refused_code is not null and not refusal_told",
            &[],
        )
        .await?;
    rows.iter().map(|row| row.partner_id("partner_id")).collect()
}

/// Lets a partner go on after its stored credentials proved right although Kaseya had refused them. They get a new
/// version, so that no worker uses what it remembers of them. Returns true if a sync of the work left over follows
/// by itself.
pub async fn forget_refusal(tx: &Transaction<'_>, partner: &PartnerId) -> Result<bool, StoreError> {
    let row = tx
        .query_opt(
            "update integrations set credentials_version = credentials_version + 1, credentials_refused_code = null,
                    credentials_refused_at = null, sync_after_refusal = true
             where partner_id = $1 and credentials_refused_code is not null
             returning state",
            &[&partner.as_str()],
        )
        .await?;
    let Some(row) = row else { return Ok(false) };
    tx.notify("ledger").await?;
    Ok(row.named("state", IntegrationState::parse)? == IntegrationState::On)
}
