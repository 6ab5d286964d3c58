//! Which running run can still do what is requested.
//!
//! A job's content is made when it starts, from the facts of that moment. So a job includes everything that was
//! mapped or counted before, as long as no worker has started it. Hence:
//!
//! - Contracts for workers are joined where a run of the same mode has them in a job that no worker has started. The
//!   run with the most of them is taken.
//! - Work that needs no worker is done at once, and shows the same result when done again. So any run that had it is
//!   good enough, done or not.
//! - The rest goes to a second run: a current run that has all of the rest, or a new one.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ContractId, ErrorCode, MAX_TARGETS, PartnerId, RunId};
use jiff::Timestamp;
use store::{
    StoreError, Transaction,
    jobs::{
        requests::Answer,
        runs::{self, RunningRun},
    },
};

use crate::{
    context::Context,
    facts::Facts,
    hindrance,
    runs::{Items, RunOrder, make},
};

/// What a running run takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joining {
    pub(crate) run: RunId,
    /// What the run does.
    pub(crate) taken: Items,
    /// What the run can no longer do.
    pub(crate) rest: Items,
}

/// The run that takes over most; `None` when no run takes any. `until` is when the request expires.
pub(crate) fn join(
    items: &Items,
    running: &BTreeMap<(i64, RunId), RunningRun>,
    until: Option<Timestamp>,
) -> Option<Joining> {
    running
        .iter()
        .filter(|(_, has)| keeps_its_time(items, has, until))
        .map(|((number, run), has)| (weight(&split(items, has).0), *number, *run, has))
        .filter(|((work, others), ..)| *work > 0 || (items.work.is_empty() && *others > 0))
        .max_by_key(|(weight, number, ..)| (*weight, *number))
        .map(|(_, _, run, has)| {
            let (taken, rest) = split(items, has);
            Joining { run, taken, rest }
        })
}

/// Whether joining a run keeps its other work from going on past the run's own time (A21): joined by a request that
/// expires later, or never, the run goes on as a whole.
fn keeps_its_time(items: &Items, run: &RunningRun, until: Option<Timestamp>) -> bool {
    let goes_on = run.expires_at.is_some_and(|ends| until.is_none_or(|until| until > ends));
    let wanted =
        |contract: &ContractId| items.work.contains_key(contract) || items.local.contains_key(contract);
    let mut contracts = run.open_contracts.iter().chain(&run.survey_contracts).chain(&run.local_contracts);
    !goes_on || contracts.all(wanted) && run.local_companies.is_subset(&items.companies)
}

fn weight(items: &Items) -> (usize, usize) {
    (items.work.len(), items.local.len() + items.companies.len())
}

/// What the run can do, and what it cannot.
fn split(items: &Items, run: &RunningRun) -> (Items, Items) {
    let (mut taken, mut rest) = (Items::default(), Items::default());
    let survey = joined_survey(items, run);
    for (contract, targets) in &items.work {
        let has = run.open_contracts.contains(contract) || survey.contains(contract);
        let side = if has { &mut taken } else { &mut rest };
        side.work.insert(*contract, *targets);
    }
    for (contract, targets) in &items.local {
        let has = run.open_contracts.contains(contract) || run.local_contracts.contains(contract);
        let side = if has { &mut taken } else { &mut rest };
        side.local.insert(*contract, *targets);
    }
    for company in &items.companies {
        let side = if run.local_companies.contains(company) { &mut taken } else { &mut rest };
        side.companies.insert(company.clone());
    }
    for (contract, companies) in &items.billed {
        for side in [&mut taken, &mut rest] {
            if side.work.contains_key(contract) || side.local.contains_key(contract) {
                side.billed.insert(*contract, companies.clone());
            }
        }
    }
    (taken, rest)
}

/// The contracts of the run's survey, if it may be joined: a request for a few companies must not wait for the many
/// of a large survey.
fn joined_survey<'a>(items: &Items, run: &'a RunningRun) -> &'a BTreeSet<ContractId> {
    static NONE: BTreeSet<ContractId> = BTreeSet::new();
    let survey = &run.survey_contracts;
    let wants_all = || survey.iter().all(|contract| items.work.contains_key(contract));
    if survey.len() <= MAX_TARGETS || wants_all() { survey } else { &NONE }
}

/// Defers the runs of an answer that cannot begin now, so that the answer says at once what they wait for (G-04).
pub(crate) async fn put_off_runs(
    tx: &Transaction<'_>,
    facts: &Facts,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (run, follow_up) = match answer {
        Answer::Accepted { run } => (*run, None),
        Answer::Joined { run, follow_up, .. } => (*run, *follow_up),
        Answer::Refused { .. } => return Ok(()),
    };
    for run in [run].into_iter().chain(follow_up) {
        hindrance::put_off(tx, &facts.settings.partner, &facts.integration, run, now).await?;
    }
    Ok(())
}

