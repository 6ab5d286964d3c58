//! That somebody is left who can say who may come in.

use domain::PartnerId;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{StoreError, Transaction};

/// A token that ends before this is left to nobody as the only way in.
const DAYS_TO_GO: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether an admin of the partner can come in without the token or the member of this id: by a token with days to go, or as a
/// member who was here already, for an address that nobody came with may be mistyped. Whoever asks the same waits until the transaction
/// ends: two admins may be taking each other away.
pub async fn another(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    without: Uuid,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let lasts_until = now.saturating_add(DAYS_TO_GO).unwrap_or(Timestamp::MAX);
    let sql = "select from partners where partner_id = $1 for no key update";
    tx.execute(sql, &[&partner.as_str()]).await?;
    let sql = "select from api_tokens
               where partner_id = $1 and token_id <> $2 and role = 'admin' and revoked_at is null
                 and expires_at > $3
               union all
               select from members
               where partner_id = $1 and member_id <> $2 and role = 'admin' and removed_at is null
                 and subject is not null
               limit 1";
    Ok(tx.query_opt(sql, &[&partner.as_str(), &without, &lasts_until]).await?.is_some())
}
