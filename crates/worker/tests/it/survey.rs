//! The survey alone: what it shows, however Kaseya lists its contracts, and how it ends if Kaseya fails.

use std::collections::BTreeSet;

use domain::Remark;
use kaseya_simulator::{Endpoint, Fault, State};
use messages::v1;

use crate::{
    job::{came_out, left, remarks, simple, surveyed},
    world::{World, survey_work},
};

/// A tenant with this many contracts of one account: 5001, 5002 …
fn tenant(contracts: i32) -> State {
    let mut builder =
        State::builder().account(301, "Panificio Niccolò").service(701, "Password Boss Standard", 3.5);
    for contract in 5001..=5000 + contracts {
        builder = builder.contract(contract, 301, "Managed services").line(contract + 100_000, 701, 12.0);
    }
    builder.build()
}

fn all_of(contracts: i32) -> Vec<i32> {
    (5001..=5000 + contracts).collect()
}

fn ids(done: &v1::JobDone) -> Vec<i32> {
    done.contracts_seen.iter().filter_map(|seen| seen.contract_id).collect()
}

fn seen(done: &v1::JobDone, contract: i32) -> &v1::ContractSeen {
    let of = done.contracts_seen.iter().find(|seen| seen.contract_id == Some(contract));
    of.unwrap_or_else(|| panic!("the survey does not tell of {contract}"))
}

/// Attempt after attempt, as the ledger would start them, until the survey is done or given up. Returns all
/// reports.
async fn until_through(world: &mut World, contracts: &[i32]) -> Vec<v1::JobDone> {
    let (mut told, mut page): (Vec<v1::JobDone>, _) = (Vec::new(), 1);
    loop {
        let known: BTreeSet<i32> = told.iter().flat_map(ids).collect();
        let rest: Vec<i32> = contracts.iter().copied().filter(|id| !known.contains(id)).collect();
        let done = world.survey(&rest, page).await;
        let end = done.survey.expect("how the survey came out");
        told.push(done);
        match end.next_page {
            Some(next) => page = next,
            None => return told,
        }
    }
}

#[tokio::test]
async fn every_contract_is_reported_once_with_all_that_kaseya_shows_of_it() {
    let mut state = tenant(2);
    let first = state.contract_mut(5001).expect("a contract");
    first.contract_type = "Fixed Price".into();
    first.billing_cycle = "Quarterly".into();
    first.end = Some("2027-03-31".parse().expect("a day"));
    let mut world = World::new(state).await;
    let done = world.survey(&[5001, 5002], 1).await;
    assert_eq!(done.survey, Some(v1::SurveyDone { next_page: None, given_up: Some(false) }));
    assert_eq!((ids(&done), done.left_over.is_some(), done.companies.len()), (vec![5001, 5002], false, 0));
    let expected = v1::ContractSeen {
        contract_id: Some(5001),
        shown: Some(true),
        name: "Managed services".into(),
        account_name: Some("Panificio Niccolò".into()),
        contract_type: Some("Fixed Price".into()),
        active: Some(true),
        billing_cycle: Some("Quarterly".into()),
        start_date: Some("2024-01-01".into()),
        end_date: Some("2027-03-31".into()),
        total: Some(42.0),
        seen_at: seen(&done, 5001).seen_at,
    };
    assert_eq!(*seen(&done, 5001), expected);
    assert_eq!((world.calls(Endpoint::ContractsSummary), world.calls(Endpoint::ContractsLookup)), (1, 0));
}

#[tokio::test]
async fn many_pages_are_seen_in_several_attempts_and_each_goes_on_where_the_last_one_ended() {
    let mut world = World::new(tenant(750)).await;
    let all = all_of(750);
    let told = until_through(&mut world, &all).await;
    let of_each: Vec<usize> = told.iter().map(|done| done.contracts_seen.len()).collect();
    assert_eq!(of_each, [600, 150]);
    assert_eq!(told[0].survey, Some(v1::SurveyDone { next_page: Some(7), given_up: Some(false) }));
    assert_eq!(left(&told[0]).0, all[600..]);
    assert_eq!((world.calls(Endpoint::ContractsSummary), world.calls(Endpoint::ContractsLookup)), (8, 0));
}

/// Lists as Kaseya may send them: in another order at each call, with duplicate rows, without a count, cut short.
#[tokio::test]
async fn however_the_lists_come_every_contract_is_reported_once_and_none_is_gone() {
    type Switch = fn(&mut kaseya_simulator::ListBehaviour);
    let switches: [(&str, Switch); 5] = [
        ("shifting", |lists| lists.shifting_order = true),
        ("rows twice", |lists| lists.duplicate_rows = true),
        ("no totals", |lists| lists.without_totals = true),
        ("shifting, without totals", |lists| {
            (lists.shifting_order, lists.without_totals) = (true, true);
        }),
        ("shifting, rows twice, without totals", |lists| {
            (lists.shifting_order, lists.duplicate_rows, lists.without_totals) = (true, true, true);
        }),
    ];
    for (name, switch) in switches {
        let mut state = tenant(320);
        switch(&mut state.behaviour.lists);
        let mut world = World::new(state).await;
        let all = all_of(320);
        let told = until_through(&mut world, &all).await;
        let once: Vec<i32> = told.iter().flat_map(ids).collect();
        assert_eq!(once.len(), all.len(), "{name}");
        assert_eq!(BTreeSet::from_iter(once), BTreeSet::from_iter(all), "{name}");
        let every = told.iter().flat_map(|done| &done.contracts_seen);
        assert!(every.clone().all(|seen| seen.shown == Some(true)), "{name}: gone");
        assert!(every.clone().all(|seen| seen.active == Some(true)), "{name}: active");
        assert!(world.calls(Endpoint::ContractsSummary) <= 5, "{name}");
        assert!(world.calls(Endpoint::ContractsLookup) <= 4, "{name}");
    }
}

