//! The month's end: the last day's counts frozen, and pushed.
//!
//! For the main loop: [`freeze_due`], about once a minute. A final report freezes its month as soon as it is complete
//! (`counts`); the round finds what the cut-off freezes, and whatever was missed.
//!
//! A month is frozen when a complete report of its last day is there and either all companies that are not closed have a
//! final one or the cut-off has come. In one transaction its counts are written, for ever, and the month-end run is made,
//! if the partner wants one and its invoice day is not over. While the partner is off, or Kaseya refuses its credentials,
//! there is none: a later round makes it as soon as it can do something, and again where it was stopped before its end.
//! Whichever scheduler comes first does it; a second finds it done. A company that no report of that day covers, or whose count could not be taken, is frozen without a
//! number: missing is never 0. Its number may still come, with a report of that day after the cut-off; that is added
//! (`late_counts`), and changes no number that was frozen.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CompanyId, Month, PartnerId, ProductId, RunMode, window_end};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use messages::inbound::Companies;
use store::{
    StoreError, Transaction,
    counts::{self, CompanyReport},
    frozen::{self, FrozenCount},
    runs::{self, Occasion},
    settings::{self, Company, Integration, IntegrationState, PartnerSettings},
};

use crate::{
    context::Context,
    facts, late_counts,
    runs::{Items, RunOrder, make},
};

/// Freezes what is due for it, and pushes what could not be pushed before; answers how many months that were.
pub(crate) async fn freeze_due(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    let months = ended_somewhere(now);
    let uncovered = context
        .store
        .transaction("list_month_ends", |tx| {
            let months = months.clone();
            Box::pin(async move { frozen::uncovered(tx, &months).await })
        })
        .await?;
    let mut count = 0;
    for (partner, month) in &uncovered {
        match freeze(context, partner, *month).await {
            Ok(frozen) => count += usize::from(frozen),
            Err(error) => tracing::error!(%partner, %month, %error, "the month could not be frozen"),
        }
    }
    let unpushed =
        context.store.transaction("list_unpushed", |tx| Box::pin(frozen::unpushed(tx, now))).await?;
    for (partner, month) in &unpushed {
        let pushed = context
            .store
            .transaction("push_month", |tx| Box::pin(push_in(tx, context, partner, *month, now)))
            .await;
        match pushed {
            Ok(pushed) => count += usize::from(pushed),
            Err(error) => tracing::error!(%partner, %month, %error, "the month could not be pushed"),
        }
    }
    Ok(count)
}

/// The months whose last day has begun, in some zone, and that may still be frozen.
fn ended_somewhere(now: Timestamp) -> Vec<Month> {
    let utc = TimeZone::UTC.to_datetime(now);
    let earliest = Month::of(utc.saturating_sub(12.hours()).date());
    let latest = Month::of(utc.saturating_add(14.hours()).date());
    BTreeSet::from([earliest.previous(), earliest, latest.previous(), latest]).into_iter().collect()
}

/// Freezes one partner's month if it is due for it. False when it is not, or was frozen before.
pub(crate) async fn freeze(context: &Context, partner: &PartnerId, month: Month) -> Result<bool, StoreError> {
    let now = context.clock.now();
    context
        .store
        .transaction("freeze_month", |tx| Box::pin(freeze_in(tx, context, partner, month, now)))
        .await
}

/// What a partner has set; its runs and its switch stay as they are until the transaction ends.
async fn held_settings(
    tx: &Transaction<'_>,
    partner: &PartnerId,
) -> Result<Option<PartnerSettings>, StoreError> {
    runs::hold_partner(tx, partner).await?;
    settings::hold_state(tx, partner).await?;
    settings::read(tx, partner).await
}

