//! No user is locked out (B-03): a wrong password, and tickets put directly on the queue for ten workers.

use end_to_end_tests::{BRISK, Installation, Kind, Partner};
use kaseya_simulator::{Endpoint, HoldAt};
use serde_json::json;

const WORKERS: usize = 10;

/// A partner with a password that is no longer right in Kaseya.
async fn wrong_password() -> (Installation<'static>, Partner) {
    let installation = Installation::new(BRISK).await;
    let partner = installation.partner("rossi", 3).await;
    partner.kaseya.edit(|state| state.login.password = "another".to_owned()).expect("nothing is kept");
    (installation, partner)
}

/// Puts tickets for all open jobs on the queue, as no scheduler would: every attempt for every worker.
async fn forge_tickets(installation: &Installation<'_>, partner: &Partner) {
    let jobs = installation.text("select string_agg(job_id::text, ' ') from jobs where kind = 'work'").await;
    for job in jobs.split_whitespace() {
        for attempt in 1..=3 {
            for _ in 0..WORKERS {
                let ticket = json!({"partnerId": partner.id, "jobId": job, "attempt": attempt});
                installation.wire.publish("jobs", &ticket);
            }
        }
    }
}

/// Waits until the workers have processed every ticket.
async fn tickets_are_taken(installation: &Installation<'_>) {
    testkit::until("every ticket is dealt with", async || installation.wire.messages_in("jobs") == 0).await;
}

#[tokio::test]
async fn one_refusal_is_all_that_ten_workers_bring_about() {
    let (installation, partner) = wrong_password().await;
    let _scheduler = installation.start(Kind::Scheduler);
    let _results = installation.start(Kind::Results);
    let _workers: Vec<_> = (0..WORKERS).map(|_| installation.start(Kind::Worker)).collect();
    installation.report(&partner, "r1", 12, 13).await;
    let login = partner.kaseya.hold(Endpoint::Authenticate, 1, HoldAt::AfterApply);
    installation.due_now(&partner).await;
    login.reached().await;
    forge_tickets(&installation, &partner).await;
    login.release();
    installation.until_runs(&partner, "schedule finished").await;
    forge_tickets(&installation, &partner).await;
    installation.wire.publish("sync.requests", &partner.request("again"));
    installation.until_runs(&partner, "schedule finished, request finished").await;
    tickets_are_taken(&installation).await;
    assert_eq!((partner.kaseya.logins().v2_refused, partner.kaseya.logins().v1_refused), (1, 0));
    assert_eq!(partner.kaseya.locked_out(), 0);
    assert_eq!(
        installation.statuses(&partner).await,
        "c1 not_sent AUTH-01, c2 not_sent AUTH-01, c3 not_sent AUTH-01"
    );
}

#[tokio::test]
async fn two_refusals_are_all_that_half_an_hour_sees_when_each_worker_is_killed_over_its_own() {
    let (installation, partner) = wrong_password().await;
    let _scheduler = installation.start(Kind::Scheduler);
    let _results = installation.start(Kind::Results);
    installation.report(&partner, "r1", 12, 13).await;
    let logins = [1, 2].map(|nth| partner.kaseya.hold(Endpoint::Authenticate, nth, HoldAt::AfterApply));
    let mut workers: Vec<_> = (0..WORKERS).map(|_| installation.start(Kind::Worker)).collect();
    installation.due_now(&partner).await;
    for login in logins {
        login.reached().await;
        forge_tickets(&installation, &partner).await;
        // Kaseya has refused, and the refusal will never be reported. The test cannot see which worker it was, so
        // it kills all of them.
        for worker in workers.drain(..) {
            worker.kill();
        }
        login.lose();
        workers.extend((0..WORKERS).map(|_| installation.start(Kind::Worker)));
    }
    // The third attempt is deferred until half an hour has passed.
    installation
        .until_text(
            "select max(attempt) from jobs where deferred_code = 'AUTH-08' and not_before > created_at + interval '25 minutes'",
            "3",
        )
        .await;
    forge_tickets(&installation, &partner).await;
    tickets_are_taken(&installation).await;
    assert_eq!((partner.kaseya.logins().v2_refused, partner.calls(Endpoint::Authenticate)), (2, 2));
    assert_eq!(partner.kaseya.locked_out(), 0);
    let tries = "select string_agg(outcome, ' ') from login_tries";
    assert_eq!(installation.text(tries).await, "unknown unknown");
}
