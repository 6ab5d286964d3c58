//! The month's end: freezes the counts of the last day and pushes them.
//!
//! For the main loop: [`freeze_due`], about once a minute. A final report freezes its month as soon as it is complete
//! (`counts`). The round freezes the months whose cut-off has passed, and everything that was missed.
//!
//! A month is frozen when every company that is not closed has a complete final report of the month's last day and
//! that day is over in the count zone; or else at the cut-off, with the counts there are (G-07). Without any report
//! of that day the month is frozen without numbers, so that every row says so before the invoice. A partner that was
//! not counted in time for the month has nothing to freeze at its cut-off: a report counted only later, of some of
//! the companies, is a stray and freezes nothing. One transaction writes the month's counts, for ever, and makes the
//! month-end run, if the partner wants one and its invoice day is not over. While the partner is off, or Kaseya
//! refuses its credentials, no run is made; a later round makes it as soon as it can do something.
//!
//! The month is pushed again each hour until every company has a lasting outcome from a run begun after the freeze,
//! or until the window is over (G-09). This makes up for whatever became of the run: an outage, a newer run, a stop.
//! The first scheduler to come does it; a second finds it done.
//!
//! A company that no report of that day covers, or with a count that could not be taken, is frozen without a number:
//! missing is never 0. Its number may still come, with a report of that day after the cut-off. `late_counts` adds it
//! and changes no frozen number; a later final number that differs waits for a person (`later_finals`). A company
//! that no report knew by the month's last day counts 0 in it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CompanyId, FreezeCause, MAX_TARGETS, Month, MonthEnd, PartnerId, ProductId, RunMode, Wanted};
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use messages::inbound::Companies;
use store::{
    StoreError, Transaction,
    counts::{
        self, CompanyReport,
        month_ends::{self, FrozenCount},
        month_pushes::{self, CompanyOnContract, Settled},
    },
    jobs::runs::{self, Occasion},
    settings::{self, Company, Integration, PartnerSettings},
};

use crate::{
    context::Context,
    facts::{self, Facts},
    late_counts, later_finals,
    month_end_window::{can_run, is_open, may_push, wants_run},
    partner_plan::{ContractPlan, PartnerPlan},
    runs::{Items, RunOrder, make},
};

/// The time from a month's last push to the next, while a company needs it.
const PUSH_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// Freezes the months that are due, and pushes months that could not be pushed before. Returns how many.
pub(crate) async fn freeze_due(context: &Context) -> Result<usize, StoreError> {
    let now = context.clock.now();
    let months = ended_somewhere(now);
    let uncovered = context
        .store
        .transaction("list_month_ends", |tx| {
            let months = months.clone();
            Box::pin(async move { month_ends::uncovered(tx, &months, now).await })
        })
        .await?;
    let mut count = 0;
    for (partner, month) in &uncovered {
        match freeze(context, partner, *month).await {
            Ok(frozen) => count += usize::from(frozen),
            Err(error) => tracing::error!(%partner, %month, %error, "the month could not be frozen"),
        }
    }
    let checked_by = now.saturating_sub(PUSH_AGAIN).unwrap_or(Timestamp::MIN);
    let unpushed = context
        .store
        .transaction("list_unpushed", |tx| Box::pin(month_ends::unpushed(tx, now, checked_by)))
        .await?;
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

/// The months that may still be frozen and whose last day has begun in some zone.
fn ended_somewhere(now: Timestamp) -> Vec<Month> {
    let utc = TimeZone::UTC.to_datetime(now);
    let earliest = Month::of(utc.saturating_sub(12.hours()).date());
    let latest = Month::of(utc.saturating_add(14.hours()).date());
    BTreeSet::from([earliest.previous(), earliest, latest.previous(), latest]).into_iter().collect()
}

/// Freezes one partner's month if it is due. Returns false when it is not due, or is already frozen.
pub(crate) async fn freeze(context: &Context, partner: &PartnerId, month: Month) -> Result<bool, StoreError> {
    let now = context.clock.now();
    context
        .store
        .transaction("freeze_month", |tx| Box::pin(freeze_in(tx, context, partner, month, now)))
        .await
}

/// Reads a partner's settings, and locks its runs and its switch until the transaction ends.
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
    // An earlier month already has its invoice: nothing more is sent for it.
    let month_end = integration.month_end();
    let current = Month::of(month_end.today(now));
    if month != current && month != current.previous() {
        return Ok(false);
    }
    let reports = counts::newest(tx, partner, month.last_day(), month.last_day()).await?;
    if let Some(frozen) = month_ends::read(tx, partner, month).await? {
        let counts = frozen_counts(&settings, month, &reports, now);
        later_finals::note(tx, context, &settings, &frozen, &reports, &counts, now).await?;
        return late_counts::add(tx, context, &settings, &frozen, counts, now).await;
    }
    let newcomers = month_ends::counted_after(tx, partner, month.last_day()).await?;
    let last_day = LastDay::of(&settings, &month_end, month, &reports, &newcomers);
    let cause = month_end.freezes(month, last_day.is_final, now);
    let by_cut_off = !last_day.is_stray || is_due(tx, &settings, integration, month, now).await?;
    let Some(cause) = cause.filter(|cause| *cause == FreezeCause::ReportFinal || by_cut_off) else {
        return Ok(false);
    };
    let counts = frozen_counts(&settings, month, &reports, now);
    month_ends::freeze(tx, partner, month, cause, &counts, now).await?;
    tracing::info!(%partner, %month, %cause, counts = counts.len(), "month frozen");
    if wants_run(&settings, integration, month, now) && can_run(integration) {
        push(tx, context, partner, month, now).await?;
    }
    Ok(true)
}

