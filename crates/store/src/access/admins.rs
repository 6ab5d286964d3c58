//! Makes sure that a partner keeps an admin.

use domain::PartnerId;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{StoreError, Transaction};

/// A token that expires sooner than this does not count as the only remaining access.
const DAYS_TO_GO: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether the token or member of this id is an admin, and no other admin of the partner can sign in: with a token that
/// does not expire soon, or as a member who has signed in before, because an address that never signed in may be
/// mistyped. Concurrent calls wait until the transaction ends: two admins may be removing each other.
pub async fn is_last(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    id: Uuid,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let lasts_until = now.saturating_add(DAYS_TO_GO).unwrap_or(Timestamp::MAX);
    let sql = "select from partners where partner_id = $1 for no key update";
    tx.execute(sql, &[&partner.as_str()]).await?;
    let sql = "select from api_tokens
               where partner_id = $1 and token_id = $2 and role = 'admin' and revoked_at is null
               union all
               select from members
               where partner_id = $1 and member_id = $2 and role = 'admin' and removed_at is null";
    if tx.query_opt(sql, &[&partner.as_str(), &id]).await?.is_none() {
        return Ok(false);
    }
    let sql = "select from api_tokens
               where partner_id = $1 and token_id <> $2 and role = 'admin' and revoked_at is null
                 and expires_at > $3
               union all
               select from members
               where partner_id = $1 and member_id <> $2 and role = 'admin' and removed_at is null
                 and subject is not null
               limit 1";
    Ok(tx.query_opt(sql, &[&partner.as_str(), &id, &lasts_until]).await?.is_none())
}
