//! Later final numbers of a frozen month that differ from the frozen ones (QTY-05): stored, held, and decided by a
//! person.
//!
//! The frozen number is still the one sent. An approved correction is a second row of `frozen_counts` with its
//! reason.

use std::collections::BTreeSet;

use domain::{Brake, CompanyId, HoldId, Month, PartnerId, ProductId, ReportId};
use jiff::Timestamp;

use crate::{
    Row, StoreError, Transaction,
    counts::month_ends::{self, FrozenCount},
};

/// A later final number, and the frozen number that it differs from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The company.
    pub company: CompanyId,
    /// The product.
    pub product: ProductId,
    /// The frozen number.
    pub frozen_users: u32,
    /// The later final number.
    pub users: u32,
    /// When the later number was counted.
    pub counted_at: Timestamp,
    /// The report with the later number.
    pub report: ReportId,
}

/// Those of the counts with a report that arrived after the number they differ from was recorded, or at the same
/// instant unless a person recorded it. What was known when a month was frozen, or when a person corrected it, is
/// nothing new.
pub async fn reported_since(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    corrections: Vec<Correction>,
) -> Result<Vec<Correction>, StoreError> {
    let sql = "select distinct told.place
               from unnest($3::text[], $4::text[], $5::text[]) with ordinality as told (company_id, product_id, report_id, place)
                    join reports on reports.partner_id = $1 and reports.report_id = told.report_id
                    cross join lateral (
                        select recorded_at, report_id from frozen_counts
                        where partner_id = $1 and month = $2 and company_id = told.company_id and product_id = told.product_id
                        order by correction desc limit 1
                    ) as known
               where known.report_id is distinct from told.report_id
                 and (reports.complete_at > known.recorded_at
                      or reports.complete_at = known.recorded_at and known.report_id is not null)";
    let texts = |of: fn(&Correction) -> &str| corrections.iter().map(of).collect::<Vec<_>>();
    let companies = texts(|one| one.company.as_str());
    let (products, reports) = (texts(|one| one.product.as_str()), texts(|one| one.report.as_str()));
    let rows =
        tx.query(sql, &[&partner.as_str(), &month.first_day(), &companies, &products, &reports]).await?;
    let places = rows.iter().map(|row| row.get("place")).collect::<Result<BTreeSet<i64>, _>>()?;
    let numbered = (1..).zip(corrections);
    Ok(numbered.filter(|(place, _)| places.contains(place)).map(|(_, correction)| correction).collect())
}

/// Stores corrections. A dismissed correction stays dismissed while it concerns the same two numbers.
pub async fn note(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    corrections: &[Correction],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "insert into count_corrections as known (partner_id, month, company_id, product_id, frozen_users, users,
                                                       counted_at, report_id, state, opened_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9)
               on conflict (partner_id, month, company_id, product_id) do update set
                   frozen_users = excluded.frozen_users, users = excluded.users, counted_at = excluded.counted_at,
                   report_id = excluded.report_id, state = 'open', opened_at = excluded.opened_at
               where known.state not in ('open', 'dismissed')
                  or (known.frozen_users, known.users) <> (excluded.frozen_users, excluded.users)";
    for correction in corrections {
        let number = |users: u32| {
            i32::try_from(users).map_err(|error| StoreError::row("count_corrections", "users", &error))
        };
        let (frozen_users, users) = (number(correction.frozen_users)?, number(correction.users)?);
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
            &partner.as_str(),
            &month.first_day(),
            &correction.company.as_str(),
            &correction.product.as_str(),
            &frozen_users,
            &users,
            &correction.counted_at,
            &correction.report.as_str(),
            &now,
        ];
        tx.execute(sql, &parameters).await?;
    }
    Ok(())
}

/// Ends all open corrections of the month except these: a newer report or a person gives their company and product
/// the frozen number or another one.
pub async fn end_others(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    corrections: &[Correction],
) -> Result<(), StoreError> {
    let companies: Vec<&str> = corrections.iter().map(|correction| correction.company.as_str()).collect();
    let products: Vec<&str> = corrections.iter().map(|correction| correction.product.as_str()).collect();
    let sql = "update count_corrections set state = 'gone'
               where partner_id = $1 and month = $2 and state = 'open'
                 and (company_id, product_id) not in (select * from unnest($3::text[], $4::text[]))";
    tx.execute(sql, &[&partner.as_str(), &month.first_day(), &companies, &products]).await.map(drop)
}

/// The corrections of a month that wait for a person.
pub async fn open(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
) -> Result<Vec<Correction>, StoreError> {
    let sql = "select company_id, product_id, frozen_users, users, counted_at, report_id
               from count_corrections where partner_id = $1 and month = $2 and state = 'open'
               order by company_id, product_id";
    tx.query(sql, &[&partner.as_str(), &month.first_day()]).await?.iter().map(correction).collect()
}

