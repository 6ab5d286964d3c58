//! A contract's own terms: its first day, and its billing cycle (D-12).

use domain::Remark;
use jiff::civil::date;
use kaseya_simulator::{Endpoint, State};
use messages::v1;
use uuid::Uuid;

use crate::{
    job::{addend, approval, came_out, contract, outcome, remarks, simple, surveyed, target},
    world::{World, state},
};

fn billed(cycle: &str) -> State {
    let mut state = state();
    state.contract_mut(5001).expect("a contract").billing_cycle = cycle.into();
    state
}

/// The contract's work in a new run, with what an earlier run's survey showed.
fn seen_earlier(survey: &v1::JobDone, work: v1::ContractWork) -> v1::ContractWork {
    let v1::ContractWork { seen, .. } = surveyed(survey, work.clone());
    v1::ContractWork { last_seen: seen, ..work }
}

#[tokio::test]
async fn d_12_a_change_counts_from_the_contracts_own_start_however_that_is_known() {
    for known in ["by this run's survey", "by an earlier run's", "by asking"] {
        let mut state = state();
        state.contract_mut(5001).expect("a contract").start = "2026-11-20".parse().expect("a day");
        let mut world = World::new(state).await;
        let work = simple(5001, "acme", 14);
        let work = match known {
            "by this run's survey" => surveyed(&world.survey(&[5001], 1).await, work),
            "by an earlier run's" => seen_earlier(&world.survey(&[5001], 1).await, work),
            _ => work,
        };
        let done = world.work(vec![work]).await;
        assert_eq!(came_out(&done, "acme", 5001), "changed", "{known}");
        let product = &outcome(&done, "acme", 5001).products[0];
        assert_eq!(product.effective_date.as_deref(), Some("2026-11-20"), "{known}");
        assert_eq!(world.kaseya.history()[0].effective_date.to_string(), "2026-11-20", "{known}");
        assert_eq!(world.calls(Endpoint::ContractsSummary), 1, "{known}");
    }
}

#[tokio::test]
async fn s_30_a_line_that_somebody_dated_later_says_so_whether_it_is_changed_or_not() {
    for (users, state_of_it) in [(12, "unchanged"), (14, "changed")] {
        let mut state = state();
        state.line_mut(5001, 90_011).expect("a line").effective_date = "2026-11-10".parse().expect("a day");
        let mut world = World::new(state).await;
        let done = world.work(vec![simple(5001, "acme", users)]).await;
        assert_eq!(came_out(&done, "acme", 5001), state_of_it);
        let later = Remark::CountsLater { service: "Service 701".to_owned(), from_day: date(2026, 11, 10) };
        assert_eq!(remarks(&done, "acme", 5001), [later]);
    }
}

