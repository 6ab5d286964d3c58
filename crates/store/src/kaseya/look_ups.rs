//! What people look up in Kaseya: so many a minute, and a share of the hour's calls for each partner, so that nobody uses up
//! what others need (F1).

use domain::{Calls, PartnerId};
use jiff::{SignedDuration, Timestamp};

use crate::{
    StoreError, Transaction,
    kaseya::{calls, places::Place},
};

/// A person looks at what was found before the next is looked up.
const MOST_A_MINUTE: usize = 60;

/// How long a look-up counts.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What a partner's people have looked up within the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookedUp {
    /// The calls that this took of the busiest endpoint, or may still take.
    pub calls: Calls,
    /// When the next is possible, where there were too many in a minute.
    pub not_before: Option<Timestamp>,
}

/// A look-up that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookUpId(i64);

/// What a partner's people have looked up. Nobody else begins one for this partner until the transaction ends.
pub async fn lock(tx: &Transaction<'_>, partner: &PartnerId, now: Timestamp) -> Result<LookedUp, StoreError> {
    // Not a row: before the first look-up there is none.
    tx.execute("select pg_advisory_xact_lock(hashtextextended($1::text, 3))", &[&partner.as_str()]).await?;
    let oldest = now.saturating_sub(COUNTS_FOR).unwrap_or(Timestamp::MIN);
    let sql = "delete from look_ups where partner_id = $1 and begun_at <= $2";
    tx.execute(sql, &[&partner.as_str(), &oldest]).await?;
    let sql = "select coalesce(sum(v2), 0)::int as v2, coalesce(sum(v1), 0)::int as v1 from look_ups
               where partner_id = $1";
    let row = tx.query_one(sql, &[&partner.as_str()]).await?;
    let calls = Calls { v2: row.number("v2")?, v1: row.number("v1")? };
    let minute = SignedDuration::from_mins(1);
    let since = now.saturating_sub(minute).unwrap_or(Timestamp::MIN);
    let most = i64::try_from(MOST_A_MINUTE).unwrap_or(i64::MAX);
    let sql = "select begun_at from look_ups where partner_id = $1 and begun_at > $2
               order by begun_at desc offset $3 limit 1";
    let row = tx.query_opt(sql, &[&partner.as_str(), &since, &(most - 1)]).await?;
    let not_before = match row {
        Some(row) => Some(row.get::<Timestamp>("begun_at")?.saturating_add(minute).unwrap_or(Timestamp::MAX)),
        None => None,
    };
    Ok(LookedUp { calls, not_before })
}

/// Begins a look-up that may call so much, which [`lock`] has allowed in the same transaction.
pub async fn begin(
    tx: &Transaction<'_>,
    place: &Place,
    allowed: Calls,
    now: Timestamp,
) -> Result<LookUpId, StoreError> {
    let row = tx
        .query_one(
            "insert into look_ups (partner_id, host, tenant, alone, begun_at, v2, v1)
             values ($1, $2, $3, $4, $5, $6, $7) returning look_up",
            &[
                &place.partner.as_str(),
                &place.address.hosts(),
                &place.address.tenant(),
                &place.alone,
                &now,
                &i32::try_from(allowed.v2).unwrap_or(i32::MAX),
                &i32::try_from(allowed.v1).unwrap_or(i32::MAX),
            ],
        )
        .await?;
    Ok(LookUpId(row.get("look_up")?))
}

/// A look-up has ended with these calls: what it might have called beside them is free again.
pub async fn end(
    tx: &Transaction<'_>,
    place: &Place,
    id: LookUpId,
    made: &[(String, i32)],
    now: Timestamp,
) -> Result<(), StoreError> {
    // Kaseya limits each endpoint.
    let of = |is_v2: bool| -> i32 {
        let calls = made.iter().filter(|(endpoint, _)| endpoint.contains(" /v2/") == is_v2);
        calls.map(|(_, calls)| *calls).max().unwrap_or_default()
    };
    let sql = "update look_ups set ended_at = $3, v2 = $4, v1 = $5
               where partner_id = $1 and look_up = $2 and ended_at is null";
    tx.execute(sql, &[&place.partner.as_str(), &id.0, &now, &of(true), &of(false)]).await?;
    calls::record_calls(tx, place, made, calls::minute_of(now)).await
}
