//! A worker killed at a named point: right units, each written once, one journal row each.

use end_to_end_tests::{BRISK, Installation, Kind, Partner};
use kaseya_simulator::{Endpoint, HoldAt};

/// The point at which the worker is killed.
struct KilledAt {
    endpoint: Endpoint,
    nth: u32,
    at: HoldAt,
}

/// A run of one contract with two changes. The worker is killed at this point, and another one takes over.
async fn run(point: KilledAt) -> (Installation<'static>, Partner) {
    let installation = Installation::new(BRISK).await;
    let partner = installation.partner("rossi", 1).await;
    let [_scheduler, worker, _results] = installation.start_all();
    installation.report(&partner, "r1", 12, 13).await;
    let standing = partner.kaseya.hold(point.endpoint, point.nth, point.at);
    installation.due_now(&partner).await;
    standing.reached().await;
    worker.kill();
    standing.lose();

    let _another = installation.start(Kind::Worker);
    installation.until_runs(&partner, "schedule finished").await;
    assert_eq!(partner.units(), ["12/13"]);
    assert_eq!(partner.writes(), ["90011 10→12", "90012 10→13"]);
    assert_eq!(installation.journal(&partner).await, "90011 10→12 confirmed, 90012 10→13 confirmed");
    let open = "select count(*) from intents where result in ('open', 'sent', 'unsure')";
    assert_eq!(installation.text(open).await, "0");
    (installation, partner)
}

#[tokio::test]
async fn after_the_answers_to_its_writes_and_before_job_done() {
    let check = KilledAt { endpoint: Endpoint::ContractLines, nth: 2, at: HoldAt::BeforeApply };
    let (installation, partner) = run(check).await;
    assert_eq!(partner.calls(Endpoint::WriteLine), 2);
    assert_eq!(installation.text("select attempt from jobs where kind = 'work'").await, "2");
}

#[tokio::test]
async fn between_two_lines() {
    let second = KilledAt { endpoint: Endpoint::WriteLine, nth: 2, at: HoldAt::BeforeApply };
    let (_installation, partner) = run(second).await;
    // The second had arrived and was lost with its sender.
    assert_eq!(partner.calls(Endpoint::WriteLine), 3);
}

#[tokio::test]
async fn before_the_answer_to_a_write_that_was_applied() {
    let second = KilledAt { endpoint: Endpoint::WriteLine, nth: 2, at: HoldAt::AfterApply };
    let (_installation, partner) = run(second).await;
    assert_eq!(partner.calls(Endpoint::WriteLine), 2);
}

#[tokio::test]
async fn before_its_first_write() {
    let first_read = KilledAt { endpoint: Endpoint::ContractLines, nth: 1, at: HoldAt::AfterApply };
    let (_installation, partner) = run(first_read).await;
    assert_eq!(partner.calls(Endpoint::WriteLine), 2);
}

#[tokio::test]
async fn b_07_between_the_halves_of_a_plan_switch() {
    let installation = Installation::new(BRISK).await;
    let partner = installation.partner("rossi", 1).await;
    let [_scheduler, worker, _results] = installation.start_all();
    // We know whose users are on the lines only after Kaseya has shown our numbers.
    installation.report(&partner, "r1", 10, 10).await;
    installation.due_now(&partner).await;
    installation.until_runs(&partner, "schedule finished").await;
    installation.report(&partner, "r2", 8, 12).await;
    let rise = partner.kaseya.hold(Endpoint::WriteLine, 2, HoldAt::BeforeApply);
    installation.wire.publish("sync.requests", &partner.request("q1"));
    rise.reached().await;
    worker.kill();
    rise.lose();
    assert_eq!(partner.writes(), ["90011 10→8"], "billed too little for a moment, and never twice");

    let _another = installation.start(Kind::Worker);
    installation.until_runs(&partner, "schedule finished, request finished").await;
    assert_eq!(partner.writes(), ["90011 10→8", "90012 10→12"]);
    assert_eq!(installation.journal(&partner).await, "90011 10→8 confirmed, 90012 10→12 confirmed");
    let pairs = "select concat_ws(' ', count(*), count(pair_id), count(distinct pair_id)) from journal";
    assert_eq!(installation.text(pairs).await, "2 2 1", "both changes stand in the journal as one pair");
}
