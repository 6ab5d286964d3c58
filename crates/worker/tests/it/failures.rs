//! Kaseya slow, down, or lying: the code goes to the company concerned, and to no other.

use jiff::Timestamp;
use kaseya_simulator::{Endpoint, Fault};
use messages::v1::{self, HostHealth, LoginOutcome};

use crate::{
    job::{addend, came_out, contract, left, outcome, simple, target},
    world::{World, sealed, state},
};

fn three() -> Vec<v1::ContractWork> {
    vec![simple(5001, "acme", 14), simple(5002, "beta", 14), simple(5003, "gamma", 14)]
}

/// Makes the reading of the second contract's lines fail, including the client's own retries. Every write is
/// checked by a reading, so the second contract's is the third.
fn fail_second(world: &World, fault: &Fault, times: u32) {
    for nth in 3..3 + times {
        world.kaseya.fail(Endpoint::ContractLines, nth, fault.clone());
    }
}

#[tokio::test]
async fn a_bad_answer_is_that_companys_alone() {
    let no_units = Fault::Without(vec!["Units".into()]);
    for (fault, times, expected) in [
        (Fault::BadGateway, 3, "deferred NET-01"),
        (Fault::Truncated, 1, "deferred UNK-01"),
        (no_units, 1, "deferred UNK-01"),
        (Fault::NoSuccess("Nope".into()), 1, "not_sent UNK-01"),
        (Fault::Answer { status: 403, body: serde_json::json!({}) }, 1, "not_sent AUTH-06"),
        (Fault::Answer { status: 404, body: serde_json::json!({}) }, 1, "not_sent UNK-01"),
    ] {
        let mut world = World::new(state()).await;
        fail_second(&world, &fault, times);
        let done = world.work(three()).await;
        assert_eq!(came_out(&done, "beta", 5002), expected, "{fault:?}");
        assert_eq!(came_out(&done, "acme", 5001), "changed", "{fault:?}");
        assert_eq!(came_out(&done, "gamma", 5003), "changed", "{fault:?}");
        assert_eq!(world.kaseya.history().len(), 2, "{fault:?}");
        let waits = if expected.starts_with("deferred") { vec![5002] } else { vec![] };
        assert_eq!(left(&done).0, waits, "{fault:?}");
        assert_eq!(done.host(), HostHealth::Answered, "{fault:?}");
    }
}

#[tokio::test]
async fn what_fails_in_passing_waits_and_is_final_after_four_attempts_that_got_nowhere() {
    let mut world = World::new(state()).await;
    fail_second(&world, &Fault::Truncated, 1);
    world.script().content.setbacks = Some(3);
    // The number of attempts does not matter: a long run has many, each of which made progress.
    world.ticket(three(), 40).await;
    let done = world.done().await;
    let not_before: Timestamp = left(&done).1.expect("a wait").parse().expect("an instant");
    assert!(not_before > "2026-12-01T05:00:30Z".parse().expect("an instant"));
    world.kaseya.fail(Endpoint::ContractLines, 1, Fault::Truncated);
    world.script().content.setbacks = Some(4);
    world.ticket(vec![simple(5002, "beta", 14)], 41).await;
    let done = world.done().await;
    assert_eq!(came_out(&done, "beta", 5002), "not_sent UNK-01");
    assert_eq!(left(&done), (vec![], None, None));
}

#[tokio::test]
async fn contracts_that_always_fail_never_keep_the_others_waiting() {
    let mut world = World::new(state()).await;
    // Two in a row end the attempt, because the host may be at fault; contracts not reached come first in the next.
    for nth in 1..=6 {
        world.kaseya.fail(Endpoint::ContractLines, nth, Fault::BadGateway);
    }
    let done = world.work(three()).await;
    assert_eq!(left(&done).0, [5003, 5001, 5002]);
    assert_eq!(came_out(&done, "gamma", 5003), "deferred NET-01");
    assert_eq!(world.calls(Endpoint::ContractLines), 6);
}

#[tokio::test]
async fn the_call_limit_ends_the_attempt_and_says_until_when() {
    let mut world = World::new(state()).await;
    fail_second(&world, &Fault::Answer { status: 429, body: serde_json::json!({}) }, 1);
    let done = world.work(three()).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(came_out(&done, "beta", 5002), "deferred LIM-01");
    assert_eq!(came_out(&done, "gamma", 5003), "deferred LIM-01");
    let until = Some("2026-12-01T05:10:00Z".to_owned());
    let (mut contracts, not_before, code) = left(&done);
    contracts.sort_unstable();
    assert_eq!((contracts, not_before, code.as_deref()), (vec![5002, 5003], until, Some("LIM-01")));
    assert_eq!(world.calls(Endpoint::ContractLines), 3, "no call after the limit");
}

