//! A tenant with lines that do not fit its line profile (LIN-01), as opposed to one contract with an odd response.

use domain::{AnswerFault, Remark};
use kaseya_simulator::{Change, Endpoint, Fault, LineForm, State};
use messages::v1::{self, ChangeResult, HostHealth};
use serde_json::json;

use crate::{
    job::{came_out, left, remarks, results, simple, surveyed},
    world::{World, state},
};

const COMPANIES: [(&str, i32); 5] =
    [("acme", 5001), ("beta", 5002), ("gamma", 5003), ("delta", 5004), ("epsilon", 5005)];

fn five() -> Vec<v1::ContractWork> {
    COMPANIES.into_iter().map(|(company, contract)| simple(contract, company, 14)).collect()
}

/// One contract per company, in the form that the tenant has now.
fn tenant(form: LineForm) -> State {
    let mut builder = State::builder().account(301, "Client").service(701, "Password Boss Standard", 3.5);
    for (_, id) in COMPANIES {
        builder =
            builder.contract(id, 301, "Managed").line(85_000 + id, 701, 12.0).line(95_000 + id, 702, 1.0);
    }
    let mut state = builder.build();
    state.behaviour.lines.form = form;
    state
}

#[tokio::test]
async fn lin_01_a_tenant_of_another_form_is_stopped_after_three_contracts() {
    let renamed = [("Units".to_owned(), "Quantity".to_owned())];
    for (form, fault) in [
        (LineForm { inside: Some("Services".to_owned()), ..LineForm::default() }, AnswerFault::NoList),
        (LineForm { names: renamed.into(), ..LineForm::default() }, AnswerFault::LineWithoutUnits),
        (LineForm { without_status: true, ..LineForm::default() }, AnswerFault::NoOutcome),
        (LineForm { done: "Fatto".to_owned(), ..LineForm::default() }, AnswerFault::NoOutcome),
    ] {
        let mut world = World::new(tenant(form)).await;
        let done = world.work(five()).await;
        let endpoint = "GET /api/finance/contracts/{contractId}/services".to_owned();
        for (company, contract) in COMPANIES {
            assert_eq!(came_out(&done, company, contract), "not_sent LIN-01", "{fault:?}");
            let said = Remark::AnswerUnusable { endpoint: endpoint.clone(), fault };
            assert_eq!(remarks(&done, company, contract), [said]);
        }
        // Nothing is retried automatically, and nothing was written.
        assert_eq!((left(&done), done.host()), ((vec![], None, None), HostHealth::Answered));
        assert_eq!((world.calls(Endpoint::ContractLines), world.calls(Endpoint::WriteLine)), (3, 0));
    }
}

#[tokio::test]
async fn lin_01_a_route_that_is_served_for_no_contract_is_the_profiles_fault() {
    for status in [404, 405] {
        let mut world = World::new(tenant(LineForm::default())).await;
        for nth in 1..=5 {
            world.kaseya.fail(Endpoint::ContractLines, nth, Fault::Answer { status, body: json!({}) });
        }
        let done = world.work(five()).await;
        for (company, contract) in COMPANIES {
            assert_eq!(came_out(&done, company, contract), "not_sent LIN-01", "{status}");
        }
        assert_eq!(world.calls(Endpoint::ContractLines), 3);
    }
}

#[tokio::test]
async fn lin_01_one_odd_contract_stops_no_tenant_also_where_it_comes_first() {
    let without = || Fault::Without(vec!["Units".to_owned()]);
    for (fault, came) in [
        (without(), "deferred UNK-01"),
        (Fault::Answer { status: 404, body: json!({}) }, "not_sent UNK-01"),
        (Fault::Answer { status: 200, body: json!({"Status": "OK", "Error": "None"}) }, "deferred UNK-01"),
    ] {
        let mut world = World::new(tenant(LineForm::default())).await;
        (1..=2).for_each(|nth| world.kaseya.fail(Endpoint::ContractLines, nth, fault.clone()));
        let done = world.work(five()).await;
        for (company, contract) in &COMPANIES[..2] {
            assert_eq!(came_out(&done, company, *contract), came, "{fault:?}");
        }
        for (company, contract) in &COMPANIES[2..] {
            assert_eq!(came_out(&done, company, *contract), "changed", "{fault:?}");
        }
    }
    // One odd row says nothing about the profile, even if there is only one contract.
    let mut state = tenant(LineForm::default());
    state.contract_mut(5001).expect("a contract").lines[1].extras.insert("units".to_owned(), json!(5));
    let mut world = World::new(state).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred UNK-01");
}