/// Whether a month is frozen at its cut-off whatever the reports of its last day are: its invoice may still be made,
/// and the partner was counted in time.
async fn is_due(
    tx: &Transaction<'_>,
    settings: &PartnerSettings,
    integration: &Integration,
    month: Month,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let cut_off = integration.month_end().cut_off(month);
    Ok(now >= cut_off
        && is_open(settings, integration, month, now)
        && counts::counted_in_time(tx, &settings.partner, month.last_day(), cut_off).await?)
}

/// Pushes a frozen month that no run pushes yet, or whose last push left companies behind. Returns false when it
/// cannot be pushed now, or need not be.
async fn push_in(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    month: Month,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(settings) = held_settings(tx, partner).await? else { return Ok(false) };
    let Some(integration) = &settings.integration else { return Ok(false) };
    if !can_run(integration) {
        return Ok(false);
    }
    if !integration.settings.month_end_run {
        return push_corrections(tx, context, &settings, integration, month, now).await;
    }
    if !wants_run(&settings, integration, month, now) {
        return Ok(false);
    }
    if !month_ends::has_run(tx, partner, month).await? {
        return push(tx, context, partner, month, now).await.map(|()| true);
    }
    // The current run may still bring the outcomes. A later round checks again when it is through.
    if month_pushes::is_running(tx, partner).await? {
        return Ok(false);
    }
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else { return Ok(false) };
    let plan = facts.plan();
    let behind = left_behind(&plan, &month_pushes::settled(tx, partner, month).await?);
    if behind.is_empty() {
        month_pushes::note_checked(tx, partner, month, now).await?;
        return Ok(false);
    }
    tracing::info!(%partner, %month, companies = behind.len(), "month pushed again for the companies left behind");
    // For many companies, a survey finds the lines to read at less cost.
    let all = behind.len() > MAX_TARGETS;
    let companies = if all { Companies::All } else { Companies::Only(behind) };
    push_companies(tx, context, (&facts, &plan), month, &companies, now).await?;
    Ok(true)
}

/// Without month-end runs the schedule sends the frozen numbers. A correction does not wait for the schedule.
async fn push_corrections(
    tx: &Transaction<'_>,
    context: &Context,
    settings: &PartnerSettings,
    integration: &Integration,
    month: Month,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let partner = &settings.partner;
    if !may_push(settings, integration, month, now) || month_pushes::is_running(tx, partner).await? {
        return Ok(false);
    }
    let corrected = month_ends::corrected_since_push(tx, partner, month).await?;
    if corrected.is_empty() {
        return Ok(false);
    }
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else { return Ok(false) };
    let plan = facts.plan();
    push_companies(tx, context, (&facts, &plan), month, &Companies::Only(corrected), now).await?;
    Ok(true)
}

