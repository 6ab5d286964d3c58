//! What a run and its rows show while they wait for Kaseya (G-04).

use domain::{CompanyState, ErrorCode, WaitReason};
use jiff::ToSpan as _;
use kaseya_simulator::{Endpoint, Fault, RetryAfter};

use crate::world::World;

/// A night that waits for Kaseya: checks the reason on the run and on every row, and the rows' state afterwards.
async fn waits(world: &World, reason: WaitReason, code: ErrorCode) {
    let until = world.night_until_it_waits().await;
    let [wait] = world.waits().await[..] else { panic!("one run waits") };
    assert_eq!((wait.reason, wait.code, wait.until), (reason, Some(code), Some(until)));
    // The night began within the last hour, and so did the wait.
    assert!(wait.since <= until && wait.since + 1.hours() >= until, "{wait:?}");
    for row in world.rows().await {
        let said = (row.state, row.code, row.deferred_until, row.wait);
        assert_eq!(said, (CompanyState::Deferred, Some(code), Some(until), Some(wait)), "{}", row.name);
    }
    world.rest_of_the_night().await;
    assert!(world.waits().await.is_empty());
    for row in world.rows().await {
        assert_ne!(row.state, CompanyState::Deferred, "{}", row.name);
        assert_eq!(row.wait, None, "{}", row.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_c5_while_kaseya_is_down_run_and_rows_say_why_since_when_and_the_next_try() {
    let world = World::new(4, 4).await;
    for nth in 1..=3 {
        // A read is sent three times.
        world.fail(Endpoint::ContractsSummary, nth, Fault::BadGateway);
    }
    waits(&world, WaitReason::KaseyaDown, ErrorCode::Net01).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_e4_a_login_that_meets_maintenance_is_shown_and_tried_again_soon() {
    let world = World::new(4, 4).await;
    world.fail(Endpoint::Authenticate, 1, Fault::Page { status: 503 });
    waits(&world, WaitReason::KaseyaDown, ErrorCode::Net01).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_e4_a_limit_that_the_survey_meets_is_shown_as_lim_01() {
    let world = World::new(4, 4).await;
    let limit = Fault::LimitReached { retry_after: RetryAfter::Seconds, html: false };
    world.fail(Endpoint::ContractsSummary, 1, limit);
    waits(&world, WaitReason::CallLimit, ErrorCode::Lim01).await;
}