#[tokio::test]
async fn where_few_are_ours_among_many_they_are_looked_up_also_where_no_total_tells_how_many_there_are() {
    for without_totals in [false, true] {
        let mut state = tenant(900);
        state.behaviour.lists.without_totals = without_totals;
        let mut world = World::new(state).await;
        let done = world.survey(&[5850, 5003], 1).await;
        assert_eq!(done.survey, Some(v1::SurveyDone { next_page: None, given_up: Some(false) }));
        assert_eq!(seen(&done, 5003).total, Some(42.0), "it was on the first page");
        let looked_up = seen(&done, 5850);
        assert_eq!((looked_up.total, looked_up.billing_cycle.as_ref()), (None, None));
        assert_eq!((looked_up.active, looked_up.shown), (Some(true), Some(true)));
        assert_eq!((world.calls(Endpoint::ContractsSummary), world.calls(Endpoint::ContractsLookup)), (1, 1));
    }
}

#[tokio::test]
async fn a_contract_on_no_page_is_looked_up_before_it_is_reported_gone() {
    let mut world = World::new(tenant(3)).await;
    let done = world.survey(&[5001, 5999], 1).await;
    assert_eq!(seen(&done, 5999).shown, Some(false));
    // The look-up includes one that exists: only if it finds that one is the other known to be gone.
    assert_eq!(world.calls(Endpoint::ContractsLookup), 2);
    let done = world.work(vec![surveyed(&done, simple(5999, "acme", 14))]).await;
    assert_eq!(came_out(&done, "acme", 5999), "not_sent CON-02");
}

/// One row of `contracts/summary`; a test overrides what it needs.
fn row(id: i32, status: &str, kind: &str) -> serde_json::Value {
    serde_json::json!({
        "id": id, "contractName": "Managed services", "accountName": "Panificio Niccolò", "contractType": kind,
        "contractBillingPrice": 42.0, "status": status, "contractNumber": "C-1", "billingCycle": "Monthly",
        "startDate": "2024-01-01T00:00:00", "endDate": "0001-01-01T00:00:00",
    })
}

#[tokio::test]
async fn a_word_for_the_status_that_is_not_known_is_settled_by_the_look_up() {
    let mut state = tenant(3);
    state.contract_mut(5002).expect("a contract").status = kaseya_simulator::ContractStatus::Inactive;
    let mut world = World::new(state).await;
    let rows = [row(5001, "Running", "Recurring Services"), row(5002, "Dormant", "Recurring Services")];
    let body = serde_json::json!({"success": true, "error": null, "result": rows, "totalRecords": 2});
    world.kaseya.fail(Endpoint::ContractsSummary, 1, Fault::Answer { status: 200, body });
    let survey = world.survey(&[5001, 5002], 1).await;
    assert_eq!((seen(&survey, 5001).active, seen(&survey, 5002).active), (Some(true), Some(false)));
    assert_eq!(seen(&survey, 5001).total, Some(42.0), "what the page showed beside stands");
    let work = [simple(5001, "acme", 14), simple(5002, "beta", 14)];
    let done = world.work(work.map(|work| surveyed(&survey, work)).into()).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(came_out(&done, "beta", 5002), "not_sent CON-02");
}

#[tokio::test]
async fn a_type_that_is_not_known_is_told_with_its_word_and_one_that_says_nothing_is_not_judged() {
    let mut world = World::new(tenant(2)).await;
    let rows = [row(5001, "Active", "Hyper Contract"), row(5002, "Active", "")];
    let body = serde_json::json!({"success": true, "error": null, "result": rows, "totalRecords": 2});
    world.kaseya.fail(Endpoint::ContractsSummary, 1, Fault::Answer { status: 200, body });
    let survey = world.survey(&[5001, 5002], 1).await;
    let work = [simple(5001, "acme", 14), simple(5002, "beta", 14)];
    let done = world.work(work.map(|work| surveyed(&survey, work)).into()).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent CON-03");
    let found = remarks(&done, "acme", 5001);
    let of_type = |found: &Remark| matches!(found, Remark::ContractOfType { contract_type, .. } if contract_type == "Hyper Contract");
    assert!(found.iter().any(of_type), "{found:?}");
    assert_eq!(came_out(&done, "beta", 5002), "changed");
}

