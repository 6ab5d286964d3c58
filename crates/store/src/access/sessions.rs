//! Who is signed in.

use domain::{Role, TokenId};
use jiff::{SignedDuration, Timestamp};

use super::{Access, SEEN_EVERY};
use crate::{StoreError, Transaction};

/// Sessions that nobody used for so long are forgotten.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(31 * 24);

/// By what somebody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// By a token.
    Token(TokenId),
    /// By an identity provider's word.
    Person {
        /// The provider.
        issuer: String,
        /// Whom it has named.
        subject: String,
    },
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// By what.
    pub identity: Identity,
    /// As pages show it.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// The instants before which a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oldest {
    /// Begun before this it is over, however busy it is.
    pub created: Timestamp,
    /// Last seen before this it is over.
    pub seen: Timestamp,
}

/// Signs somebody in.
pub async fn create(
    tx: &Transaction<'_>,
    hash: &[u8; 32],
    identity: &Identity,
    name: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let forgotten = now.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    tx.execute("delete from sessions where last_seen_at < $1", &[&forgotten]).await?;
    let (token, issuer, subject) = columns(identity);
    let sql = "insert into sessions (session_hash, token_id, issuer, subject, name, created_at, last_seen_at)
               values ($1, $2, $3, $4, $5, $6, $6)";
    tx.execute_exactly(1, sql, &[&hash.as_slice(), &token, &issuer, &subject, &name, &now]).await
}

/// Who is signed in with this, if the session is not over.
pub async fn find(
    tx: &Transaction<'_>,
    hash: &[u8; 32],
    oldest: Oldest,
) -> Result<Option<Session>, StoreError> {
    let sql = "select token_id, issuer, subject, name, created_at, last_seen_at from sessions
               where session_hash = $1 and ended_at is null and created_at >= $2 and last_seen_at >= $3";
    let Some(row) = tx.query_opt(sql, &[&hash.as_slice(), &oldest.created, &oldest.seen]).await? else {
        return Ok(None);
    };
    let identity = match row.get::<Option<uuid::Uuid>>("token_id")? {
        Some(token) => Identity::Token(TokenId(token)),
        None => Identity::Person { issuer: row.get("issuer")?, subject: row.get("subject")? },
    };
    Ok(Some(Session { identity, name: row.get("name")?, created_at: row.get("created_at")? }))
}

/// A session was used: it goes on.
pub async fn seen(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let before = now.saturating_sub(SEEN_EVERY).unwrap_or(Timestamp::MIN);
    let sql = "update sessions set last_seen_at = $2 where session_hash = $1 and last_seen_at < $3";
    tx.execute(sql, &[&hash.as_slice(), &now, &before]).await.map(drop)
}

/// Signs somebody out.
pub async fn end(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let sql = "update sessions set ended_at = $2 where session_hash = $1 and ended_at is null";
    tx.execute(sql, &[&hash.as_slice(), &now]).await.map(drop)
}

/// The partners that somebody may see now, by their names. It is asked with each call: a token may be revoked and a member
/// removed while somebody is signed in.
pub async fn partners(tx: &Transaction<'_>, identity: &Identity) -> Result<Vec<Access>, StoreError> {
    let (token, issuer, subject) = columns(identity);
    let sql = "-- all partners: those that this person may see
               select partner_id, partners.name, allowed.role
               from (select partner_id, role from api_tokens where token_id = $1 and revoked_at is null
                     union all
                     select partner_id, role from members
                     where issuer = $2 and subject = $3 and removed_at is null) as allowed
                    join partners using (partner_id)
               order by partners.name collate \"names\", partner_id";
    let rows = tx.query(sql, &[&token, &issuer, &subject]).await?;
    rows.iter()
        .map(|row| {
            Ok(Access {
                partner: row.partner_id("partner_id")?,
                name: row.get("name")?,
                role: row.named("role", Role::parse)?,
            })
        })
        .collect()
}

fn columns(identity: &Identity) -> (Option<uuid::Uuid>, Option<&str>, Option<&str>) {
    match identity {
        Identity::Token(token) => (Some(token.0), None, None),
        Identity::Person { issuer, subject } => (None, Some(issuer), Some(subject)),
    }
}