#[tokio::test]
async fn per_03_a_contract_that_begins_after_its_end_takes_no_change() {
    let mut state = state();
    let edited = state.contract_mut(5001).expect("a contract");
    edited.start = "2026-12-20".parse().expect("a day");
    edited.end = Some("2026-12-10".parse().expect("a day"));
    let mut world = World::new(state).await;
    let survey = world.survey(&[5001], 1).await;
    let done = world.work(vec![surveyed(&survey, simple(5001, "acme", 14))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent PER-03");
}

#[tokio::test]
async fn d_12_what_is_not_billed_monthly_is_held_with_its_cycle_until_a_person_has_chosen() {
    let mut world = World::new(billed("Contract Length")).await;
    let survey = world.survey(&[5001], 1).await;
    let work = surveyed(&survey, simple(5001, "acme", 14));
    let done = world.work(vec![work.clone()]).await;
    assert_eq!(came_out(&done, "acme", 5001), "held PER-01");
    let held = outcome(&done, "acme", 5001);
    let product = &held.products[0];
    assert_eq!(product.brake.as_deref(), Some("billing_cycle"));
    assert_eq!((product.from_units, product.to_units), (Some(12.0), Some(14)));
    assert_eq!(product.effective_date.as_deref(), Some("2026-11-01"));
    let found = remarks(&done, "acme", 5001);
    let to_choose = |found: &Remark| matches!(found, Remark::CycleToChoose { billing_cycle, .. } if billing_cycle == "Contract Length");
    assert!(found.iter().any(to_choose), "{found:?}");
    assert!(world.script().permits.is_empty(), "what is held asks for no permit");

    let equal = surveyed(&survey, simple(5001, "acme", 12));
    assert_eq!(came_out(&world.work(vec![equal]).await, "acme", 5001), "unchanged", "nothing to count");
    let done = world.work(vec![v1::ContractWork { billing_chosen: Some(true), ..work }]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(world.units(5001, 90_011), 14.0);
}

#[tokio::test]
async fn b_01_a_person_may_approve_one_change_of_it() {
    let mut world = World::new(billed("Yearly")).await;
    let approval = approval(12.0, 14);
    let wanting = v1::TargetWork { approval, ..target(701, vec![addend("acme", "standard", 14)]) };
    let survey = world.survey(&[5001], 1).await;
    let done = world.work(vec![surveyed(&survey, contract(5001, vec![wanting]))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    let asked = world.script().permits[0].changes[0].approved_hold_id.clone();
    assert_eq!(asked, Some(Uuid::from_u128(9).to_string()));
}

#[tokio::test]
async fn a_cycle_that_says_nothing_is_not_judged() {
    for cycle in ["", "2"] {
        let mut world = World::new(billed(cycle)).await;
        let survey = world.survey(&[5001], 1).await;
        let done = world.work(vec![surveyed(&survey, simple(5001, "acme", 14))]).await;
        assert_eq!(came_out(&done, "acme", 5001), "changed", "{cycle:?}");
    }
}

#[tokio::test]
async fn an_earlier_surveys_fault_is_looked_up_again_before_it_is_reported() {
    let mut world = World::new(billed("Yearly")).await;
    let survey = world.survey(&[5001], 1).await;
    let work = seen_earlier(&survey, simple(5001, "acme", 14));
    assert_eq!(came_out(&world.work(vec![work.clone()]).await, "acme", 5001), "held PER-01");
    let fix =
        |state: &mut State| state.contract_mut(5001).expect("a contract").billing_cycle = "Monthly".into();
    world.kaseya.edit(fix).expect("edited");
    let done = world.work(vec![work]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    let seen = &done.contracts_seen[0];
    let shown = (seen.contract_id, seen.billing_cycle.as_deref(), seen.total);
    assert_eq!(shown, (Some(5001), Some("Monthly"), None));
    assert_eq!(world.calls(Endpoint::ContractsSummary), 3, "the survey, and once before each change");
}

#[tokio::test]
async fn a_contract_that_is_not_found_under_its_names_goes_by_what_is_at_hand() {
    let mut builder = State::builder().account(301, "Panificio").service(701, "Password Boss Standard", 3.5);
    for id in 5001..=5150 {
        builder = builder.contract(id, 301, "Managed services").line(id + 100_000, 701, 12.0);
    }
    let mut world = World::new(builder.build()).await;
    let done = world.work(vec![simple(5140, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5140), "changed", "nothing is known of its terms");
    assert!(done.contracts_seen.is_empty());
    let last_seen = v1::ContractSeen {
        contract_id: Some(5141),
        shown: Some(true),
        contract_type: Some("Recurring Services".into()),
        billing_cycle: Some("Yearly".into()),
        seen_at: Some(messages::field::wire_instant(crate::world::NOW.parse().expect("an instant"))),
        ..v1::ContractSeen::default()
    };
    let work = v1::ContractWork { last_seen: Some(last_seen), ..simple(5141, "beta", 14) };
    assert_eq!(came_out(&world.work(vec![work]).await, "beta", 5141), "held PER-01");
}
