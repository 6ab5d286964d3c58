//! Plan switches (B-07): the fall first, both or neither; and a rise without a fall of the old line (MAP-03).

use domain::{OldLine, Remark, ServiceId};
use kaseya_simulator::{Endpoint, Fault, State};
use messages::v1::{self, ChangeResult};
use serde_json::json;

use crate::{
    job::{addend, approval, came_out, contract, left, outcome, remarks, results, target},
    world::{World, grant_all, state},
};

/// A target with a line that was last seen to hold `before` users of acme, in run 5.
fn moved(service: i32, product: &str, before: u32, now: impl Into<Option<u32>>) -> v1::TargetWork {
    let share = v1::Share { company_id: "acme".into(), product_id: product.into(), units: Some(before) };
    let shares = Some(v1::SharesSeen { shares: vec![share], run_number: Some(5) });
    v1::TargetWork { shares, ..target(service, vec![addend("acme", product, now)]) }
}

/// Some of acme's 12 Standard and 3 Advanced have moved. The rise is listed first: its order must not matter.
fn switch(standard: u32, advanced: u32) -> v1::ContractWork {
    contract(5001, vec![moved(702, "advanced", 3, advanced), moved(701, "standard", 12, standard)])
}

fn product<'a>(done: &'a v1::JobDone, contract: i32, name: &str) -> &'a v1::ProductOutcome {
    let products = &outcome(done, "acme", contract).products;
    products.iter().find(|product| product.product_id == name).expect("the product is told of")
}

/// State, code and brake of acme's product.
fn of_product(done: &v1::JobDone, contract: i32, name: &str) -> String {
    let product = product(done, contract, name);
    let parts = [Some(&product.state), product.code.as_ref(), product.brake.as_ref()];
    parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
}

fn writes(world: &World) -> Vec<String> {
    let history = world.kaseya.history();
    history.iter().map(|write| format!("{} {}→{}", write.line, write.from, write.to)).collect()
}

/// The pair ids in the first permit request.
fn asked_pairs(world: &World) -> Vec<Option<String>> {
    world.script().permits[0].changes.iter().map(|change| change.pair_id.clone()).collect()
}

