//! Later final numbers that differ from a frozen month (QTY-05, G-10).
//!
//! The frozen number is still sent. The other number is noted and held: an approval makes it the month's number
//! (`decisions`), and a run pushes it. Called with each report of a frozen month's last day, and with the month ends.
//! A hold ends with its correction or with the month's window. A hold that another hold kept out opens when that one
//! is gone.

use std::collections::{BTreeMap, BTreeSet};

use bus::EventTopic;
use domain::{BillingRule, Brake, CompanyId, HeldChange, HoldId, MonthPhase, PartnerId, ProductId, Wanted};
use jiff::Timestamp;
use messages::{Message as _, v1};
use store::{
    StoreError, Transaction,
    counts::{
        CompanyReport,
        corrections::{self, Correction},
        month_ends::{FrozenCount, FrozenMonth},
    },
    holds,
    jobs::runs,
    messages::events::{NewEvent, store_events},
    settings::PartnerSettings,
    statuses::later_finals,
};

use crate::{context::Context, facts, month_end_window::is_open, partner_plan::TargetPlan};

/// Notes and holds the counts that differ from the frozen month's last day.
pub(crate) async fn note(
    tx: &Transaction<'_>,
    context: &Context,
    settings: &PartnerSettings,
    month: &FrozenMonth,
    reports: &BTreeMap<CompanyId, CompanyReport>,
    counted: &[(CompanyId, ProductId, FrozenCount)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(integration) = &settings.integration else { return Ok(()) };
    if !is_open(settings, integration, month.month, now) {
        return Ok(());
    }
    let corrections: Vec<Correction> = counted
        .iter()
        .filter(|(company, ..)| reports.get(company).is_some_and(|report| report.is_final))
        .filter_map(|(company, product, count)| {
            let known = month.companies.get(company)?.get(product)?;
            let (frozen_users, users) = (known.users?, count.users?);
            let differs = frozen_users != users;
            Some(Correction {
                company: company.clone(),
                product: product.clone(),
                frozen_users,
                users,
                counted_at: count.counted_at,
                report: count.report.clone().filter(|_| differs)?,
            })
        })
        .collect();
    let partner = &settings.partner;
    let corrections = corrections::reported_since(tx, partner, month.month, corrections).await?;
    corrections::end_others(tx, partner, month.month, &corrections).await?;
    corrections::note(tx, partner, month.month, &corrections, now).await?;
    bring_up_to_date(tx, context, partner, now).await
}

/// Updates the holds of all partners.
pub(crate) async fn keep(context: &Context) -> Result<(), StoreError> {
    let now = context.clock.now();
    let partners =
        context.store.transaction("list_later_finals", |tx| Box::pin(corrections::partners(tx))).await?;
    for partner in &partners {
        let kept = context
            .store
            .transaction("keep_later_finals", |tx| {
                Box::pin(async move {
                    runs::hold_partner(tx, partner).await?;
                    bring_up_to_date(tx, context, partner, now).await
                })
            })
            .await;
        if let Err(error) = kept {
            tracing::error!(%partner, %error, "the holds of later counts could not be brought up to date");
        }
    }
    Ok(())
}

/// Opens the holds of corrections that wait, and ends holds without corrections. The caller holds the partner's lock.
async fn bring_up_to_date(
    tx: &Transaction<'_>,
    context: &Context,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(facts) = facts::read(tx, partner, now).await?.facts() else { return Ok(()) };
    let MonthPhase::Frozen(month) = facts.counts.phase else {
        return holds::end_later_finals(tx, partner, &[]).await;
    };
    let corrections = corrections::open(tx, partner, month).await?;
    let standing = holds::open_later_finals(tx, partner).await?;
    if corrections.is_empty() && standing.is_empty() {
        return Ok(());
    }
    let otherwise = holds::held_otherwise(tx, partner).await?;
    let plan = facts.plan();
    let targets = plan
        .contracts
        .values()
        .flat_map(|contract| contract.targets.iter().map(move |target| (contract.contract, target)));
    let held: Vec<HeldChange> = targets
        .filter(|(contract, target)| !otherwise.contains(&(*contract, target.service)))
        .filter_map(|(contract, target)| {
            let (to, companies) = corrected(&facts.settings, target, &corrections)?;
            let Wanted::Units(from) = target.wanted else { return None };
            (from != to).then_some(HeldChange {
                new_hold: HoldId(context.entropy.uuid(now)),
                contract,
                service: target.service,
                companies,
                brake: Brake::LaterFinal,
                from_units: from.into(),
                to_units: i32::try_from(to).ok()?,
                effective_date: target.effective_date?,
                pair: None,
            })
        })
        .collect();
    let those: Vec<_> = held.iter().map(|hold| (hold.contract, hold.service)).collect();
    holds::end_later_finals(tx, partner, &those).await?;
    let run_number = runs::newest_number(tx, partner).await?;
    let to_tell = holds::store_holds(tx, partner, run_number, held, now).await?;
    for hold in &to_tell {
        tracing::info!(%partner, hold = %hold.new_hold, %month, "a later final count differs from the frozen one");
        later_finals::show(tx, partner, hold).await?;
        let opened = NewEvent::new(
            EventTopic::HoldOpened.routing_key(),
            v1::HoldOpened::KIND,
            &v1::HoldOpened::of(partner, hold, now),
        );
        store_events(tx, partner, vec![opened], now).await?;
    }
    Ok(())
}

/// A target with the corrections of its addends, and the companies they belong to; `None` without a correction, or if
/// another addend is unknown.
fn corrected(
    settings: &PartnerSettings,
    target: &TargetPlan,
    corrections: &[Correction],
) -> Option<(u32, Vec<String>)> {
    let (mut sum, mut companies) = (0_u32, BTreeSet::new());
    for addend in &target.addends {
        let of_addend =
            |known: &&Correction| (&known.company, &known.product) == (&addend.company, &addend.product);
        let billed = match corrections.iter().find(of_addend) {
            Some(correction) => {
                let rule = settings
                    .companies
                    .get(&addend.company)
                    .map_or_else(BillingRule::default, |company| company.billing_rule(&addend.product));
                companies.insert(addend.company.to_string());
                rule.billed_units(correction.users)?
            }
            None => addend.billed?,
        };
        sum = sum.checked_add(billed)?;
    }
    (!companies.is_empty()).then(|| (sum, companies.into_iter().collect()))
}
