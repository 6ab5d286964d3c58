//! Month ends: the counts of a month's last day, written once.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CompanyId, FreezeCause, Month, MonthPhase, PartnerId, ProductId, ReportId, RunId};
use jiff::{Timestamp, civil::Date};

use crate::{
    Row, StoreError, Transaction,
    counts::{self, users},
    settings::{Integration, PartnerSettings},
};

/// The counts of a month's last day, as frozen or corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenMonth {
    /// The month that ended.
    pub month: Month,
    /// When the counts were frozen.
    pub frozen_at: Timestamp,
    /// The frozen counts.
    pub companies: BTreeMap<CompanyId, BTreeMap<ProductId, FrozenCount>>,
    /// Companies that no report listed by the month's last day: each counts 0. A company that was never counted at
    /// all is among them only if it was created after the freeze; otherwise its count is missing.
    pub newcomers: BTreeSet<CompanyId>,
}

/// A frozen count, or its newest correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenCount {
    /// The number of users; `None` without a count of that day.
    pub users: Option<u32>,
    /// The day counted: the month's last.
    pub day: Date,
    /// When it was counted; when it was frozen, if there was no count.
    pub counted_at: Timestamp,
    /// The report it was taken from; `None` if none covered the company.
    pub report: Option<ReportId>,
}

/// A month's frozen counts with their corrections; `None` while it is not frozen.
pub async fn read(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<Option<FrozenMonth>, StoreError> {
    let Some(frozen_at) = frozen_at(tx, partner, month).await? else {
        return Ok(None);
    };
    let sql = "select distinct on (company_id, product_id)
                      company_id, product_id, users, day, counted_at, report_id
               from frozen_counts where partner_id = $1 and month = $2
               order by company_id, product_id, correction desc";
    let mut companies: BTreeMap<CompanyId, BTreeMap<ProductId, FrozenCount>> = BTreeMap::new();
    for row in tx.query(sql, &[&partner.as_str(), &month.first_day()]).await? {
        let counts = companies.entry(row.company_id("company_id")?).or_default();
        counts.insert(row.product_id("product_id")?, count(&row)?);
    }
    let newcomers = newcomers(tx, partner, month).await?;
    Ok(Some(FrozenMonth { month, frozen_at, companies, newcomers }))
}

async fn newcomers(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<BTreeSet<CompanyId>, StoreError> {
    let sql = "select company_id from companies
               where partner_id = $1
                 and (first_counted > $3
                      or first_counted is null
                         and not exists (select from frozen_counts
                                         where frozen_counts.partner_id = $1 and month = $2
                                           and frozen_counts.company_id = companies.company_id))";
    let rows = tx.query(sql, &[&partner.as_str(), &month.first_day(), &month.last_day()]).await?;
    rows.iter().map(|row| row.company_id("company_id")).collect()
}

/// Companies first counted after a day.
pub async fn counted_after(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    day: Date,
) -> Result<BTreeSet<CompanyId>, StoreError> {
    let sql = "select company_id from companies where partner_id = $1 and first_counted > $2";
    let rows = tx.query(sql, &[&partner.as_str(), &day]).await?;
    rows.iter().map(|row| row.company_id("company_id")).collect()
}

fn count(row: &Row) -> Result<FrozenCount, StoreError> {
    let report = row.get::<Option<String>>("report_id")?.map(ReportId::new).transpose();
    Ok(FrozenCount {
        users: users(row)?,
        day: row.get("day")?,
        counted_at: row.get("counted_at")?,
        report: report.map_err(|error| StoreError::row("frozen_counts", "report_id", &error))?,
    })
}

/// When a month's counts were frozen; `None` while they are not.
pub async fn frozen_at(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "select frozen_at from month_ends where partner_id = $1 and month = $2";
    tx.query_opt(sql, &[&partner.as_str(), &month.first_day()])
        .await?
        .map(|row| row.get("frozen_at"))
        .transpose()
}

/// The counts that a partner's syncs may send now.
pub async fn phase(
    tx: &Transaction<'_>,
    settings: &PartnerSettings,
    integration: &Integration,
    now: Timestamp,
) -> Result<MonthPhase, StoreError> {
    let partner = &settings.partner;
    let month_end = integration.month_end();
    let current = Month::of(month_end.today(now));
    let earlier = current.previous().previous();
    let frozen_at = [
        (current, frozen_at(tx, partner, current).await?),
        (current.previous(), frozen_at(tx, partner, current.previous()).await?),
        (earlier, frozen_at(tx, partner, earlier).await?),
    ];
    let phase = month_end.phase(
        now,
        |month| frozen_at.iter().find(|(known, _)| *known == month).and_then(|(_, at)| *at),
        integration.settings.invoice_day,
        settings.invoice_zones(),
    );
    let (MonthPhase::Closing(month) | MonthPhase::Frozen(month)) = phase else { return Ok(phase) };
    let is_frozen = frozen_at.iter().any(|(known, at)| *known == month && at.is_some());
    let cut_off = month_end.cut_off(month);
    // A partner that was not counted yet at the month's end has nothing to freeze. Its counts are sent as they
    // arrive, even if a day of that month is reported later.
    if is_frozen || counts::counted_in_time(tx, partner, month.last_day(), cut_off).await? {
        Ok(phase)
    } else {
        Ok(MonthPhase::Open)
    }
}

/// Freezes a month's counts permanently. The caller and the primary key make sure that this happens once.
pub async fn freeze(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    cause: FreezeCause,
    counts: &[(CompanyId, ProductId, FrozenCount)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "insert into month_ends (partner_id, month, frozen_at, final, looked_at) values ($1, $2, $3, $4, $3)";
    let is_final = cause == FreezeCause::ReportFinal;
    tx.execute_exactly(1, sql, &[&partner.as_str(), &month.first_day(), &now, &is_final]).await?;
    add(tx, partner, month, counts, None, now).await
}

/// Adds the numbers missing in a frozen month: as a correction with this reason if the missing number was frozen,
/// otherwise as the count itself.
pub async fn fill(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    counts: &[(CompanyId, ProductId, FrozenCount)],
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    add(tx, partner, month, counts, Some(reason), now).await?;
    let sql = "update month_ends set looked_at = $3 where partner_id = $1 and month = $2";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &month.first_day(), &now]).await
}

async fn add(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    counts: &[(CompanyId, ProductId, FrozenCount)],
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let companies: Vec<&str> = counts.iter().map(|(company, ..)| company.as_str()).collect();
    let products: Vec<&str> = counts.iter().map(|(_, product, _)| product.as_str()).collect();
    let users: Result<Vec<_>, _> =
        counts.iter().map(|(.., count)| count.users.map(i32::try_from).transpose()).collect();
    let users = users.map_err(|error| StoreError::row("frozen_counts", "users", &error))?;
    let days: Vec<Date> = counts.iter().map(|(.., count)| count.day).collect();
    let counted_at: Vec<Timestamp> = counts.iter().map(|(.., count)| count.counted_at).collect();
    let reports: Vec<Option<&str>> =
        counts.iter().map(|(.., count)| count.report.as_ref().map(ReportId::as_str)).collect();
    let sql = "insert into frozen_counts (partner_id, month, company_id, product_id, correction, users, day, counted_at,
                                          report_id, reason, recorded_at)
               select $1, $2, company_id, product_id, coalesce(newest + 1, 0), users, day, counted_at, report_id,
                      case when newest is not null then $10 end, $9
               from unnest($3::text[], $4::text[], $5::int[], $6::date[], $7::timestamptz[], $8::text[])
                        as added (company_id, product_id, users, day, counted_at, report_id)
                    cross join lateral (
                        select max(correction)::smallint as newest from frozen_counts known
                        where known.partner_id = $1 and known.month = $2 and known.company_id = added.company_id
                          and known.product_id = added.product_id
                    ) as known";
    let first_day = month.first_day();
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 10] = [
        &partner.as_str(),
        &first_day,
        &companies,
        &products,
        &users,
        &days,
        &counted_at,
        &reports,
        &now,
        &reason,
    ];
    tx.execute_exactly(counts.len() as u64, sql, &parameters).await
}