/// Joins running runs for what they can still do, and makes a run for the rest. The caller holds the partner's lock.
pub(crate) async fn join_or_make(
    tx: &Transaction<'_>,
    context: &Context,
    facts: &Facts,
    order: &RunOrder<'_>,
    items: Items,
    now: Timestamp,
) -> Result<Answer, StoreError> {
    let partner = &facts.settings.partner;
    let mut running = runs::running(tx, partner, order.mode).await?;
    let Some(joining) = join(&items, &running, order.expires_at) else {
        let run = make(tx, &context.entropy, facts, order, &items, now).await?;
        return Ok(Answer::Accepted { run });
    };
    hurry(tx, partner, &joining, order).await?;
    running.retain(|(_, run), _| *run != joining.run);
    let follow_up = follow_up(tx, context, facts, order, &joining.rest, &running, now).await?;
    let reason = match follow_up {
        None => "a run that is going does it".to_owned(),
        Some(_) => {
            "a run that is going does it, and a second one what the first can no longer include".to_owned()
        }
    };
    Ok(Answer::Joined { run: joining.run, follow_up, code: ErrorCode::Job02.as_str().to_owned(), reason })
}

async fn follow_up(
    tx: &Transaction<'_>,
    context: &Context,
    facts: &Facts,
    order: &RunOrder<'_>,
    rest: &Items,
    others: &BTreeMap<(i64, RunId), RunningRun>,
    now: Timestamp,
) -> Result<Option<RunId>, StoreError> {
    if rest.is_empty() {
        return Ok(None);
    }
    if let Some(joining) = join(rest, others, order.expires_at).filter(|joining| joining.rest.is_empty()) {
        hurry(tx, &facts.settings.partner, &joining, order).await?;
        return Ok(Some(joining.run));
    }
    let order = RunOrder { all_companies: false, ..*order };
    make(tx, &context.entropy, facts, &order, rest, now).await.map(Some)
}

async fn hurry(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    joining: &Joining,
    order: &RunOrder<'_>,
) -> Result<(), StoreError> {
    runs::extend(tx, partner, joining.run, order.expires_at).await?;
    let contracts = joining.taken.work.keys().chain(joining.taken.local.keys()).copied().collect();
    runs::hurry(tx, partner, joining.run, &contracts).await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn items(contracts: impl IntoIterator<Item = i32>) -> Items {
        Items { work: contracts.into_iter().map(|id| (ContractId(id), 1)).collect(), ..Items::default() }
    }

    fn running(open: impl IntoIterator<Item = i32>) -> RunningRun {
        RunningRun { open_contracts: open.into_iter().map(ContractId).collect(), ..RunningRun::default() }
    }

    #[test]
    fn a_run_that_has_started_everything_is_not_joined() {
        let runs = BTreeMap::from([((1, RunId(Uuid::from_u128(1))), running([]))]);
        assert_eq!(join(&items([1, 2]), &runs, None), None);
    }

    #[test]
    fn what_needs_no_worker_never_makes_a_second_run_of_its_own() {
        let local = Items { local: BTreeMap::from([(ContractId(9), 1)]), ..items([1]) };
        let has = RunningRun { local_contracts: [ContractId(9)].into(), ..running([1]) };
        let runs = BTreeMap::from([((1, RunId(Uuid::from_u128(1))), has)]);
        let joining = join(&local, &runs, None).expect("it has both");
        assert!(joining.rest.is_empty());
    }

    #[test]
    fn s_32_a_large_survey_is_joined_only_by_whoever_wants_all_of_it() {
        let has =
            RunningRun { survey_contracts: (1..=150).map(ContractId).collect(), ..RunningRun::default() };
        let runs = BTreeMap::from([((1, RunId(Uuid::from_u128(1))), has)]);
        assert_eq!(join(&items([7]), &runs, None), None);
        assert!(join(&items(1..=150), &runs, None).expect("it has all").rest.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_asked_for_is_lost_and_only_unstarted_work_is_joined(
            asked in proptest::collection::btree_set(0..12, 1..12),
            open in proptest::collection::vec(proptest::collection::btree_set(0..12, 0..6), 0..4),
        ) {
            let runs: BTreeMap<_, _> = open
                .iter()
                .enumerate()
                .map(|(n, open)| ((n as i64, RunId(Uuid::from_u128(n as u128))), running(open.iter().copied())))
                .collect();
            let asked = items(asked);
            let best = runs.values().map(|run| split(&asked, run).0.work.len()).max().unwrap_or(0);
            match join(&asked, &runs, None) {
                None => prop_assert_eq!(best, 0),
                Some(joining) => {
                    let has = runs.iter().find(|((_, run), _)| *run == joining.run).expect("one of them").1;
                    prop_assert_eq!(joining.taken.work.len(), best);
                    prop_assert!(joining.taken.work.keys().all(|contract| has.open_contracts.contains(contract)));
                    let mut all = joining.taken.work.clone();
                    all.extend(joining.rest.work.clone());
                    prop_assert_eq!(all.len(), joining.taken.work.len() + joining.rest.work.len());
                    prop_assert_eq!(all, asked.work);
                }
            }
        }
    }
}