#[tokio::test]
async fn b_07_the_fall_is_written_first_and_both_under_one_pair() {
    let mut world = World::new(state()).await;
    let done = world.work(vec![switch(9, 6)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(writes(&world), ["90011 12→9", "90012 3→6"]);
    let pairs = asked_pairs(&world);
    assert!(pairs[0].is_some() && pairs[0] == pairs[1], "{pairs:?}");
    for name in ["standard", "advanced"] {
        assert_eq!(product(&done, 5001, name).pair_id, pairs[0]);
    }
    assert_eq!(world.script().permits.len(), 1, "both are asked for at once");
}

#[tokio::test]
async fn b_07_without_a_move_of_users_there_is_no_pair() {
    let mut world = World::new(state()).await;
    // It is unknown which users were on the lines.
    let targets = vec![
        target(702, vec![addend("acme", "advanced", 6)]),
        target(701, vec![addend("acme", "standard", 9)]),
    ];
    let done = world.work(vec![contract(5001, targets)]).await;
    assert_eq!(writes(&world), ["90012 3→6", "90011 12→9"]);
    assert_eq!(asked_pairs(&world), [None, None]);
    assert_eq!(product(&done, 5001, "advanced").pair_id, None);
}

#[tokio::test]
async fn b_07_where_one_half_is_held_both_wait_in_one_approval() {
    let mut world = World::new(state()).await;
    let done = world.work(vec![switch(0, 6)]).await;
    assert_eq!(of_product(&done, 5001, "standard"), "held QTY-01 fall_to_zero");
    assert_eq!(of_product(&done, 5001, "advanced"), "held MAP-03 plan_switch");
    let pair = &product(&done, 5001, "standard").pair_id;
    assert!(pair.is_some());
    assert_eq!(&product(&done, 5001, "advanced").pair_id, pair);
    let switch = Remark::PlanSwitch { falls: "Service 701".to_owned(), rises: "Service 702".to_owned() };
    assert_eq!(remarks(&done, "acme", 5001), [switch]);
    assert!(writes(&world).is_empty() && world.script().permits.is_empty());
}

#[tokio::test]
async fn b_07_an_approval_of_both_sends_both_and_one_that_no_longer_stands_sends_neither() {
    let mut world = World::new(state()).await;
    let approve =
        |from, units, target: v1::TargetWork| v1::TargetWork { approval: approval(from, units), ..target };
    let job = |advanced, approved| {
        let rise = approve(3.0, approved, moved(702, "advanced", 3, advanced));
        vec![contract(5001, vec![rise, approve(12.0, 0, moved(701, "standard", 12, 0))])]
    };
    // A number far from the approved one: with the rise, the approved fall waits too.
    let done = world.work(job(30, 15)).await;
    assert_eq!(of_product(&done, 5001, "advanced"), "held QTY-01 large_change");
    assert_eq!(of_product(&done, 5001, "standard"), "held MAP-03 plan_switch");
    assert!(writes(&world).is_empty());
    let done = world.work(job(15, 15)).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(writes(&world), ["90011 12→0", "90012 3→15"]);
}

#[tokio::test]
async fn b_07_the_rise_waits_with_a_fall_whose_answer_is_lost() {
    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::DropBeforeApply);
    let done = world.work(vec![switch(9, 6)]).await;
    assert_eq!(results(&done), [ChangeResult::Unsure, ChangeResult::NotBegun]);
    assert_eq!(of_product(&done, 5001, "standard"), "deferred NET-02");
    assert_eq!(of_product(&done, 5001, "advanced"), "deferred NET-02");
    assert_eq!(left(&done), (vec![5001], Some("2026-12-01T05:10:00Z".into()), Some("NET-02".into())));
    assert!(writes(&world).is_empty());

    // While the line is left alone, the rise waits too; no permit is requested.
    let mut waiting = switch(9, 6);
    let until = messages::field::wire_instant("2026-12-01T05:10:00Z".parse().expect("an instant"));
    waiting.targets[1].unsure_until = Some(until);
    let done = world.work(vec![waiting]).await;
    assert_eq!(of_product(&done, 5001, "advanced"), "deferred NET-02");
    assert_eq!(left(&done), (vec![5001], Some("2026-12-01T05:10:00Z".into()), Some("NET-02".into())));
    assert_eq!(world.script().permits.len(), 1);
    assert_eq!(world.units(5001, 90_012), 3.0);
}

#[tokio::test]
async fn b_07_a_fall_that_landed_although_its_answer_was_lost_is_followed_by_its_rise_at_once() {
    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::ApplyThenDrop);
    let done = world.work(vec![switch(9, 6)]).await;
    assert_eq!(results(&done), [ChangeResult::Confirmed, ChangeResult::NotBegun]);
    assert_eq!(left(&done), (vec![5001], None, None));

    // The ledger's next job: only the rise of the pair is left.
    let pair = asked_pairs(&world)[0].clone();
    let mut rest = switch(9, 6);
    rest.targets[0].begun_pair_id = pair.clone();
    let done = world.work(vec![rest]).await;
    assert_eq!(of_product(&done, 5001, "standard"), "unchanged");
    assert_eq!(of_product(&done, 5001, "advanced"), "changed");
    assert_eq!(world.script().permits[1].changes[0].pair_id, pair);
    assert_eq!(writes(&world), ["90011 12→9", "90012 3→6"]);
}

#[tokio::test]
async fn b_07_where_kaseya_refuses_the_fall_the_rise_is_not_sent() {
    let mut world = World::new(state()).await;
    let refusal = json!({"ResponseCode": 400, "Status": "Error", "Error": "No", "Result": null});
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status: 400, body: refusal });
    let done = world.work(vec![switch(9, 6)]).await;
    assert_eq!(results(&done), [ChangeResult::Refused, ChangeResult::NotBegun]);
    assert_eq!(of_product(&done, 5001, "advanced"), "not_sent MAP-03");
    assert_eq!(left(&done), (vec![], None, None));
    assert!(writes(&world).is_empty());
}

