//! The stored security events: sign-ins, refusals and changes.

use domain::{PartnerId, SecurityEventKind};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Actor, Identity};
use crate::{Row, StoreError, Transaction};

/// A security event.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityEvent {
    /// The kind of event.
    pub kind: SecurityEventKind,
    /// The partner; `None` for an event of no partner.
    pub partner: Option<PartnerId>,
    /// The object of the event: an id or an email address.
    pub object: String,
    /// Further facts, as a JSON object without secrets.
    pub details: Value,
}

impl SecurityEvent {
    /// An event of a partner.
    pub fn of(
        kind: SecurityEventKind,
        partner: &PartnerId,
        object: impl std::fmt::Display,
        details: Value,
    ) -> Self {
        Self { kind, partner: Some(partner.clone()), object: object.to_string(), details }
    }
}

/// A stored security event.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptEvent {
    /// The event's number; later events have higher numbers.
    pub number: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub by: Actor,
    /// The event.
    pub event: SecurityEvent,
}

/// Stores an event.
pub async fn keep(
    tx: &Transaction<'_>,
    by: &Actor,
    event: &SecurityEvent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (token, issuer, subject) = by.identity.as_ref().map(Identity::columns).unwrap_or_default();
    let SecurityEvent { kind, partner, object, details } = event;
    let sql = "insert into security_events (at, kind, partner_id, by_name, by_token, by_issuer, by_subject, address,
                                            object, details, trace_id)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let partner = partner.as_ref().map(PartnerId::as_str);
    let values: [&(dyn ToSql + Sync); 11] = [
        &now,
        &kind.as_str(),
        &partner,
        &by.name,
        &token,
        &issuer,
        &subject,
        &by.address,
        object,
        details,
        &by.trace_id,
    ];
    tx.execute_exactly(1, sql, &values).await
}

/// A page of a partner's events, the newest first; with a number, only those before it.
pub async fn of_partner(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    before: Option<i64>,
    size: u32,
) -> Result<Vec<KeptEvent>, StoreError> {
    let sql = "select number, at, kind, partner_id, by_name, by_token, by_issuer, by_subject, address, object, details, trace_id
               from security_events
               where partner_id = $1 and ($2::bigint is null or number < $2) order by number desc limit $3";
    let rows = tx.query(sql, &[&partner.as_str(), &before, &i64::from(size)]).await?;
    rows.iter().map(kept).collect()
}

/// The installation's events since an instant, including those of no partner, the newest first; at most `most`.
pub async fn since(tx: &Transaction<'_>, since: Timestamp, most: i64) -> Result<Vec<KeptEvent>, StoreError> {
    let sql = "-- all partners: for the operator
               select number, at, kind, partner_id, by_name, by_token, by_issuer, by_subject, address, object, details, trace_id
               from security_events where at >= $1 order by number desc limit $2";
    let rows = tx.query(sql, &[&since, &most]).await?;
    rows.iter().map(kept).collect()
}

fn kept(row: &Row) -> Result<KeptEvent, StoreError> {
    let identity = match (row.get::<Option<Uuid>>("by_token")?, row.get("by_issuer")?, row.get("by_subject")?)
    {
        (Some(token), _, _) => Some(Identity::Token(domain::TokenId(token))),
        (None, Some(issuer), Some(subject)) => Some(Identity::Person { issuer, subject }),
        (None, _, _) => None,
    };
    let has_partner = row.get::<Option<String>>("partner_id")?.is_some();
    Ok(KeptEvent {
        number: row.get("number")?,
        at: row.get("at")?,
        by: Actor {
            name: row.get("by_name")?,
            identity,
            address: row.get("address")?,
            trace_id: row.get("trace_id")?,
        },
        event: SecurityEvent {
            kind: row.named("kind", SecurityEventKind::parse)?,
            partner: has_partner.then(|| row.partner_id("partner_id")).transpose()?,
            object: row.get("object")?,
            details: row.get("details")?,
        },
    })
}
