//! Look-ups in Kaseya by people. Each partner has a limit per minute and a share of the hour's calls, so that no
//! partner uses up what others need (F1).

use domain::{Calls, PartnerId};
use jiff::{SignedDuration, Timestamp};

use crate::{
    StoreError, Transaction,
    kaseya::{calls, places::Place},
};

/// Enough for a person, who reads one result before the next look-up.
const MOST_A_MINUTE: usize = 60;

/// How long a look-up counts.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(1);

/// A partner's look-ups within the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookedUp {
    /// Their calls of the busiest endpoint, made or still possible.
    pub calls: Calls,
    /// When the next is allowed, after too many in a minute; `None` for now.
    pub not_before: Option<Timestamp>,
}

/// A look-up in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookUpId(i64);

/// A partner's look-ups. No other look-up of this partner begins until the transaction ends.
pub async fn lock(tx: &Transaction<'_>, partner: &PartnerId, now: Timestamp) -> Result<LookedUp, StoreError> {
    // An advisory lock, not a row lock: before the first look-up there is no row.
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

/// Begins a look-up with this allowance of calls, which [`lock`] has allowed in the same transaction.
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

/// Ends a look-up with these calls. The rest of its allowance is free again.
pub async fn end(
    tx: &Transaction<'_>,
    place: &Place,
    id: LookUpId,
    made: &[(String, i32)],
    now: Timestamp,
) -> Result<(), StoreError> {
    // Kaseya limits each endpoint separately.
    let of = |is_v2: bool| -> i32 {
        let calls = made.iter().filter(|(endpoint, _)| endpoint.contains(" /v2/") == is_v2);
        calls.map(|(_, calls)| *calls).max().unwrap_or_default()
    };
    let sql = "update look_ups set ended_at = $3, v2 = $4, v1 = $5
               where partner_id = $1 and look_up = $2 and ended_at is null";
    tx.execute(sql, &[&place.partner.as_str(), &id.0, &now, &of(true), &of(false)]).await?;
    calls::record_calls(tx, place, made, calls::minute_of(now)).await
}