#[tokio::test]
async fn lin_01_three_odd_contracts_at_the_front_stop_none_behind_them() {
    let mut world = World::new(tenant(LineForm::default())).await;
    // The third one read is the last of all, and it is read again after its change.
    for nth in [1, 2, 5] {
        world.kaseya.fail(Endpoint::ContractLines, nth, Fault::Without(vec!["Units".to_owned()]));
    }
    let done = world.work(five()).await;
    for (company, contract) in &COMPANIES[..3] {
        assert_eq!(came_out(&done, company, *contract), "deferred UNK-01");
    }
    for (company, contract) in &COMPANIES[3..] {
        assert_eq!(came_out(&done, company, *contract), "changed");
    }
}

#[tokio::test]
async fn lin_01_an_odd_value_is_its_own_contracts_fault_also_where_it_is_alone() {
    for (name, odd) in
        [("Units", json!(null)), ("EffectiveDate", json!("soon")), ("EffectiveDate", json!("2026-02-30"))]
    {
        let mut row = json!({"Id": 90_001, "ContractId": 5001, "ServiceId": 701, "Units": 12});
        row[name] = odd.clone();
        let body = json!({"Status": "OK", "Error": "None", "Result": [row], "TotalRecords": 1});
        let mut world = World::new(tenant(LineForm::default())).await;
        world.kaseya.fail(Endpoint::ContractLines, 1, Fault::Answer { status: 200, body });
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(came_out(&done, "acme", 5001), "deferred UNK-01", "{name}: {odd}");
        assert_eq!(world.calls(Endpoint::WriteLine), 0);
    }
}

#[tokio::test]
async fn lin_01_pages_faults_and_broken_answers_are_what_they_were() {
    for (fault, times, came) in [
        (Fault::Page { status: 200 }, 3, "deferred NET-01"),
        (Fault::Page { status: 404 }, 1, "not_sent HOST-01"),
        (Fault::BadGateway, 3, "deferred NET-01"),
        (Fault::Answer { status: 500, body: json!({}) }, 3, "deferred NET-01"),
        // A gateway's response, not Kaseya's.
        (Fault::Answer { status: 404, body: json!("404 page not found") }, 3, "deferred NET-01"),
        (Fault::Truncated, 1, "deferred UNK-01"),
        (Fault::NullResult, 1, "deferred UNK-01"),
        (Fault::NoSuccess("Nope".to_owned()), 1, "not_sent UNK-01"),
        (Fault::Answer { status: 403, body: json!({}) }, 1, "not_sent AUTH-06"),
    ] {
        let mut world = World::new(tenant(LineForm::default())).await;
        (1..=times).for_each(|nth| world.kaseya.fail(Endpoint::ContractLines, nth, fault.clone()));
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(came_out(&done, "acme", 5001), came, "{fault:?}");
    }
}