/// Stores the run that pushes a month's frozen counts, and when it was made.
pub async fn set_run(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    run: RunId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "update month_ends set run_id = $3, push_checked_at = $4 where partner_id = $1 and month = $2";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &month.first_day(), &run.0, &now]).await
}

/// Whether a run exists that pushes a month's frozen counts.
pub async fn has_run(tx: &Transaction<'_>, partner: &PartnerId, month: Month) -> Result<bool, StoreError> {
    let sql = "select from month_ends where partner_id = $1 and month = $2 and run_id is not null";
    Ok(tx.query_opt(sql, &[&partner.as_str(), &month.first_day()]).await?.is_some())
}

/// Has another run push a month's frozen counts, as soon as one can be made.
pub async fn push_again(tx: &Transaction<'_>, partner: &PartnerId, month: Month) -> Result<(), StoreError> {
    let sql = "update month_ends set run_id = null where partner_id = $1 and month = $2";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &month.first_day()]).await
}

/// Like `push_again`, for every month with an open run: stopping the partner ends that run early.
pub async fn push_stopped_again(tx: &Transaction<'_>, partner: &PartnerId) -> Result<(), StoreError> {
    let sql = "update month_ends set run_id = null
               from runs
               where month_ends.partner_id = $1 and runs.partner_id = $1 and runs.month = month_ends.month
                 and runs.trigger = 'month_end' and runs.state = 'running'";
    tx.execute(sql, &[&partner.as_str()]).await.map(drop)
}