#[tokio::test]
async fn case_a17_a_rise_that_kaseya_refuses_after_its_fall_says_so() {
    let mut world = World::new(state()).await;
    let refusal = json!({"ResponseCode": 400, "Status": "Error", "Error": "No", "Result": null});
    world.kaseya.fail(Endpoint::WriteLine, 2, Fault::Answer { status: 400, body: refusal });
    let done = world.work(vec![switch(9, 6)]).await;
    assert_eq!(results(&done), [ChangeResult::Confirmed, ChangeResult::Refused]);
    // The row is not green. It has the code, Kaseya's words, what was sent and what was not.
    assert_eq!(came_out(&done, "acme", 5001), "not_sent UNK-01");
    assert_eq!(outcome(&done, "acme", 5001).kaseya_says.as_deref(), Some("No"));
    assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(false));
    assert_eq!(of_product(&done, 5001, "standard"), "changed");
    assert_eq!(of_product(&done, 5001, "advanced"), "not_sent UNK-01");
    let said = remarks(&done, "acme", 5001);
    assert!(said.contains(&Remark::RiseRefused), "{said:?}");
    assert_eq!(writes(&world), ["90011 12→9"]);
    // The next run finishes the pair: only the rise.
    let pair = asked_pairs(&world)[0].clone();
    let mut rest = switch(9, 6);
    rest.targets[0].begun_pair_id = pair;
    let done = world.work(vec![rest]).await;
    assert_eq!(of_product(&done, 5001, "advanced"), "changed");
}

#[tokio::test]
async fn b_07_a_pair_that_is_denied_by_the_runs_brake_is_held_as_one() {
    let mut world = World::new(state()).await;
    world.on_permit(|asked| {
        let denied = asked.changes.iter().map(|change| v1::DeniedChange {
            intent_id: change.intent_id.clone(),
            reason: v1::DenialReason::ManyCompanies.into(),
        });
        let denied = denied.collect();
        v1::permit_answer::Answer::Permit(v1::Permit { seconds: Some(30), denied, ..v1::Permit::default() })
    });
    let done = world.work(vec![switch(9, 6)]).await;
    let pair = asked_pairs(&world)[0].clone();
    for name in ["standard", "advanced"] {
        assert_eq!(of_product(&done, 5001, name), "held QTY-01 many_companies");
        assert_eq!(product(&done, 5001, name).pair_id, pair);
    }
    assert!(writes(&world).is_empty());
}

#[tokio::test]
async fn b_07_a_rise_whose_fall_was_left_out_of_the_permit_is_not_begun() {
    let mut world = World::new(state()).await;
    world.on_permit(|asked| {
        let v1::permit_answer::Answer::Permit(permit) = grant_all(asked) else { unreachable!("it grants") };
        let rise = asked.changes.iter().filter(|change| change.service_id == Some(702));
        let granted_intent_ids = rise.map(|change| change.intent_id.clone()).collect();
        v1::permit_answer::Answer::Permit(v1::Permit { granted_intent_ids, ..permit })
    });
    let done = world.work(vec![switch(9, 6)]).await;
    assert_eq!(results(&done), [ChangeResult::NotBegun]);
    assert_eq!(left(&done).0, [5001]);
    assert!(writes(&world).is_empty());
}

/// Advanced has a contract of its own, in the same account.
fn two_contracts() -> State {
    State::builder()
        .account(301, "Panificio Niccolò")
        .service(701, "Password Boss Standard", 3.5)
        .service(702, "Password Boss Advanced", 5.0)
        .contract(5001, 301, "Advanced alone")
        .line(90_012, 702, 3.0)
        .contract(5002, 301, "Managed services")
        .line(90_021, 701, 12.0)
        .build()
}

fn across(standard: u32, advanced: u32) -> Vec<v1::ContractWork> {
    vec![
        contract(5001, vec![moved(702, "advanced", 3, advanced)]),
        contract(5002, vec![moved(701, "standard", 12, standard)]),
    ]
}

#[tokio::test]
async fn b_07_the_halves_may_be_on_two_contracts_of_the_account() {
    let mut world = World::new(two_contracts()).await;
    let done = world.work(across(9, 6)).await;
    assert_eq!(writes(&world), ["90021 12→9", "90012 3→6"]);
    assert_eq!([5001, 5002].map(|contract| came_out(&done, "acme", contract)), ["changed", "changed"]);
    assert_eq!(product(&done, 5001, "advanced").pair_id, product(&done, 5002, "standard").pair_id);

    let mut world = World::new(two_contracts()).await;
    let done = world.work(across(0, 6)).await;
    assert_eq!(of_product(&done, 5001, "advanced"), "held MAP-03 plan_switch");
    assert_eq!(of_product(&done, 5002, "standard"), "held QTY-01 fall_to_zero");
    assert!(writes(&world).is_empty());
}

#[tokio::test]
async fn b_07_where_one_of_two_contracts_cannot_be_read_neither_is_written() {
    let mut world = World::new(two_contracts()).await;
    // The second contract's reading, with the client's own retries.
    for nth in 2..=4 {
        world.kaseya.fail(Endpoint::ContractLines, nth, Fault::BadGateway);
    }
    let done = world.work(across(9, 6)).await;
    assert!(done.companies.iter().all(|company| company.contract_id == Some(5002)), "{done:?}");
    let (contracts, _, code) = left(&done);
    assert_eq!((contracts, code.as_deref()), (vec![5001, 5002], Some("NET-01")));
    assert!(writes(&world).is_empty());
}

