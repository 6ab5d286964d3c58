//! Counts of a month's last day that come after the month was frozen.
//!
//! A frozen number stands. Where none was frozen, a later report may still bring it. It is added as a correction with
//! its reason, and synced by a run for its companies, or by another month-end run if no run can be made now. Without
//! this, one late report would leave its companies' last month unbilled.

use std::collections::BTreeSet;

use domain::{CompanyId, ProductId, RunMode};
use jiff::Timestamp;
use messages::inbound::Companies;
use store::{
    StoreError, Transaction,
    counts::{
        month_ends::{self, FrozenCount, FrozenMonth},
        month_pushes,
    },
    jobs::runs::Occasion,
    settings::PartnerSettings,
};

use crate::{
    context::Context,
    facts,
    joining::join_or_make,
    month_end_window::{can_run, wants_run},
    runs::{Items, RunOrder},
};

/// Why a count was added.
const REASON: &str = "the count of that day came in after the month was frozen";

/// Adds and syncs the numbers that the frozen month lacks; returns false when there are none.
pub(crate) async fn add(
    tx: &Transaction<'_>,
    context: &Context,
    settings: &PartnerSettings,
    month: &FrozenMonth,
    counted: Vec<(CompanyId, ProductId, FrozenCount)>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let partner = &settings.partner;
    let has_number = |company: &CompanyId, product: &ProductId| {
        month
            .companies
            .get(company)
            .and_then(|products| products.get(product))
            .is_some_and(|count| count.users.is_some())
    };
    let late: Vec<_> = counted
        .into_iter()
        .filter(|(company, product, count)| {
            count.report.is_some() && count.users.is_some() && !has_number(company, product)
        })
        .collect();
    month_ends::fill(tx, partner, month.month, &late, REASON, now).await?;
    if late.is_empty() {
        return Ok(false);
    }
    tracing::info!(%partner, month = %month.month, counts = late.len(), "late counts added to a frozen month");
    let Some(integration) = &settings.integration else { return Ok(true) };
    if !wants_run(settings, integration, month.month, now) {
        return Ok(true);
    }
    if !can_run(integration) {
        month_ends::push_again(tx, partner, month.month).await?;
    } else if let Some(facts) = facts::read(tx, partner, now).await?.facts() {
        let companies: BTreeSet<CompanyId> = late.into_iter().map(|(company, ..)| company).collect();
        let items = Items::of_companies(&facts.plan(), &Companies::Only(companies));
        let occasion = Occasion::MonthEnd(month.month.first_day());
        let order = RunOrder { occasion, mode: RunMode::Apply, all_companies: false, expires_at: None };
        join_or_make(tx, context, &facts, &order, items, now).await?;
        month_pushes::note_checked(tx, partner, month.month, now).await?;
    }
    Ok(true)
}