fn correction(row: &Row) -> Result<Correction, StoreError> {
    Ok(Correction {
        company: row.company_id("company_id")?,
        product: row.product_id("product_id")?,
        frozen_users: row.number("frozen_users")?,
        users: row.number("users")?,
        counted_at: row.get("counted_at")?,
        report: ReportId::new(row.get::<String>("report_id")?)
            .map_err(|error| StoreError::row("count_corrections", "report_id", &error))?,
    })
}

/// Partners with an open hold for a later final number, or a correction that may become one.
pub async fn partners(tx: &Transaction<'_>) -> Result<Vec<PartnerId>, StoreError> {
    let sql = "-- all partners: whichever scheduler comes first brings the holds up to date
               select partner_id from holds where brake = $1 and state = 'open'
               union select partner_id from count_corrections where state = 'open'
               order by partner_id";
    let rows = tx.query(sql, &[&Brake::LaterFinal.as_str()]).await?;
    rows.iter().map(|row| row.partner_id("partner_id")).collect()
}

/// Carries out a person's decision on a hold, if that concerns a later final number. On approval the number becomes
/// the month's, in a row of its own with its reason. If an approval is taken back, the frozen number applies again.
pub(crate) async fn decided(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    hold: HoldId,
    approves: bool,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let from = if approves { "open" } else { "approved" };
    let sql = "select month, known.company_id, known.product_id, frozen_users, users, counted_at, report_id
               from count_corrections as known
                    join holds on holds.partner_id = $1 and hold_id = $2 and brake = $3
                    join mapped_targets as mapped
                         on mapped.partner_id = $1 and mapped.contract_id = holds.contract_id
                            and mapped.service_id = holds.service_id and mapped.company_id = known.company_id
                            and mapped.product_id = known.product_id
               where known.partner_id = $1 and known.state = $4 and known.company_id = any(holds.company_ids)";
    let brake = Brake::LaterFinal.as_str();
    for row in tx.query(sql, &[&partner.as_str(), &hold.0, &brake, &from]).await? {
        let (month, correction) = (Month::of(row.get("month")?), correction(&row)?);
        let (users, reason) = if approves {
            (correction.users, format!("the provider's later final count of that day, approved by {by}"))
        } else {
            (correction.frozen_users, format!("the approval of the later count was taken back by {by}"))
        };
        write(tx, partner, month, &correction, users, &reason, now).await?;
        set_state(tx, partner, month, &correction, "approved").await?;
    }
    if !approves {
        let sql = "update count_corrections as known set state = 'dismissed'
                   from holds, mapped_targets as mapped
                   where known.partner_id = $1 and known.state in ('open', 'approved')
                     and holds.partner_id = $1 and hold_id = $2 and brake = $3 and known.company_id = any(holds.company_ids)
                     and mapped.partner_id = $1 and mapped.contract_id = holds.contract_id
                     and mapped.service_id = holds.service_id and mapped.company_id = known.company_id
                     and mapped.product_id = known.product_id";
        tx.execute(sql, &[&partner.as_str(), &hold.0, &brake]).await?;
    }
    Ok(())
}

async fn write(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    correction: &Correction,
    users: u32,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let count = FrozenCount {
        users: Some(users),
        day: month.last_day(),
        counted_at: correction.counted_at,
        report: Some(correction.report.clone()),
    };
    let rows = [(correction.company.clone(), correction.product.clone(), count)];
    month_ends::fill(tx, partner, month, &rows, reason, now).await
}

async fn set_state(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    correction: &Correction,
    state: &str,
) -> Result<(), StoreError> {
    let sql = "update count_corrections set state = $5
               where partner_id = $1 and month = $2 and company_id = $3 and product_id = $4";
    let (company, product) = (correction.company.as_str(), correction.product.as_str());
    tx.execute(sql, &[&partner.as_str(), &month.first_day(), &company, &product, &state]).await.map(drop)
}

/// Corrects one number of a frozen month by a person's decision: a row of its own with its reason. The month is
/// pushed again for the company as soon as a run can be made.
pub async fn correct(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    month: Month,
    (company, product, users): (&CompanyId, &ProductId, u32),
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let count = FrozenCount { users: Some(users), day: month.last_day(), counted_at: now, report: None };
    month_ends::fill(tx, partner, month, &[(company.clone(), product.clone(), count)], reason, now).await?;
    let sql = "update count_corrections set state = 'gone'
               where partner_id = $1 and month = $2 and company_id = $3 and product_id = $4 and state = 'open'";
    let of = (company.as_str(), product.as_str());
    tx.execute(sql, &[&partner.as_str(), &month.first_day(), &of.0, &of.1]).await?;
    let sql = "update month_ends set push_checked_at = null where partner_id = $1 and month = $2";
    tx.execute_exactly(1, sql, &[&partner.as_str(), &month.first_day()]).await
}
