//! A survey: all contracts page by page, so that the run's other jobs cover only the contracts that need calls of
//! their own.
//!
//! If few of many contracts are ours, looking them up by id is cheaper, and the survey does that. A contract that
//! no page showed, because rows shift between pages or because it is gone, is looked up as well before anybody is
//! notified.

use std::collections::BTreeMap;

use domain::{ContractId, SeenContract, SeenService, ShownContract, SurveyEnd, Trigger};
use kaseya::{BmsError, SURVEY_PAGE, SurveyPage};
use messages::job_content::SurveyWork;

use crate::{
    attempt::{Attempt, Verdict},
    findings::Findings,
    in_use,
};

/// Pages per attempt: what they show of our contracts fits into one message.
const PAGES_AT_ONCE: usize = 6;

/// What an attempt has seen.
#[derive(Default)]
struct Sight {
    /// What was shown for each contract; `None` if it was not shown.
    contracts: BTreeMap<ContractId, Option<ShownContract>>,
    /// The page to continue with; `None` after the last.
    next_page: Option<usize>,
}

/// Continues a survey as far as one attempt can.
pub(crate) async fn survey(attempt: &Attempt<'_>, work: &SurveyWork, findings: &mut Findings) {
    let mut sight = Sight { next_page: Some(work.from_page), ..Sight::default() };
    let ended = see(attempt, work, &mut sight).await;
    let mut given_up = false;
    match ended {
        Ok(()) => {
            findings.note_answer();
            if sight.next_page.is_none() {
                look_at_services(attempt, work, findings).await;
                look_at_the_zone(attempt, findings).await;
            }
        }
        Err(error) => {
            findings.note_failure(&error);
            tracing::warn!(%error, page = sight.next_page, "the survey was interrupted");
            match attempt.judge(&error) {
                // A reason against the whole survey concerns nothing else: each contract is then looked up on its
                // own.
                Verdict::NotSent(..) | Verdict::Off => given_up = true,
                Verdict::Deferred(code, until, _) => hand_back(work, &sight, Some((code, until)), findings),
                Verdict::HandBack(..) => hand_back(work, &sight, None, findings),
            }
        }
    }
    if given_up {
        sight.next_page = None;
    } else if sight.next_page.is_some() && findings.nothing_left() {
        hand_back(work, &sight, None, findings);
    }
    let next_page = sight.next_page.and_then(|page| i32::try_from(page).ok());
    findings.survey = Some(match next_page {
        _ if given_up => SurveyEnd::GivenUp,
        Some(page) => SurveyEnd::GoesOn(page),
        None => SurveyEnd::Seen,
    });
    let seen_at = attempt.clock.now();
    let seen = sight.contracts.into_iter().map(|(contract, shown)| SeenContract { contract, seen_at, shown });
    findings.contracts_seen = seen.collect();
}

/// Asks for Kaseya's time zone, once a month: the reading before the invoice day costs many more calls anyway.
/// Without a response, a later run asks again.
async fn look_at_the_zone(attempt: &Attempt<'_>, findings: &mut Findings) {
    if attempt.content.trigger != Trigger::FullRead {
        return;
    }
    match attempt.session.user_info().await {
        Ok(user) => findings.kaseya_zone = user.time_zone,
        Err(error) => tracing::warn!(%error, "Kaseya did not tell its zone"),
    }
}

/// Looks up the services in the catalogue, once for all jobs of the run. Without a response, the jobs that would
/// write ask again.
async fn look_at_services(attempt: &Attempt<'_>, work: &SurveyWork, findings: &mut Findings) {
    match attempt.session.service_states(&work.services).await {
        Ok(catalogue) => {
            let seen_at = attempt.clock.now();
            findings.services_named = in_use::named(&catalogue);
            let seen =
                catalogue.states.into_iter().map(|(service, state)| SeenService { service, state, seen_at });
            findings.services_seen = seen.collect();
        }
        Err(error) => tracing::warn!(%error, "how the services stand is not known"),
    }
}

/// The next attempt takes the rest; the ledger derives it from the contracts on the pages.
fn hand_back(
    work: &SurveyWork,
    sight: &Sight,
    wait: Option<(domain::ErrorCode, jiff::Timestamp)>,
    findings: &mut Findings,
) {
    let unseen = work.contracts.iter().filter(|contract| !sight.contracts.contains_key(contract));
    findings.leave(unseen.copied(), wait);
}

async fn see(attempt: &Attempt<'_>, work: &SurveyWork, sight: &mut Sight) -> Result<(), BmsError> {
    for page in work.from_page..work.from_page + PAGES_AT_ONCE {
        // The first page is read however long the login took; otherwise no attempt would ever make progress.
        if page > work.from_page && (attempt.is_halted() || attempt.is_over()) {
            return Ok(());
        }
        let seen = attempt.session.survey_page(page).await?;
        let last = seen.is_last(page);
        let cheaper = page == 1 && look_up_is_cheaper(&seen, work.contracts.len());
        for contract in seen.contracts {
            if work.contracts.contains(&contract.id) {
                sight.contracts.insert(contract.id, Some(contract.into()));
            }
        }
        sight.next_page = Some(page + 1);
        let all_seen = work.contracts.iter().all(|contract| sight.contracts.contains_key(contract));
        if all_seen || last || cheaper {
            look_up_the_rest(attempt, work, sight).await?;
            sight.next_page = None;
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the pages after the first cost more calls than looking up our contracts, a hundred per call.
fn look_up_is_cheaper(first: &SurveyPage, ours: usize) -> bool {
    let look_ups = ours.div_ceil(SURVEY_PAGE);
    match first.total {
        Some(total) => total.div_ceil(SURVEY_PAGE as u64).saturating_sub(1) > look_ups as u64,
        // At least one more page follows, and perhaps many.
        None => !first.is_last(1) && look_ups <= 1,
    }
}

/// Looks up the contracts that no page has shown, or has shown without a clear status.
async fn look_up_the_rest(
    attempt: &Attempt<'_>,
    work: &SurveyWork,
    sight: &mut Sight,
) -> Result<(), BmsError> {
    let plain = |shown: &Option<ShownContract>| shown.as_ref().is_some_and(|shown| shown.active.is_some());
    let rest: Vec<ContractId> = work
        .contracts
        .iter()
        .copied()
        .filter(|contract| !sight.contracts.get(contract).is_some_and(plain))
        .collect();
    if rest.is_empty() {
        return Ok(());
    }
    let mut found = attempt.session.look_up_contracts(&rest).await?;
    // If the look-up leaves a contract open, the survey says nothing about it: the contract's own job asks.
    for contract in rest.into_iter().filter(|contract| !found.not_known.contains(&contract.0)) {
        let looked_up = found.shown.remove(&contract.0);
        let known = sight.contracts.entry(contract).or_default();
        match (known, looked_up) {
            (Some(shown), Some(looked_up)) => shown.active = Some(looked_up.is_active),
            (known, looked_up) => *known = looked_up.map(ShownContract::from),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheaper_of_survey_and_look_up_is_taken() {
        let first = |total| SurveyPage { contracts: Vec::new(), total };
        assert!(look_up_is_cheaper(&first(Some(10_000)), 20));
        assert!(!look_up_is_cheaper(&first(Some(2_000)), 2_000));
        assert!(look_up_is_cheaper(&first(Some(2_000)), 150));
        assert!(!look_up_is_cheaper(&first(Some(80)), 20), "all were on the first page");
        assert!(
            !look_up_is_cheaper(&first(Some(200)), 20),
            "one page more, or one look-up: the page shows totals"
        );
    }
}
