//! The companies that a run would change, judged by what the lines last showed. They are noted before any of them is
//! written, so that the run's brake holds all of its changes and not only those after the first few (B-01).
//!
//! Noted when a survey has made the run's jobs, and again at the start of each job, with the counts and knowledge of
//! that time. Changes already granted to the run are on record separately. A change that a person has decided on is
//! no surprise, and not counted.

use std::collections::BTreeSet;

use domain::{CompanyId, DecidedChange, RunId, Wanted, would_change};
use jiff::Timestamp;
use store::{
    StoreError, Transaction,
    jobs::runs,
    targets::{self, Decided},
};

use crate::{facts::Facts, known::Known, partner_plan::PartnerPlan};

/// Notes them on the run.
pub(crate) async fn note(
    tx: &Transaction<'_>,
    facts: &Facts,
    plan: &PartnerPlan,
    (run, run_number): (RunId, i64),
    now: Timestamp,
) -> Result<(), StoreError> {
    let partner = &facts.settings.partner;
    let contracts = runs::contracts_to_work_on(tx, partner, run).await?;
    let known = Known::read(tx, partner, (facts, plan), run_number, &contracts, now).await?;
    let decided = targets::decided_holds(tx, partner, &contracts).await?;
    let brakes = &facts.integration.settings.brakes;
    let mut companies: BTreeSet<CompanyId> = BTreeSet::new();
    for planned in contracts.iter().filter_map(|contract| plan.contracts.get(contract)) {
        for target in &planned.targets {
            let place = (planned.contract, target.service);
            // The worker compares the month, with the day from which the line itself begins.
            let shows =
                |change: &DecidedChange| known.line(place).is_some_and(|line| line.units == change.from);
            let by_person = match (decided.get(&place), target.wanted) {
                (Some(Decided::Approved(_, change)), Wanted::Units(wanted)) => {
                    shows(change) && brakes.approval_stands(change.to, wanted)
                }
                (Some(Decided::Dismissed(change)), Wanted::Units(wanted)) => {
                    shows(change) && change.to == wanted
                }
                (Some(_), Wanted::Unknown) | (None, _) => false,
            };
            if !by_person && would_change(&known.target(planned.contract, target), brakes) {
                companies.extend(target.addends.iter().map(|addend| addend.company.clone()));
            }
        }
    }
    runs::expect_companies(tx, partner, run, &companies).await
}
