//! Reads what a plan is made from.
//!
//! For the other modules: `read(tx, &partner, now)`, then `Facts::plan()`.

use std::collections::BTreeSet;

use domain::{CompanyId, MonthPhase, PartnerId, ReportId};
use jiff::{Timestamp, ToSpan as _};
use store::{
    StoreError, Transaction,
    counts::{self, month_ends},
    settings::{self, Integration, PartnerSettings},
    targets::leftovers::{self, ApprovedLeftover},
};

use crate::partner_plan::{Counts, PartnerPlan, plan_partner};

/// A partner's settings and counts as of one instant.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) settings: PartnerSettings,
    /// Also in `settings`.
    pub(crate) integration: Integration,
    pub(crate) counts: Counts,
    /// Leftovers that people approved to be set to 0 (D-13).
    leftovers: Vec<ApprovedLeftover>,
    now: Timestamp,
}

/// What exists of a partner.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// No partner of this id.
    UnknownPartner,
    /// No integration yet.
    NotSetUp,
    /// Everything a plan needs.
    Facts(Box<Facts>),
}

impl Found {
    pub(crate) fn facts(self) -> Option<Facts> {
        match self {
            Self::Facts(facts) => Some(*facts),
            Self::UnknownPartner | Self::NotSetUp => None,
        }
    }
}

impl Facts {
    /// What the partner's contracts should hold.
    pub(crate) fn plan(&self) -> PartnerPlan {
        let mut plan = plan_partner(&self.settings, &self.integration, &self.counts, self.now);
        let counted_day = self.counts.phase.last_counted_day(self.integration.month_end().today(self.now));
        plan.add_leftovers(&self.leftovers, |contract| {
            leftovers::effective_day(&self.settings, &self.integration, contract, counted_day, self.now)
        });
        plan
    }
}

pub(crate) async fn read(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let Some(settings) = settings::read(tx, partner).await? else {
        return Ok(Found::UnknownPartner);
    };
    let Some(integration) = settings.integration.clone() else {
        return Ok(Found::NotSetUp);
    };
    let counts = read_counts(tx, &settings, &integration, now).await?;
    let leftovers = leftovers::approved(tx, partner).await?;
    Ok(Found::Facts(Box::new(Facts { settings, integration, counts, leftovers, now })))
}

async fn read_counts(
    tx: &Transaction<'_>,
    settings: &PartnerSettings,
    integration: &Integration,
    now: Timestamp,
) -> Result<Counts, StoreError> {
    let partner = &settings.partner;
    let today = integration.month_end().today(now);
    let phase = month_ends::phase(tx, settings, integration, now).await?;
    let newest_day = phase.last_counted_day(today);
    let oldest_day = today.saturating_sub(i64::from(integration.settings.max_count_age_days).days());
    let newest = counts::newest(tx, partner, oldest_day, newest_day).await?;
    let frozen = match phase {
        MonthPhase::Frozen(month) => month_ends::read(tx, partner, month).await?,
        MonthPhase::Open | MonthPhase::Closing(_) => None,
    };
    let reports: BTreeSet<(&CompanyId, &ReportId)> = match (phase, &frozen) {
        (MonthPhase::Frozen(_), Some(frozen)) => {
            let companies = frozen.companies.iter();
            let counts =
                companies.flat_map(|(company, counts)| counts.values().map(move |count| (company, count)));
            counts.filter_map(|(company, count)| Some((company, count.report.as_ref()?))).collect()
        }
        _ => newest.iter().map(|(company, report)| (company, &report.report)).collect(),
    };
    let reports: Vec<_> = reports.into_iter().collect();
    let other_basis = counts::of_other_basis(tx, partner, &reports).await?;
    Ok(Counts { phase, newest, frozen, other_basis })
}