#[tokio::test]
async fn our_own_allowance_hands_back_what_it_does_not_reach() {
    let mut world = World::new(state()).await;
    world.script().content.allowance = Some(v1::CallAllowance { v2: Some(100), v1: Some(5) });
    let done = world.work(three()).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    let (mut contracts, not_before, code) = left(&done);
    contracts.sort_unstable();
    assert_eq!((contracts, not_before, code.as_deref()), (vec![5002, 5003], None, Some("LIM-01")));
    assert_eq!(world.calls(Endpoint::ContractLines), 2, "no line is read that could not be written");
}

#[tokio::test]
async fn b_03_a_refused_login_is_tried_once_and_every_company_says_so() {
    let mut world = World::new(state()).await;
    world.kaseya.edit(|state| state.login.password = "another".into()).expect("edited");
    let done = world.work(three()).await;
    for (company, contract) in [("acme", 5001), ("beta", 5002), ("gamma", 5003)] {
        assert_eq!(came_out(&done, company, contract), "not_sent AUTH-01");
    }
    assert_eq!((done.login(), done.credentials_code.as_deref()), (LoginOutcome::Refused, Some("AUTH-01")));
    assert_eq!((done.host(), left(&done).0.len()), (HostHealth::Answered, 0));
    let again = world.work(three()).await;
    assert_eq!(again.login(), LoginOutcome::Refused);
    assert_eq!(world.calls(Endpoint::Authenticate), 1, "the same credentials are never tried twice");
    assert_eq!((world.calls(Endpoint::V1Token), world.kaseya.history().len()), (0, 0));
}

#[tokio::test]
async fn auth_07_v1_refuses_what_v2_takes() {
    let mut world = World::new(state()).await;
    let body = serde_json::json!({"error": "invalid_grant"});
    world.kaseya.fail(Endpoint::V1Token, 1, Fault::Answer { status: 400, body });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent AUTH-07");
    assert_eq!(done.credentials_code.as_deref(), Some("AUTH-07"));
}

#[tokio::test]
async fn a_login_without_an_answer_is_unknown_and_not_repeated() {
    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::Authenticate, 1, Fault::DropBeforeApply);
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(done.login(), LoginOutcome::Unknown);
    assert_eq!(came_out(&done, "acme", 5001), "deferred NET-01");
    assert_eq!(world.calls(Endpoint::Authenticate), 1);
}

#[tokio::test]
async fn a_host_that_is_down_defers_all_and_says_that_the_host_failed() {
    let mut world = World::new(state()).await;
    // Nothing listens there.
    let closed = "http://127.0.0.1:1".to_owned();
    let integration = world.script().content.integration.clone().expect("an integration");
    world.script().content.integration = Some(v1::SealedIntegration {
        sealed_password: sealed("correct horse", &closed),
        v2_base: Some(closed.clone()),
        v1_base: Some(format!("{closed}/api")),
        ..integration
    });
    let done = world.work(three()).await;
    assert_eq!(came_out(&done, "acme", 5001), "deferred NET-01");
    assert_eq!(came_out(&done, "gamma", 5003), "deferred NET-01");
    assert_eq!((done.host(), done.login()), (HostHealth::Failed, LoginOutcome::NotTried));
    let (contracts, not_before, code) = left(&done);
    assert_eq!((contracts.len(), not_before.is_some(), code.as_deref()), (3, true, Some("NET-01")));
    assert!(done.calls.is_empty(), "what never arrived is not counted");
}

#[tokio::test]
async fn a_company_on_two_contracts_is_told_of_on_each() {
    let mut world = World::new(state()).await;
    fail_second(&world, &Fault::NoSuccess("Nope".into()), 1);
    let second = contract(5002, vec![target(701, vec![addend("acme", "advanced", 14)])]);
    let done = world.work(vec![simple(5001, "acme", 14), second]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(came_out(&done, "acme", 5002), "not_sent UNK-01");
    assert_eq!(outcome(&done, "acme", 5002).kaseya_says.as_deref(), Some("Nope"));
}
