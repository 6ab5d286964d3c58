//! Who is signed in.

use std::net::IpAddr;

use domain::{Role, TokenId};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::types::ToSql;

use super::{Access, Identity, SEEN_EVERY};
use crate::{Row, StoreError, Transaction};

/// Sessions that nobody used for so long are forgotten.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What is kept of its secret; it lets nobody in.
    pub hash: [u8; 32],
    /// By what.
    pub identity: Identity,
    /// As pages show it.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When whoever uses it last proved who it is.
    pub confirmed_at: Timestamp,
    /// From which address it began.
    pub address: Option<IpAddr>,
    /// As what the browser described itself.
    pub browser: Option<String>,
}

/// Somebody who comes in.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// What is kept of its secret.
    pub hash: &'a [u8; 32],
    /// By what.
    pub identity: &'a Identity,
    /// As pages show it.
    pub name: &'a str,
    /// From which address.
    pub address: IpAddr,
    /// As what the browser describes itself.
    pub browser: Option<&'a str>,
    /// When it proved who it is.
    pub confirmed_at: Timestamp,
}

const COLUMNS: &str =
    "session_hash, token_id, issuer, subject, name, created_at, last_seen_at, confirmed_at, address, browser";

/// The instants before which a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oldest {
    /// Begun before this it is over, however busy it is.
    pub created: Timestamp,
    /// Last seen before this it is over.
    pub seen: Timestamp,
}

/// Signs somebody in.
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

/// Who is signed in with this, if the session is not over.
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

/// Every session of somebody that is not over, the newest first.
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

/// A session was used: it goes on.
pub async fn seen(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let before = now.saturating_sub(SEEN_EVERY).unwrap_or(Timestamp::MIN);
    let sql = "update sessions set last_seen_at = $2 where session_hash = $1 and last_seen_at < $3";
    tx.execute(sql, &[&hash.as_slice(), &now, &before]).await.map(drop)
}

/// Whoever uses a session has proven once more who it is; whether the session goes on.
pub async fn confirm(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
    let sql = "update sessions set confirmed_at = $2, last_seen_at = $2 where session_hash = $1 and ended_at is null";
    Ok(tx.execute(sql, &[&hash.as_slice(), &now]).await? == 1)
}

/// Signs somebody out.
pub async fn end(tx: &Transaction<'_>, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
    let sql = "update sessions set ended_at = $2 where session_hash = $1 and ended_at is null";
    tx.execute(sql, &[&hash.as_slice(), &now]).await.map(drop)
}

/// Which sessions of somebody end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// This one.
    One(&'a [u8; 32]),
    /// All but this one.
    AllBut(&'a [u8; 32]),
}

/// Ends sessions of somebody, and of nobody else; how many there were.
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

/// The partners that somebody may see now, by their names. It is asked with each call: a token may be revoked or its time
/// over, and a member removed, while somebody is signed in.
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