async fn push_companies(
    tx: &Transaction<'_>,
    context: &Context,
    (facts, plan): (&Facts, &PartnerPlan),
    month: Month,
    companies: &Companies,
    now: Timestamp,
) -> Result<(), StoreError> {
    let items = Items::of_companies(plan, companies);
    let order = RunOrder {
        occasion: Occasion::MonthEnd(month.first_day()),
        mode: RunMode::Apply,
        all_companies: *companies == Companies::All,
        expires_at: None,
    };
    let run = make(tx, &context.entropy, facts, &order, &items, now).await?;
    month_ends::set_run(tx, &facts.settings.partner, month, run, now).await
}

/// Companies in the plan that are not settled on each of their contracts, or are settled with other units than the
/// plan has now, their own or those of a green line: a billing rule or a mapping may have changed since, also of another
/// company on the line.
fn left_behind(plan: &PartnerPlan, settled: &BTreeMap<CompanyOnContract, Settled>) -> BTreeSet<CompanyId> {
    let mapped = plan.contracts.values().flat_map(|contract| {
        let is_behind = |company: &&CompanyId| {
            let place = ((*company).clone(), Some(contract.contract));
            settled.get(&place).is_none_or(|settled| !is_settled(contract, company, settled))
        };
        contract.companies.iter().filter(is_behind)
    });
    let unmapped = plan.unmapped.keys().filter(|company| !settled.contains_key(&((*company).clone(), None)));
    mapped.chain(unmapped).cloned().collect()
}

fn is_settled(contract: &ContractPlan, company: &CompanyId, settled: &Settled) -> bool {
    let mut its = contract.targets.iter().flat_map(|target| {
        let addends = target.addends.iter().filter(|addend| addend.company == *company);
        addends.map(move |addend| (target, addend))
    });
    its.all(|(target, addend)| {
        match settled.get(&(addend.product.to_string(), target.service)) {
            Some(units) => {
                units.billed == addend.billed
                    && units.line.is_none_or(|line| target.wanted == Wanted::Units(line))
            }
            // A product that counts 0 and never had an outcome needs none.
            None => addend.billed == Some(0),
        }
    })
}

fn closed(company: &Company, month: Month) -> bool {
    company.closed_from.is_some_and(|day| day <= month.last_day())
}

/// What the reports of a month's last day amount to.
struct LastDay {
    /// Every expected company has a final report.
    is_final: bool,
    /// There are no reports, or all of them were counted after the cut-off and some company has none.
    is_stray: bool,
}

impl LastDay {
    /// A closed company needs no report. Neither does a company that was first counted later, if the others were
    /// counted in time; a report made up long afterwards must cover every company.
    fn of(
        settings: &PartnerSettings,
        month_end: &MonthEnd,
        month: Month,
        reports: &BTreeMap<CompanyId, CompanyReport>,
        newcomers: &BTreeSet<CompanyId>,
    ) -> Self {
        let in_time = reports.values().any(|report| month_end.is_in_time(month, report.counted_at));
        let expected: Vec<Option<&CompanyReport>> = settings
            .companies
            .iter()
            .filter(|(id, company)| !(closed(company, month) || in_time && newcomers.contains(*id)))
            .map(|(id, _)| reports.get(id))
            .collect();
        Self {
            is_final: !reports.is_empty()
                && expected.iter().all(|report| report.is_some_and(|report| report.is_final)),
            is_stray: reports.is_empty() || !in_time && expected.iter().any(Option::is_none),
        }
    }
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
    let order = RunOrder { occasion, mode: RunMode::Apply, all_companies: true, expires_at: None };
    let run = make(tx, &context.entropy, &facts, &order, &items, now).await?;
    month_ends::set_run(tx, partner, month, run, now).await
}

#[cfg(test)]
mod tests;