#[tokio::test]
async fn what_fails_in_passing_is_gone_on_with_at_the_page_that_failed() {
    let mut world = World::new(tenant(250)).await;
    let all = all_of(250);
    for nth in 2..=4 {
        world.kaseya.fail(Endpoint::ContractsSummary, nth, Fault::BadGateway);
    }
    let done = world.survey(&all, 1).await;
    assert_eq!(done.survey, Some(v1::SurveyDone { next_page: Some(2), given_up: Some(false) }));
    let (rest, not_before, code) = left(&done);
    assert_eq!((rest, code.as_deref()), (all[100..].to_vec(), Some("NET-01")));
    assert!(not_before.is_some());
    assert_eq!(ids(&done), all[..100], "what was seen before is told");
    let done = world.survey(&all[100..], 2).await;
    assert_eq!((ids(&done), done.left_over), (all[100..].to_vec(), None));
}

#[tokio::test]
async fn the_call_limit_is_waited_out_and_a_spent_allowance_goes_on_at_once() {
    let mut world = World::new(tenant(250)).await;
    let all = all_of(250);
    let limited = Fault::Answer { status: 429, body: serde_json::json!({}) };
    world.kaseya.fail(Endpoint::ContractsSummary, 1, limited);
    let done = world.survey(&all, 1).await;
    assert_eq!(done.survey, Some(v1::SurveyDone { next_page: Some(1), given_up: Some(false) }));
    let until = Some("2026-12-01T05:10:00Z".to_owned());
    assert_eq!(left(&done), (all.clone(), until, Some("LIM-01".to_owned())));

    world.script().content.allowance = Some(v1::CallAllowance { v2: Some(2), v1: Some(0) });
    let done = world.survey(&all, 1).await;
    assert_eq!(done.survey.and_then(|end| end.next_page), Some(3), "the login was made before");
    assert_eq!(left(&done), (all[200..].to_vec(), None, None));
}

#[tokio::test]
async fn what_stands_against_the_whole_survey_gives_it_up_and_each_contract_is_then_looked_up_by_itself() {
    for fault in [
        Fault::NoSuccess("Nope".into()),
        Fault::Answer { status: 403, body: serde_json::json!({}) },
        Fault::Answer { status: 404, body: serde_json::json!({}) },
    ] {
        let mut world = World::new(tenant(250)).await;
        let all = all_of(250);
        world.kaseya.fail(Endpoint::ContractsSummary, 2, fault.clone());
        let survey = world.survey(&all, 1).await;
        assert_eq!(
            survey.survey,
            Some(v1::SurveyDone { next_page: None, given_up: Some(true) }),
            "{fault:?}"
        );
        assert_eq!((ids(&survey), &survey.left_over), (all[..100].to_vec(), &None), "{fault:?}");
        assert_eq!(survey.host(), v1::HostHealth::Answered, "{fault:?}");
        let done = world.work(vec![surveyed(&survey, simple(5200, "acme", 14))]).await;
        assert_eq!(came_out(&done, "acme", 5200), "changed", "{fault:?}");
        let said = "it, whose it is, and that no account is shown those of another";
        assert_eq!(world.calls(Endpoint::ContractsLookup), 3, "{fault:?}: {said}");
    }
}

#[tokio::test]
async fn a_last_failure_in_passing_gives_the_survey_up() {
    let mut world = World::new(tenant(250)).await;
    world.script().content.setbacks = Some(4);
    world.kaseya.fail(Endpoint::ContractsSummary, 1, Fault::Truncated);
    let done = world.survey(&all_of(250), 1).await;
    assert_eq!(done.survey, Some(v1::SurveyDone { next_page: None, given_up: Some(true) }));
    assert_eq!((done.contracts_seen.len(), done.left_over), (0, None));
}

#[tokio::test]
async fn b_03_a_survey_whose_login_is_refused_says_so_and_is_not_tried_again() {
    let mut state = tenant(2);
    state.login.password = "another".into();
    let mut world = World::new(state).await;
    let done = world.survey(&[5001, 5002], 1).await;
    assert_eq!(
        (done.login(), done.credentials_code.as_deref()),
        (v1::LoginOutcome::Refused, Some("AUTH-01"))
    );
    assert_eq!(done.survey.and_then(|end| end.given_up), Some(true));
    world.survey(&[5001, 5002], 1).await;
    assert_eq!(world.calls(Endpoint::Authenticate), 1);
}

#[tokio::test]
async fn a_worker_that_is_stopping_ends_its_page_and_hands_the_rest_back() {
    let mut world = World::new(tenant(250)).await;
    let all = all_of(250);
    let hold = world.kaseya.hold(Endpoint::ContractsSummary, 1, kaseya_simulator::HoldAt::BeforeApply);
    world.script().content.survey = Some(survey_work(&all, 1));
    world.ticket(Vec::new(), 1).await;
    hold.reached().await;
    world.stop.cancel();
    hold.release();
    let done = world.done().await;
    assert_eq!(done.survey, Some(v1::SurveyDone { next_page: Some(2), given_up: Some(false) }));
    assert_eq!((ids(&done), left(&done)), (all[..100].to_vec(), (all[100..].to_vec(), None, None)));
    assert_eq!(world.calls(Endpoint::ContractsSummary), 1);
}
