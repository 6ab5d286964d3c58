//! An older run or attempt never overrides what a newer one has said, in Kaseya or in the tables.

use end_to_end_tests::{BRISK, CALM, Installation, Kind};
use kaseya_simulator::{Endpoint, Fault, HoldAt};
use serde_json::json;

#[tokio::test]
async fn an_older_deferred_run_beside_a_newer_request_leaves_the_newer_number() {
    let installation = Installation::new(CALM).await;
    let partner = installation.partner("rossi", 2).await;
    let _programs = installation.start_all();
    installation.report(&partner, "r1", 12, 10).await;

    // The scheduled run is in progress when a sync is requested; then Kaseya refuses its call.
    let reading = partner.kaseya.hold(Endpoint::ContractLines, 1, HoldAt::BeforeApply);
    let too_many =
        Fault::Answer { status: 429, body: json!({"success": false, "error": {"message": "quota"}}) };
    partner.kaseya.fail(Endpoint::ContractLines, 1, too_many);
    installation.due_now(&partner).await;
    reading.reached().await;
    installation.report(&partner, "r2", 14, 10).await;
    let one = partner.request_of("newer", &json!({"only": {"companyIds": ["c1"]}}));
    installation.wire.publish("sync.requests", &one);
    testkit::until("the request has a run of its own", async || {
        installation.answer(&partner, "newer").await == "accepted run 2"
    })
    .await;
    reading.release();

    installation.until_runs(&partner, "schedule running, request finished").await;
    assert_eq!(partner.units(), ["14/10", "10/10"]);
    assert_eq!(installation.statuses(&partner).await, "c1 changed, c2 deferred LIM-01");
    let older = "select state || ' ' || (not_before > clock_timestamp()) from jobs where run_number = 1 and kind = 'work'";
    assert_eq!(installation.text(older).await, "ready true");

    // The job is due now.
    installation.sql("update jobs set not_before = null; notify ledger").await;
    installation.until_runs(&partner, "schedule finished, request finished").await;
    assert_eq!(partner.units(), ["14/10", "14/10"]);
    assert_eq!(partner.writes(), ["90011 10→14", "90021 10→14"]);
    let statuses = "select string_agg(concat_ws(' ', company_id, state, run_number), ', ' order by company_id) from statuses";
    assert_eq!(installation.text(statuses).await, "c1 changed 2, c2 changed 1");
}

#[tokio::test]
async fn a_worker_paused_with_an_older_number_and_woken_after_a_newer_one_writes_nothing() {
    let installation = Installation::new(BRISK).await;
    let partner = installation.partner("rossi", 1).await;
    let [_scheduler, sleeper, results] = installation.start_all();
    installation.report(&partner, "r1", 12, 10).await;
    let read = partner.kaseya.hold(Endpoint::ContractLines, 1, HoldAt::AfterApply);
    installation.due_now(&partner).await;
    read.reached().await;
    sleeper.pause();

    let _another = installation.start(Kind::Worker);
    installation.report(&partner, "r2", 14, 10).await;
    installation.wire.publish("sync.requests", &partner.request("newer"));
    installation
        .until_text("select count(*) from runs where trigger = 'request' and state = 'finished'", "1")
        .await;
    assert_eq!(partner.units(), ["14/10"]);

    // It resumes with an outdated 12 and a response waiting.
    sleeper.resume();
    read.release();
    results.until_it_says("an attempt that does not hold its job").await;
    installation.until_text("select count(*) from runs where state = 'running'", "0").await;
    installation.until_text("select count(*) from jobs where state <> 'done'", "0").await;
    assert_eq!(partner.writes(), ["90011 10→14"]);
    assert_eq!(installation.journal(&partner).await, "90011 10→14 confirmed");
    assert_eq!(installation.text("select run_number from statuses").await, "2");
}
