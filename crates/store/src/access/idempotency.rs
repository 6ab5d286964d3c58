//! Calls with an idempotency key: a repeat gets the first call's response, and nothing is done twice. A key belongs
//! to the token that sent it. Another token of the same partner may have fewer rights and never gets that response.

use domain::{PartnerId, TokenId};
use jiff::{SignedDuration, Timestamp};

use crate::{StoreError, Transaction};

/// How long a key is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// A call without a response after this time never gets one: its portal has died. Everything that it may have done
/// can be repeated.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// A call with an idempotency key.
#[derive(Debug, Clone, Copy)]
pub struct KeyedCall<'a> {
    /// The partner of the call.
    pub partner: &'a PartnerId,
    /// The token of the caller.
    pub caller: TokenId,
    /// The caller's key.
    pub key: &'a str,
    /// The route called.
    pub route: &'a str,
    /// A hash of the whole request.
    pub request_hash: &'a [u8],
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing: do the call, then call [`answered`] or [`failed`].
    New,
    /// The call's response.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The response body.
        body: String,
    },
    /// The call is in progress.
    Underway,
    /// The key belongs to another call.
    OtherCall,
}

/// Looks a call up, and reserves its key if it is new.
pub async fn begin(tx: &Transaction<'_>, call: &KeyedCall<'_>, now: Timestamp) -> Result<Known, StoreError> {
    let long_ago = |ago: SignedDuration| now.saturating_sub(ago).unwrap_or(Timestamp::MIN);
    let sql = "-- all partners: what is old is forgotten
               delete from idempotency_keys where created_at < $1 or status is null and created_at < $2";
    tx.execute(sql, &[&long_ago(KEPT_FOR), &long_ago(ANSWERED_WITHIN)]).await?;
    let sql = "insert into idempotency_keys (partner_id, caller, key, route, request_hash, created_at)
               values ($1, $2, $3, $4, $5, $6) on conflict (partner_id, caller, key) do nothing";
    let KeyedCall { partner, caller: TokenId(caller), key, route, request_hash } = call;
    if tx.execute(sql, &[&partner.as_str(), caller, key, route, request_hash, &now]).await? == 1 {
        return Ok(Known::New);
    }
    let sql = "select route = $4 and request_hash = $5 as same, status, body from idempotency_keys
               where partner_id = $1 and caller = $2 and key = $3";
    // The call may have failed between the two statements; a retry then finds the key free.
    let Some(row) = tx.query_opt(sql, &[&partner.as_str(), caller, key, route, request_hash]).await? else {
        return Ok(Known::Underway);
    };
    if !row.get::<bool>("same")? {
        return Ok(Known::OtherCall);
    }
    match row.get::<Option<i16>>("status")? {
        None => Ok(Known::Underway),
        Some(status) => Ok(Known::Answered {
            status: u16::try_from(status)
                .map_err(|error| StoreError::row("idempotency_keys", "status", &error))?,
            body: row.get("body")?,
        }),
    }
}

/// Stores the response to a call.
pub async fn answered(
    tx: &Transaction<'_>,
    call: &KeyedCall<'_>,
    status: u16,
    body: &str,
) -> Result<(), StoreError> {
    let status = i16::try_from(status).unwrap_or(i16::MAX);
    let sql = "update idempotency_keys set status = $4, body = $5
               where partner_id = $1 and caller = $2 and key = $3 and route = $6 and request_hash = $7
                 and status is null";
    let KeyedCall { partner, caller: TokenId(caller), key, route, request_hash } = call;
    tx.execute(sql, &[&partner.as_str(), caller, key, &status, &body, route, request_hash]).await.map(drop)
}

/// The call failed because of an error of ours: the key is free for a retry.
pub async fn failed(tx: &Transaction<'_>, call: &KeyedCall<'_>) -> Result<(), StoreError> {
    let sql = "delete from idempotency_keys
               where partner_id = $1 and caller = $2 and key = $3 and status is null";
    tx.execute(sql, &[&call.partner.as_str(), &call.caller.0, &call.key]).await.map(drop)
}
