//! That somebody is left who can say who may come in.

use domain::PartnerId;
use uuid::Uuid;

use crate::{StoreError, Transaction};

/// Whether an admin of the partner can come in without the token or the member of this id: by a token, or as a member who
/// was here already, for an address that nobody came with may be mistyped. Whoever asks the same waits until the transaction
/// ends: two admins may be taking each other away.
pub async fn another(tx: &Transaction<'_>, partner: &PartnerId, without: Uuid) -> Result<bool, StoreError> {
    let sql = "select from partners where partner_id = $1 for no key update";
    tx.execute(sql, &[&partner.as_str()]).await?;
    let sql = "select from api_tokens
               where partner_id = $1 and token_id <> $2 and role = 'admin' and revoked_at is null
               union all
               select from members
               where partner_id = $1 and member_id <> $2 and role = 'admin' and removed_at is null
                 and subject is not null
               limit 1";
    Ok(tx.query_opt(sql, &[&partner.as_str(), &without]).await?.is_some())
}