#[tokio::test]
async fn map_03_users_who_left_a_product_without_service_are_not_billed_twice() {
    let mut world = World::new(state()).await;
    let left_behind = vec![v1::LeftBehindProduct {
        company_id: "acme".into(),
        product_id: "standard".into(),
        service_id: Some(701),
        run_number: Some(5),
    }];
    let job = |target| v1::ContractWork { left_behind: left_behind.clone(), ..contract(5001, vec![target]) };
    let done = world.work(vec![job(moved(702, "advanced", 3, 6))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "held MAP-03");
    assert_eq!(of_product(&done, 5001, "advanced"), "held MAP-03 plan_switch");
    assert_eq!(product(&done, 5001, "advanced").pair_id, None, "there is no other half to be approved");
    let old = OldLine { service_id: ServiceId(701), service: None, shown: 12.0 };
    let stays = Remark::OldLinesStay { rises: "Service 702".to_owned(), old_lines: vec![old] };
    assert_eq!(remarks(&done, "acme", 5001), [stays]);
    assert!(writes(&world).is_empty());

    // A person approves the rise alone.
    let approval = approval(3.0, 6);
    let done = world.work(vec![job(v1::TargetWork { approval, ..moved(702, "advanced", 3, 6) })]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    // Once the old line is at 0 nothing blocks the rise.
    world.kaseya.edit(|state| state.line_mut(5001, 90_011).expect("a line").units = 0.0).expect("no file");
    let done = world.work(vec![job(moved(702, "advanced", 6, 8))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
}

#[tokio::test]
async fn map_03_a_rise_whose_old_line_cannot_be_written_waits_for_a_person() {
    let twice = State::builder()
        .account(301, "Panificio Niccolò")
        .service(701, "Password Boss Standard", 3.5)
        .service(702, "Password Boss Advanced", 5.0)
        .contract(5001, 301, "Managed services")
        .line(90_011, 701, 12.0)
        .line(90_012, 702, 3.0)
        .line(90_013, 701, 1.0)
        .build();
    let mut world = World::new(twice).await;
    let done = world.work(vec![switch(9, 6)]).await;
    assert_eq!(of_product(&done, 5001, "standard"), "not_sent SVC-03");
    assert_eq!(of_product(&done, 5001, "advanced"), "held MAP-03 plan_switch");
    let old = OldLine { service_id: ServiceId(701), service: Some("Service 701".to_owned()), shown: 13.0 };
    let stays = Remark::OldLinesStay { rises: "Service 702".to_owned(), old_lines: vec![old] };
    let found = remarks(&done, "acme", 5001);
    assert!(found.contains(&stays), "{found:?}");
    assert!(writes(&world).is_empty());
}

#[tokio::test]
async fn case_a17_where_the_rise_cannot_be_written_the_fall_does_not_go_alone() {
    let rises = "Service 703".to_owned();
    let stays = Remark::RiseNotSent { falls: "Service 701".to_owned(), rises };
    // The new service is not on the contract, or its own contract does not exist.
    for contracts in [
        vec![contract(5001, vec![moved(703, "advanced", 0, 2), moved(701, "standard", 12, 10)])],
        vec![
            contract(5999, vec![moved(703, "advanced", 0, 2)]),
            contract(5001, vec![moved(701, "standard", 12, 10)]),
        ],
    ] {
        let mut world = World::new(state()).await;
        let done = world.work(contracts).await;
        assert_eq!(of_product(&done, 5001, "standard"), "held MAP-03 plan_switch");
        assert!(remarks(&done, "acme", 5001).contains(&stays), "{:?}", remarks(&done, "acme", 5001));
        assert!(writes(&world).is_empty() && world.script().permits.is_empty());
    }
    // A person approves the fall alone.
    let mut world = World::new(state()).await;
    let approved = v1::TargetWork { approval: approval(12.0, 10), ..moved(701, "standard", 12, 10) };
    let done = world.work(vec![contract(5001, vec![moved(703, "advanced", 0, 2), approved])]).await;
    assert_eq!(of_product(&done, 5001, "standard"), "changed");
    assert_eq!(writes(&world), ["90011 12→10"]);
}