async fn freeze_in(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    month: Month,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(settings) = held_settings(tx, partner).await? else { return Ok(false) };
    let Some(integration) = &settings.integration else { return Ok(false) };
    // A month further back has had its invoice: nothing is sent for it any more.
    let current = Month::of(integration.month_end.today(now));
    if month != current && month != current.previous() {
        return Ok(false);
    }
    let reports = counts::newest(tx, partner, month.last_day(), month.last_day()).await?;
    if reports.is_empty() {
        return Ok(false);
    }
    if let Some(frozen) = frozen::read(tx, partner, month).await? {
        let counts = frozen_counts(&settings, month, &reports, now);
        return late_counts::add(tx, context, &settings, &frozen, counts, now).await;
    }
    let Some(cause) = integration.month_end.freezes(month, all_final(&settings, month, &reports), now) else {
        return Ok(false);
    };
    let counts = frozen_counts(&settings, month, &reports, now);
    frozen::freeze(tx, partner, month, cause, &counts, now).await?;
    tracing::info!(%partner, %month, %cause, counts = counts.len(), "month frozen");
    if wants_run(&settings, integration, month, now) && can_run(integration) {
        push(tx, context, partner, month, now).await?;
    }
    Ok(true)
}

/// Pushes a frozen month that no run pushes yet. False when it cannot be pushed now, or is by now.
async fn push_in(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    month: Month,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(settings) = held_settings(tx, partner).await? else { return Ok(false) };
    let Some(integration) = &settings.integration else { return Ok(false) };
    if !wants_run(&settings, integration, month, now)
        || !can_run(integration)
        || frozen::has_run(tx, partner, month).await?
    {
        return Ok(false);
    }
    push(tx, context, partner, month, now).await?;
    Ok(true)
}

fn closed(company: &Company, month: Month) -> bool {
    company.closed_from.is_some_and(|day| day <= month.last_day())
}

/// Whether every company that is not closed has a final report of the month's last day.
fn all_final(settings: &PartnerSettings, month: Month, reports: &BTreeMap<CompanyId, CompanyReport>) -> bool {
    settings
        .companies
        .iter()
        .filter(|(_, company)| !closed(company, month))
        .all(|(id, _)| reports.get(id).is_some_and(|report| report.is_final))
}

/// One count per company and product that is mapped or listed.
fn frozen_counts(
    settings: &PartnerSettings,
    month: Month,
    reports: &BTreeMap<CompanyId, CompanyReport>,
    now: Timestamp,
) -> Vec<(CompanyId, ProductId, FrozenCount)> {
    let mapped: BTreeSet<&ProductId> =
        settings.products.iter().filter(|(_, product)| product.mapping.is_some()).map(|(id, _)| id).collect();
    let mut counts = Vec::new();
    for (id, company) in &settings.companies {
        let report = reports.get(id);
        let listed = report.into_iter().flat_map(|report| report.users.keys());
        for product in mapped.iter().copied().chain(listed).collect::<BTreeSet<_>>() {
            let count = match report {
                _ if closed(company, month) => {
                    FrozenCount { users: Some(0), day: month.last_day(), counted_at: now, report: None }
                }
                Some(report) => FrozenCount {
                    users: report.users.get(product).copied().unwrap_or(Some(0)),
                    day: report.day,
                    counted_at: report.counted_at,
                    report: Some(report.report.clone()),
                },
                None => FrozenCount { users: None, day: month.last_day(), counted_at: now, report: None },
            };
            counts.push((id.clone(), product.clone(), count));
        }
    }
    counts
}

/// Whether the month's frozen counts are pushed by a run of their own: not after its invoice.
pub(crate) fn wants_run(
    settings: &PartnerSettings,
    integration: &Integration,
    month: Month,
    now: Timestamp,
) -> bool {
    integration.month_end_run && now < window_end(month, integration.invoice_day, settings.zone())
}

/// Whether a run can do anything now: it is made when it can.
pub(crate) fn can_run(integration: &Integration) -> bool {
    integration.state == IntegrationState::On && integration.credentials_refused.is_none()
}

async fn push(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    month: Month,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Read again: now that the month is frozen, other counts are sent.
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else { return Ok(()) };
    let items = Items::of_companies(&facts.plan(), &Companies::All);
    let occasion = Occasion::MonthEnd(month.first_day());
    let order = RunOrder { occasion, mode: RunMode::Apply, all_companies: true };
    let run = make(tx, &context.entropy, &facts, &order, &items, now).await?;
    frozen::set_run(tx, partner, month, run).await
}

#[cfg(test)]
mod tests;
