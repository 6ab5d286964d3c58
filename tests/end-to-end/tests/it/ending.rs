//! On request each program finishes what it has begun and ends cleanly.

use end_to_end_tests::{CALM, Installation, Kind};
use kaseya_simulator::{Endpoint, HoldAt};

#[tokio::test]
async fn a_worker_finishes_the_contract_in_hand_and_hands_the_rest_back() {
    let installation = Installation::new(CALM).await;
    let partner = installation.partner("rossi", 3).await;
    let [mut scheduler, mut worker, mut results] = installation.start_all();
    installation.report(&partner, "r1", 12, 13).await;
    let write = partner.kaseya.hold(Endpoint::WriteLine, 1, HoldAt::AfterApply);
    installation.due_now(&partner).await;
    write.reached().await;
    worker.ask_to_end();
    worker.until_it_says("told to stop").await;
    write.release();
    assert!(worker.ended().await.success());
    assert_eq!(partner.writes(), ["90011 10→12", "90012 10→13"]);
    // Its work is reported before it ends, and another worker can take the rest at once.
    installation
        .until_text("select string_agg(company_id || ' ' || state, ', ') from statuses", "c1 changed")
        .await;
    let rest = "select contract_ids::text || ' ' || state || ' ' || attempt from jobs where kind = 'work'";
    installation.until_text(rest, "{5002,5003} emitted 2").await;

    for program in [&mut scheduler, &mut results] {
        program.ask_to_end();
        assert!(program.ended().await.success(), "{}", program.kind().name());
    }
    let _programs = installation.start_all();
    installation.until_runs(&partner, "schedule finished").await;
    assert_eq!(partner.units(), ["12/13", "12/13", "12/13"]);
    assert_eq!(partner.writes().len(), 6);
    assert_eq!(
        installation.text("select attempt || ' ' || failures from jobs where kind = 'work'").await,
        "2 0"
    );
}

#[tokio::test]
async fn idle_programs_end_at_once_and_well() {
    let installation = Installation::new(CALM).await;
    for kind in Kind::ALL {
        let mut program = installation.start(kind);
        program.until_it_says("consumes").await;
        program.ask_to_end();
        assert!(program.ended().await.success(), "{}", kind.name());
    }
}