#[tokio::test]
async fn lin_01_a_contract_that_went_since_the_survey_is_con_02() {
    let mut world = World::new(state()).await;
    let survey = world.survey(&[5001], 1).await;
    world.kaseya.edit(|state| state.contracts.retain(|contract| contract.id != 5001)).expect("edited");
    let done = world.work(vec![surveyed(&survey, simple(5001, "acme", 14))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent CON-02");
    // A contract that exists does say something about the profile.
    let mut world = World::new(state()).await;
    let survey = world.survey(&[5001], 1).await;
    world.kaseya.fail(Endpoint::ContractLines, 1, Fault::Answer { status: 404, body: json!({}) });
    let done = world.work(vec![surveyed(&survey, simple(5001, "acme", 14))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent LIN-01");
}

#[tokio::test]
async fn lin_01_a_write_that_is_not_served_says_so_and_that_it_was_sent() {
    for status in [404, 405] {
        let mut world = World::new(state()).await;
        world.kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status, body: json!({}) });
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!(
            (results(&done), came_out(&done, "acme", 5001)),
            (vec![ChangeResult::Refused], "not_sent LIN-01".into())
        );
        assert_eq!(remarks(&done, "acme", 5001), [Remark::ChangeRefused { sent: 14, status }]);
    }
}

#[tokio::test]
async fn lin_01_a_write_of_a_line_that_has_just_been_deleted_is_svc_01() {
    let mut world = World::new(state()).await;
    let goes = Change::LineGoes { contract: 5001, line: 90_011 };
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::Meanwhile(goes));
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(
        (results(&done), came_out(&done, "acme", 5001)),
        (vec![ChangeResult::Refused], "not_sent SVC-01".into())
    );
    assert!(matches!(remarks(&done, "acme", 5001)[..], [Remark::LineMissing { .. }]));
}

#[tokio::test]
async fn lin_01_a_stored_profile_that_cannot_be_read_is_said_without_a_call() {
    let mut world = World::new(state()).await;
    if let Some(integration) = &mut world.script().content.integration {
        integration.line_profile = Some("name = \"of a later release\"".to_owned());
    }
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent LIN-01");
    assert_eq!(remarks(&done, "acme", 5001), [Remark::LineProfileUnusable]);
    assert!(world.kaseya.calls().is_empty());
}

#[tokio::test]
async fn lin_01_another_word_for_success_beside_lines_is_the_profiles_fault() {
    let row = json!({"Id": 90_001, "ServiceId": 701, "Units": 12.0, "ContractId": 5001});
    for (body, came) in [
        (json!({"Status": "Success", "Error": "None", "Result": [row]}), "not_sent LIN-01"),
        // Without lines it may be anything.
        (json!({"ResponseCode": 500, "Status": "InternalServerError", "Result": null}), "not_sent UNK-01"),
    ] {
        let mut world = World::new(tenant(LineForm::default())).await;
        world.kaseya.fail(Endpoint::ContractLines, 1, Fault::Answer { status: 200, body });
        let done = world.work(vec![simple(5001, "acme", 14)]).await;
        assert_eq!((came_out(&done, "acme", 5001).as_str(), world.calls(Endpoint::WriteLine)), (came, 0));
    }
}

#[tokio::test]
async fn lin_01_one_odd_contract_alone_is_told_by_others_that_were_read_before() {
    let mut state = tenant(LineForm::default());
    let mut world = World::new(state.clone()).await;
    world.script().content.fitting_contract_ids = vec![5004, 5005];
    // The job's own contract lacks a field in every attempt; the first of the others fits.
    for attempt in 1..=2 {
        world.kaseya.fail(Endpoint::ContractLines, 1, Fault::Without(vec!["Units".to_owned()]));
        world.ticket(vec![simple(5001, "acme", 14)], attempt).await;
        let done = world.done().await;
        assert_eq!(came_out(&done, "acme", 5001), "deferred UNK-01", "{attempt}");
        assert_eq!(
            (world.calls(Endpoint::ContractLines), world.calls(Endpoint::WriteLine)),
            (u64::from(attempt) * 2, 0)
        );
    }
    // If the others do not fit either, the tenant has stopped fitting: three calls are enough to know.
    let renamed = [("Units".to_owned(), "Quantity".to_owned())];
    state.behaviour.lines.form = LineForm { names: renamed.into(), ..LineForm::default() };
    let mut world = World::new(state).await;
    world.script().content.fitting_contract_ids = vec![5004, 5005];
    let done = world.work(vec![simple(5001, "acme", 14), simple(5002, "beta", 14)]).await;
    for (company, contract) in &COMPANIES[..2] {
        assert_eq!(came_out(&done, company, *contract), "not_sent LIN-01");
    }
    assert_eq!((world.calls(Endpoint::ContractLines), left(&done)), (3, (vec![], None, None)));
}

#[tokio::test]
async fn lin_01_a_route_that_was_served_before_is_tried_again_before_it_is_the_profiles_fault() {
    let mut world = World::new(tenant(LineForm::default())).await;
    let read_before = || {
        let mut work = simple(5001, "acme", 14);
        work.targets[0].last_known = Some(v1::LineSeen {
            contract_id: Some(5001),
            service_id: Some(701),
            line_id: Some(90_001),
            units: Some(12.0),
            seen_at: Some(messages::field::wire_instant("2026-11-30T05:00:00Z".parse().expect("an instant"))),
            ..v1::LineSeen::default()
        });
        work
    };
    let not_found = |world: &World| {
        let body = json!({"message": "no Route matched with those values"});
        world.kaseya.fail(Endpoint::ContractLines, 1, Fault::Answer { status: 404, body });
    };
    not_found(&world);
    let done = world.work(vec![read_before()]).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred LIN-01");
    let (contracts, not_before, code) = left(&done);
    assert_eq!((contracts, code.as_deref(), not_before.is_some()), (vec![5001], Some("LIN-01"), true));
    world.script().content.setbacks = Some(4);
    not_found(&world);
    let done = world.work(vec![read_before()]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent LIN-01");
    // The gateway is back, and the route is served again.
    world.script().content.setbacks = Some(1);
    let done = world.work(vec![read_before()]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
}
