//! Responses lost after a write, and writes that Kaseya refuses.

use domain::Remark;
use jiff::SignedDuration;
use kaseya_simulator::{Endpoint, Fault};
use messages::v1::{self, ChangeResult};

use crate::{
    job::{addend, came_out, contract, left, outcome, remarks, results, simple, target},
    world::{World, state},
};

fn two_lines() -> Vec<v1::ContractWork> {
    let first = target(701, vec![addend("acme", "standard", 14)]);
    vec![contract(5001, vec![first, target(702, vec![addend("beta", "advanced", 4)])])]
}

#[tokio::test]
async fn a_lost_answer_of_a_write_that_landed_is_confirmed_by_the_second_reading() {
    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::ApplyThenDrop);
    let done = world.work(two_lines()).await;
    assert_eq!(results(&done), [ChangeResult::Confirmed, ChangeResult::Confirmed]);
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(world.calls(Endpoint::WriteLine), 2, "never a blind repeat");
}

#[tokio::test]
async fn a_lost_answer_of_a_write_that_did_not_land_leaves_the_line_alone_and_does_the_others() {
    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::DropBeforeApply);
    let done = world.work(two_lines()).await;
    assert_eq!(results(&done), [ChangeResult::Unsure, ChangeResult::Confirmed]);
    assert_eq!(came_out(&done, "acme", 5001), "deferred NET-02");
    assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(false));
    assert_eq!(came_out(&done, "beta", 5001), "changed");
    assert_eq!(left(&done), (vec![5001], Some("2026-12-01T05:10:00Z".into()), Some("NET-02".into())));
    assert_eq!(world.calls(Endpoint::WriteLine), 2);
    assert_eq!((world.units(5001, 90_011), world.units(5001, 90_012)), (12.0, 4.0));
}

#[tokio::test]
async fn a_write_that_may_land_late_is_unsure() {
    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::ApplyLater(SignedDuration::from_mins(3)));
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(results(&done), [ChangeResult::Unsure]);
    world.clock.advance(std::time::Duration::from_secs(200));
    assert_eq!(world.units(5001, 90_011), 14.0);
}

#[tokio::test]
async fn a_write_whose_check_fails_is_sent_and_not_confirmed() {
    let mut world = World::new(state()).await;
    for nth in 2..=4 {
        world.kaseya.fail(Endpoint::ContractLines, nth, Fault::BadGateway);
    }
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(results(&done), [ChangeResult::Sent]);
    assert_eq!(came_out(&done, "acme", 5001), "sent");
    assert_eq!(outcome(&done, "acme", 5001).seen_equal, Some(false), "D-14: only a reading confirms");
}

#[tokio::test]
async fn an_accepted_write_that_is_not_shown_is_reported_with_both_numbers() {
    let mut world = World::new(state()).await;
    let taken = serde_json::json!({"ResponseCode": 200, "Status": "OK", "Error": "None", "Result": {}});
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::Answer { status: 200, body: taken });
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(results(&done), [ChangeResult::Sent]);
    assert_eq!(came_out(&done, "acme", 5001), "sent UNK-01");
    let acme = outcome(&done, "acme", 5001);
    assert_eq!(remarks(&done, "acme", 5001), [Remark::ShownOtherwise { sent: 14, shown: 12.0 }]);
    assert_eq!(acme.seen_equal, Some(false));
}

#[tokio::test]
async fn a_contract_of_another_account_is_not_written() {
    let mut other = state();
    other.contract_mut(5001).expect("a contract of the state").account = 999;
    let mut world = World::new(other).await;
    let done = world.work(vec![simple(5001, "acme", 14), simple(5002, "beta", 12)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent CON-04");
    assert!(done.changes.iter().all(|change| change.result() == ChangeResult::Confirmed));
    assert_eq!(world.units(5001, 90_011), 12.0);
    assert!(
        world.script().permits.iter().flat_map(|asked| &asked.changes).all(|it| it.contract_id != Some(5001))
    );
}

#[tokio::test]
async fn a_refused_write_is_reported_in_kaseyas_words_and_the_others_are_done() {
    let mut world = World::new(state()).await;
    world.kaseya.fail(Endpoint::WriteLine, 1, Fault::NoSuccess("Period is closed".into()));
    let done = world.work(two_lines()).await;
    assert_eq!(results(&done), [ChangeResult::Refused, ChangeResult::Confirmed]);
    assert_eq!(came_out(&done, "acme", 5001), "not_sent UNK-01");
    assert_eq!(outcome(&done, "acme", 5001).kaseya_says.as_deref(), Some("Period is closed"));
    assert_eq!(remarks(&done, "acme", 5001), []);
    assert_eq!(came_out(&done, "beta", 5001), "changed");
}

#[tokio::test]
async fn case_e10_writes_before_the_limit_are_reported_and_the_rest_waits() {
    let mut world = World::new(state()).await;
    let limit = Fault::Answer { status: 429, body: serde_json::json!({}) };
    world.kaseya.fail(Endpoint::WriteLine, 2, limit);
    let done = world.work(two_lines()).await;
    // It was sent, and the second reading shows that Kaseya rejected it.
    assert_eq!(results(&done), [ChangeResult::Confirmed, ChangeResult::Refused]);
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(came_out(&done, "beta", 5001), "deferred LIM-01");
    assert_eq!(left(&done), (vec![5001], Some("2026-12-01T05:10:00Z".into()), Some("LIM-01".into())));
}

#[tokio::test]
async fn case_e10_a_write_that_met_the_limit_and_landed_all_the_same_is_seen() {
    let mut world = World::new(state()).await;
    let limit = Fault::ApplyThenAnswer { status: 429, body: serde_json::json!({}) };
    world.kaseya.fail(Endpoint::WriteLine, 1, limit);
    let done = world.work(two_lines()).await;
    // No write after the limit, whichever line is next.
    assert_eq!(results(&done), [ChangeResult::Confirmed, ChangeResult::NotBegun]);
    assert_eq!(world.calls(Endpoint::WriteLine), 1);
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(came_out(&done, "beta", 5001), "deferred LIM-01");
}

#[tokio::test]
async fn case_e10_a_write_that_met_the_limit_and_cannot_be_read_back_is_unsure() {
    let mut world = World::new(state()).await;
    let limit = Fault::Answer { status: 429, body: serde_json::json!({}) };
    world.kaseya.fail(Endpoint::WriteLine, 1, limit.clone());
    world.kaseya.fail(Endpoint::ContractLines, 2, limit);
    let done = world.work(two_lines()).await;
    assert_eq!(results(&done), [ChangeResult::Unsure, ChangeResult::NotBegun]);
    assert_eq!(came_out(&done, "acme", 5001), "deferred NET-02");
    assert_eq!(came_out(&done, "beta", 5001), "deferred LIM-01");
}
