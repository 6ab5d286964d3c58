//! Tokens of programs, and of the first person. Each belongs to one partner.

use domain::{PartnerId, Role, TokenId};
use jiff::Timestamp;

use super::SEEN_EVERY;
use crate::{Row, StoreError, Transaction};

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// The token's id.
    pub token: TokenId,
    /// The token's partner.
    pub partner: PartnerId,
    /// The name given by people.
    pub name: String,
    /// The token's role.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// The name of the actor who made it.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was revoked; `None` if it was not.
    pub revoked_at: Option<Timestamp>,
}

/// A token to create.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// The token's id.
    pub token: TokenId,
    /// The token's partner.
    pub partner: &'a PartnerId,
    /// The name given by people.
    pub name: &'a str,
    /// The token's role.
    pub role: Role,
    /// The hash of the secret.
    pub hash: &'a [u8; 32],
    /// The name of the actor who makes it.
    pub by: &'a str,
    /// When it expires.
    pub expires_at: Timestamp,
}

const COLUMNS: &str =
    "token_id, partner_id, name, role, created_at, created_by, last_used_at, expires_at, revoked_at";

/// Stores a new token of an existing partner.
pub async fn mint(tx: &Transaction<'_>, new: &NewToken<'_>, now: Timestamp) -> Result<(), StoreError> {
    let sql = "insert into api_tokens (token_id, partner_id, name, role, token_hash, created_at, created_by, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.execute_exactly(
        1,
        sql,
        &[
            &new.token.0,
            &new.partner.as_str(),
            &new.name,
            &new.role.as_str(),
            &new.hash.as_slice(),
            &now,
            &new.by,
            &new.expires_at,
        ],
    )
    .await
}

/// The result of a token look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// Valid; the look-up counts as a use.
    Good(ApiToken),
    /// Revoked or expired.
    Over(ApiToken),
    /// Not found.
    Unknown,
}

/// Looks a token up by its hash.
pub async fn by_hash(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<Brought, StoreError> {
    let sql = format!(
        "-- all partners: the token says whose it is
         select {COLUMNS} from api_tokens where token_hash = $1"
    );
    let Some(row) = tx.query_opt(&sql, &[&hash.as_slice()]).await? else {
        return Ok(Brought::Unknown);
    };
    let token = token(&row)?;
    if token.revoked_at.is_some() || token.expires_at <= now {
        return Ok(Brought::Over(token));
    }
    let sql = "-- all partners: the token says whose it is
               update api_tokens set last_used_at = $2
               where token_hash = $1 and (last_used_at is null or last_used_at < $3)";
    let before = now.saturating_sub(SEEN_EVERY).unwrap_or(Timestamp::MIN);
    tx.execute(sql, &[&hash.as_slice(), &now, &before]).await?;
    Ok(Brought::Good(token))
}

/// A partner's tokens, including revoked ones, the newest first.
pub async fn list(tx: &Transaction<'_>, partner: &PartnerId) -> Result<Vec<ApiToken>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from api_tokens where partner_id = $1 order by created_at desc, token_id desc"
    );
    tx.query(&sql, &[&partner.as_str()]).await?.iter().map(token).collect()
}

/// Whether a partner's token belongs to the provider.
pub async fn is_the_providers(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    token: TokenId,
) -> Result<bool, StoreError> {
    let sql = "select role = 'provider' as provider from api_tokens where partner_id = $1 and token_id = $2";
    let row = tx.query_opt(sql, &[&partner.as_str(), &token.0]).await?;
    row.map_or(Ok(false), |row| row.get("provider"))
}

/// Revokes a token and ends the sessions begun with it. Returns when it was revoked; `None` if the partner has no
/// such token.
pub async fn revoke(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    token: TokenId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql =
        "update api_tokens set revoked_at = coalesce(revoked_at, $3) where partner_id = $1 and token_id = $2
               returning revoked_at";
    let row = tx.query_opt(sql, &[&partner.as_str(), &token.0, &now]).await?;
    row.map(|row| row.get("revoked_at")).transpose()
}

fn token(row: &Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        token: TokenId(row.get("token_id")?),
        partner: row.partner_id("partner_id")?,
        name: row.get("name")?,
        role: row.named("role", Role::parse)?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        last_used_at: row.get("last_used_at")?,
        expires_at: row.get("expires_at")?,
        revoked_at: row.get("revoked_at")?,
    })
}
