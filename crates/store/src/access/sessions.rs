//! Sessions of signed-in people.

use std::net::IpAddr;

use domain::{Role, TokenId};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::types::ToSql;

use super::{Access, Identity, SEEN_EVERY};
use crate::{Row, StoreError, Transaction};

/// How long an unused session is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The session of a signed-in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of its secret; it gives no access.
    pub hash: [u8; 32],
    /// How the person proved their identity.
    pub identity: Identity,
    /// The name shown on pages.
    pub name: String,
    /// When the session began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When the person last proved their identity.
    pub confirmed_at: Timestamp,
    /// The client's address when the session began.
    pub address: Option<IpAddr>,
    /// The browser's `User-Agent`; `None` if it sent none.
    pub browser: Option<String>,
}

/// A session to create.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// The hash of its secret.
    pub hash: &'a [u8; 32],
    /// How the person proved their identity.
    pub identity: &'a Identity,
    /// The name shown on pages.
    pub name: &'a str,
    /// The client's address.
    pub address: IpAddr,
    /// The browser's `User-Agent`; `None` if it sent none.
    pub browser: Option<&'a str>,
    /// When the person proved their identity.
    pub confirmed_at: Timestamp,
}

const COLUMNS: &str =
    "session_hash, token_id, issuer, subject, name, created_at, last_seen_at, confirmed_at, address, browser";

/// The instants before which a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oldest {
    /// A session begun before this has ended, even if in use.
    pub created: Timestamp,
    /// A session last used before this has ended.
    pub seen: Timestamp,
}

/// Creates a session.
pub async fn create(tx: &Transaction<'_>, new: &NewSession<'_>, now: Timestamp) -> Result<(), StoreError> {
    let forgotten = now.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    tx.execute("delete from sessions where last_seen_at < $1", &[&forgotten]).await?;
    let NewSession { hash, identity, name, address, browser, confirmed_at } = new;
    let (token, issuer, subject) = identity.columns();
    let sql = "insert into sessions (session_hash, token_id, issuer, subject, name, address, browser, created_at, last_seen_at,
                                     confirmed_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";
    let values: [&(dyn ToSql + Sync); 9] =
        [&hash.as_slice(), &token, &issuer, &subject, name, address, browser, &now, confirmed_at];
    tx.execute_exactly(1, sql, &values).await
}

/// Finds a session by its hash, if it has not ended.
pub async fn find(
    tx: &Transaction<'_>,
    hash: &[u8; 32],
    oldest: Oldest,
) -> Result<Option<Session>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from sessions
         where session_hash = $1 and ended_at is null and created_at >= $2 and last_seen_at >= $3"
    );
    let row = tx.query_opt(&sql, &[&hash.as_slice(), &oldest.created, &oldest.seen]).await?;
    row.as_ref().map(session).transpose()
}

/// All current sessions of an identity, the newest first.
pub async fn list(
    tx: &Transaction<'_>,
    identity: &Identity,
    oldest: Oldest,
) -> Result<Vec<Session>, StoreError> {
    let (token, issuer, subject) = identity.columns();
    let sql = format!(
        "select {COLUMNS} from sessions
         where (token_id = $1 or issuer = $2 and subject = $3) and ended_at is null and created_at >= $4
           and last_seen_at >= $5
         order by created_at desc, session_hash"
    );
    let rows = tx.query(&sql, &[&token, &issuer, &subject, &oldest.created, &oldest.seen]).await?;
    rows.iter().map(session).collect()
}

fn session(row: &Row) -> Result<Session, StoreError> {
    let identity = match row.get::<Option<uuid::Uuid>>("token_id")? {
        Some(token) => Identity::Token(TokenId(token)),
        None => Identity::Person { issuer: row.get("issuer")?, subject: row.get("subject")? },
    };
    let hash: Vec<u8> = row.get("session_hash")?;
    let hash = hash.try_into().map_err(|_| StoreError::row("sessions", "session_hash", &"no hash"))?;
    Ok(Session {
        hash,
        identity,
        name: row.get("name")?,
        created_at: row.get("created_at")?,
        last_seen_at: row.get("last_seen_at")?,
        confirmed_at: row.get("confirmed_at")?,
        address: row.get("address")?,
        browser: row.get("browser")?,
    })
}

/// Records the use of a session, which keeps it alive.
pub async fn seen(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let before = now.saturating_sub(SEEN_EVERY).unwrap_or(Timestamp::MIN);
    let sql = "update sessions set last_seen_at = $2 where session_hash = $1 and last_seen_at < $3";
    tx.execute(sql, &[&hash.as_slice(), &now, &before]).await.map(drop)
}

/// Records that the person has proved their identity again. Returns whether the session is still current.
pub async fn confirm(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
    let sql = "update sessions set confirmed_at = $2, last_seen_at = $2 where session_hash = $1 and ended_at is null";
    Ok(tx.execute(sql, &[&hash.as_slice(), &now]).await? == 1)
}

/// Ends a session.
pub async fn end(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let sql = "update sessions set ended_at = $2 where session_hash = $1 and ended_at is null";
    tx.execute(sql, &[&hash.as_slice(), &now]).await.map(drop)
}

/// The sessions of an identity to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// This session.
    One(&'a [u8; 32]),
    /// All except this session.
    AllBut(&'a [u8; 32]),
}

/// Ends sessions of this identity only. Returns the number of ended sessions.
pub async fn end_those(
    tx: &Transaction<'_>,
    identity: &Identity,
    ending: Ending<'_>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let (token, issuer, subject) = identity.columns();
    let (hash, is_one) = match ending {
        Ending::One(hash) => (hash, true),
        Ending::AllBut(hash) => (hash, false),
    };
    let sql = "update sessions set ended_at = $6
               where (token_id = $1 or issuer = $2 and subject = $3) and (session_hash = $4) = $5 and ended_at is null";
    tx.execute(sql, &[&token, &issuer, &subject, &hash.as_slice(), &is_one, &now]).await
}

/// The partners that an identity may see now, ordered by name. Read on each call, because a token may be revoked or
/// expire, and a member may be removed, while the person is signed in.
pub async fn partners(
    tx: &Transaction<'_>,
    identity: &Identity,
    now: Timestamp,
) -> Result<Vec<Access>, StoreError> {
    let (token, issuer, subject) = identity.columns();
    let sql = "-- all partners: those that this person may see
               select partner_id, partners.name, allowed.role
               from (select partner_id, role from api_tokens where token_id = $1 and revoked_at is null and expires_at > $4
                     union all
                     select partner_id, role from members
                     where issuer = $2 and subject = $3 and removed_at is null) as allowed
                    join partners using (partner_id)
               order by partners.name collate \"names\", partner_id";
    let rows = tx.query(sql, &[&token, &issuer, &subject, &now]).await?;
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