/// Frozen months without a run that pushes them, or last pushed or checked by `checked_by`. Their partner must be
/// on, must want a month-end run or have corrected a number since its last, and must not have refused credentials.
/// The window is checked in whole days; the caller checks its exact end.
pub async fn unpushed(
    tx: &Transaction<'_>,
    now: Timestamp,
    checked_by: Timestamp,
) -> Result<Vec<(PartnerId, Month)>, StoreError> {
    let sql = "-- all partners: whoever's month can be pushed by now is pushed by whichever scheduler comes first
               select partner_id, month from month_ends join integrations using (partner_id)
               where (run_id is null or push_checked_at is null or push_checked_at <= $2)
                 and state = 'on' and credentials_refused_code is null
                 and (month_end_run or exists (
                     select from frozen_counts left join runs on runs.run_id = month_ends.run_id
                     where frozen_counts.partner_id = month_ends.partner_id and frozen_counts.month = month_ends.month
                       and correction > 0 and recorded_at > coalesce(runs.created_at, '-infinity')))
                 and month + interval '1 month' + make_interval(days => invoice_day + 1) > $1::timestamptz at time zone 'UTC'
               order by partner_id, month";
    let rows = tx.query(sql, &[&now, &checked_by]).await?;
    rows.iter().map(|row| Ok((row.partner_id("partner_id")?, Month::of(row.get("month")?)))).collect()
}

/// Companies with a number of a month that was corrected after its last push run was made.
pub async fn corrected_since_push(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<BTreeSet<CompanyId>, StoreError> {
    let sql = "select distinct company_id
               from frozen_counts join month_ends using (partner_id, month)
                    left join runs on runs.run_id = month_ends.run_id
               where frozen_counts.partner_id = $1 and frozen_counts.month = $2 and correction > 0
                 and recorded_at > coalesce(runs.created_at, '-infinity')";
    let rows = tx.query(sql, &[&partner.as_str(), &month.first_day()]).await?;
    rows.iter().map(|row| row.company_id("company_id")).collect()
}

/// Companies with a number of a month that was corrected after the run of their shown outcome was made: that outcome
/// is for the earlier number.
pub async fn corrected_since_outcome(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<BTreeSet<CompanyId>, StoreError> {
    let sql = "select distinct frozen_counts.company_id
               from frozen_counts
                    join statuses on statuses.partner_id = $1 and statuses.company_id = frozen_counts.company_id
                    join runs on runs.run_id = statuses.run_id
               where frozen_counts.partner_id = $1 and frozen_counts.month = $2 and correction > 0
                 and recorded_at > runs.created_at";
    let rows = tx.query(sql, &[&partner.as_str(), &month.first_day()]).await?;
    rows.iter().map(|row| row.company_id("company_id")).collect()
}

/// Partners with a complete report of one of the given last days, and a month that is not frozen or may have been
/// checked before that report arrived. A report's instant is taken before the transaction that stores it, so the
/// last five minutes are checked again. Also partners with a month that was counted and is not frozen after its
/// cut-off; that window is checked in whole days, and the caller checks its exact end.
pub async fn uncovered(
    tx: &Transaction<'_>,
    months: &[Month],
    now: Timestamp,
) -> Result<Vec<(PartnerId, Month)>, StoreError> {
    let first: Vec<Date> = months.iter().map(|month| month.first_day()).collect();
    let last: Vec<Date> = months.iter().map(|month| month.last_day()).collect();
    let sql = "-- all partners: whoever's month has ended is frozen by whichever scheduler comes first
               select partner_id, month
               from integrations join partners using (partner_id)
                    cross join unnest($1::date[], $2::date[]) as ended (month, last_day)
                    cross join lateral (
                        select (last_day + 1 + make_interval(hours => freeze_hour)) at time zone count_zone as cut_off) as due
                    left join month_ends using (partner_id, month)
               where exists (select from reports
                             where reports.partner_id = integrations.partner_id and day = last_day
                               and complete_at > coalesce(looked_at - interval '5 minutes', '-infinity'))
                  or frozen_at is null and cut_off <= $3::timestamptz
                     and month + interval '1 month' + make_interval(days => invoice_day + 1) > $3::timestamptz at time zone 'UTC'
                     and exists (select from reports
                                 where reports.partner_id = integrations.partner_id and complete_at is not null
                                   and day <= last_day and counted_at <= cut_off)
               order by partner_id, month";
    let rows = tx.query(sql, &[&first, &last, &now]).await?;
    rows.iter().map(|row| Ok((row.partner_id("partner_id")?, Month::of(row.get("month")?)))).collect()
}
