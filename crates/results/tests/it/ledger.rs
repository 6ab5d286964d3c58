//! What a `JobDone` does in the ledger: handed back, dropped, ended; calls, breaker, login.

use messages::v1;

use crate::{
    message::{With as _, done},
    world::World,
};

async fn job(world: &World) -> String {
    let sql =
        "select concat_ws(' ', state, attempt, contract_ids, not_before, deferred_code, holder) from jobs
               where run_number = 7 order by job_id";
    world.text(sql).await
}

#[tokio::test]
async fn what_is_left_is_ready_as_the_next_attempt() {
    let world = World::new().await;
    let message = done(7, 1, 1).left(&[1003, 1002], Some("2026-12-01T05:10:00Z"));
    world.store(&[message.clone(), message]).await;
    assert_eq!(job(&world).await, "ready 2 {1003,1002} 2026-12-01 05:10:00+00 NET-01");
    assert_eq!(world.text("select state from runs where run_number = 7").await, "running");
    assert_eq!(world.events().await, "");
}

#[tokio::test]
async fn case_e16_a_survey_without_any_report_is_given_up_and_never_done() {
    let world = World::new().await;
    world.sql("update jobs set kind = 'survey'; update runs set all_companies = true").await;
    world.store(&[done(7, 1, 1)]).await;
    let ends = world.text("select concat_ws(' ', state, survey_result) from jobs where run_number = 7").await;
    assert_eq!(ends, "ready given_up");
    assert_eq!(world.text("select state from runs where run_number = 7").await, "running");
}

#[tokio::test]
async fn what_is_left_at_once_has_no_instant() {
    let world = World::new().await;
    world.store(&[done(7, 1, 1).left(&[1002], None)]).await;
    assert_eq!(job(&world).await, "ready 2 {1002}");
}

#[tokio::test]
async fn attempts_that_only_failed_are_counted_until_one_gets_on() {
    let world = World::new().await;
    let later = Some("2026-12-01T05:10:00Z");
    let failed =
        |attempt| done(7, 1, attempt).company("acme", 1001, "deferred", (12.0, 14)).left(&[1001], later);
    let setbacks = "select setbacks from jobs where run_number = 7";
    world.store(&[failed(1), failed(1)]).await;
    assert_eq!(world.text(setbacks).await, "1");
    world.store(&[failed(2)]).await;
    assert_eq!(world.text(setbacks).await, "2");
    world.store(&[failed(3).company("beta", 1002, "unchanged", (3.0, 3))]).await;
    assert_eq!(world.text(setbacks).await, "0", "it got on");
    world.store(&[failed(4)]).await;
    world.store(&[done(7, 1, 5).left(&[1001], None)]).await;
    assert_eq!(world.text(setbacks).await, "0", "it only ran out of time");
}

#[tokio::test]
async fn an_older_attempts_word_leaves_the_job_to_the_newer() {
    let world = World::new().await;
    world.next_attempt(1, 2).await;
    world.store(&[done(7, 1, 1).left(&[1002], None)]).await;
    assert_eq!(job(&world).await, "started 2 {1001,1002,1003} worker-1");
    world.store(&[done(7, 1, 2)]).await;
    assert_eq!(world.text("select state from jobs where run_number = 7").await, "done");
}

#[tokio::test]
async fn s_16_what_is_left_when_switched_off_is_dropped_and_the_run_says_so() {
    let world = World::new().await;
    world.sql("update integrations set state = 'switching_off' where partner_id = 'msp-1'").await;
    world
        .store(&[done(7, 1, 1).company("acme", 1001, "off", (12.0, 14)).code("JOB-01").left(&[1002], None)])
        .await;
    assert_eq!(world.text("select state from jobs where run_number = 7").await, "done");
    assert_eq!(
        world.text("select concat_ws(' ', state, companies, skipped) from runs where run_number = 7").await,
        "switched_off 1 1"
    );
}

#[tokio::test]
async fn only_the_last_job_ends_the_run() {
    let world = World::new().await;
    world.job(7, 2, 1).await;
    world.store(&[done(7, 2, 1).company("beta", 1002, "unchanged", (3.0, 3))]).await;
    let run =
        "select concat_ws(' ', state, companies, unchanged, finished_at) from runs where run_number = 7";
    assert_eq!(world.text(run).await, "running 1 1", "the totals are filled while it goes on");
    world.store(&[done(7, 1, 1).company("acme", 1001, "unchanged", (3.0, 3))]).await;
    assert_eq!(world.text(run).await, "finished 2 2 2026-12-01 05:00:30+00");
    let events = "select topic from events where partner_id = 'msp-1' order by number";
    assert_eq!(world.text(events).await, "company.status, company.status, run.finished");
}

#[tokio::test]
async fn calls_are_credited_once_and_the_login_is_accepted() {
    let world = World::new().await;
    let calls = vec![
        v1::CallsMade { endpoint: "GET /a".into(), calls: Some(3) },
        v1::CallsMade { endpoint: "PUT /b".into(), calls: Some(2) },
    ];
    let message = v1::JobDone { calls, ..done(7, 1, 1) };
    world.store(&[message.clone(), message]).await;
    let made = "select concat_ws(' ', endpoint, calls, minute) from calls_made where tenant = 'Example MSP' order by 1";
    assert_eq!(world.text(made).await, "GET /a 3 2026-12-01 05:00:00+00, PUT /b 2 2026-12-01 05:00:00+00");
    assert_eq!(world.text("select job_id from call_debits").await, "");
    let login = "select concat_ws(' ', outcome, heard_at) from login_tries";
    assert_eq!(world.text(login).await, "accepted 2026-12-01 05:00:30+00");
}

#[tokio::test]
async fn a_login_without_word_stays_an_open_try_and_one_not_tried_does_not() {
    for (login, tries) in [(v1::LoginOutcome::Unknown, "unknown"), (v1::LoginOutcome::NotTried, "")] {
        let world = World::new().await;
        let message = v1::JobDone { login: login.into(), ..done(7, 1, 1) };
        world.store(&[message.clone(), message]).await;
        assert_eq!(world.text("select outcome from login_tries").await, tries, "{login:?}");
    }
}

#[tokio::test]
async fn a_failed_host_counts_once_per_attempt_and_an_answer_closes_its_breaker() {
    let world = World::new().await;
    let failed = v1::JobDone { host: v1::HostHealth::Failed.into(), ..done(7, 1, 1).left(&[1001], None) };
    world.store(&[failed.clone(), failed.clone(), failed]).await;
    let failures = "select concat_ws(' ', nullif(alone, ''), failures) from breakers
                    where host = 'bms.example.com' order by alone";
    // No other partner has called the host: others do not rely on what this partner says about it (F1).
    assert_eq!(world.text(failures).await, "0, msp-1 1");
    world.next_attempt(1, 2).await;
    world.store(&[done(7, 1, 2)]).await;
    assert_eq!(world.text(failures).await, "0");
}

fn refused() -> v1::JobDone {
    let login = v1::LoginOutcome::Refused.into();
    let credentials_code = Some("AUTH-01".to_owned());
    let message = done(7, 1, 1).company("acme", 1001, "not_sent", (12.0, 14)).code("AUTH-01");
    v1::JobDone { login, credentials_code, ..message }
}

#[tokio::test]
async fn b_03_refused_credentials_stop_the_partner_and_are_announced_once() {
    let world = World::new().await;
    world.store(&[refused(), refused()]).await;
    let integration =
        "select concat_ws(' ', credentials_refused_code, credentials_refused_at) from integrations
                       where partner_id = 'msp-1'";
    assert_eq!(world.text(integration).await, "AUTH-01 2026-12-01 05:00:30+00");
    assert_eq!(world.text("select mark || ' ' || code from refused_logins").await, "mark-1 AUTH-01");
    let told = "select body ->> 'code' from events where topic = 'credentials.refused'";
    assert_eq!(world.text(told).await, "AUTH-01");
}

#[tokio::test]
async fn b_03_a_refusal_counts_also_without_the_attempts_debit() {
    let world = World::new().await;
    world.sql("delete from call_debits").await;
    world.store(&[refused()]).await;
    assert_eq!(
        world.text("select credentials_refused_code from integrations where partner_id = 'msp-1'").await,
        "AUTH-01"
    );
}

#[tokio::test]
async fn b_03_a_refusal_of_older_credentials_leaves_newer_ones_alone() {
    let world = World::new().await;
    world.sql("update integrations set credentials_version = 2 where partner_id = 'msp-1'").await;
    world.store(&[refused()]).await;
    assert_eq!(
        world
            .text(
                "select credentials_refused_code from integrations where credentials_refused_code is not null"
            )
            .await,
        ""
    );
    assert_eq!(world.text("select number from events where topic = 'credentials.refused'").await, "");
}

#[tokio::test]
async fn a_local_jobs_word_needs_no_worker() {
    let world = World::new().await;
    world.needs_no_worker(1).await;
    let local = v1::JobDone { credentials_version: None, ..done(7, 1, 1).by_scheduler() };
    let local = local.company("acme", 1001, "not_sent", (0.0, 1)).code("QTY-02");
    world.store(&[local]).await;
    assert_eq!(world.status("acme", 1001).await, "not_sent QTY-02 7 1");
}

#[tokio::test]
async fn case_a13_the_zone_that_a_job_was_told_is_its_tenants_as_logged_in() {
    let world = World::new().await;
    let told = |number: u32, zone: &str, version: u32| v1::JobDone {
        trigger: "full_read".to_owned(),
        kaseya_time_zone: Some(zone.to_owned()),
        credentials_version: Some(version),
        ..done(7, 1, number)
    };
    world.sql("update runs set trigger = 'full_read'").await;
    let known = "select coalesce(kaseya_zone('msp-1'), 'none')";
    // An unknown name, and credentials that are no longer stored.
    world.store(&[told(1, "Mars/Olympus", 1)]).await;
    world.sql("update jobs set credentials_version = 2").await;
    world.store(&[told(2, "Pacific/Auckland", 2)]).await;
    assert_eq!(world.text(known).await, "none");
    world.sql("update jobs set credentials_version = 1").await;
    world.store(&[told(3, "Pacific/Honolulu", 1)]).await;
    assert_eq!(world.text(known).await, "Pacific/Honolulu");
    world.sql("update integrations set tenant = 'Another' where partner_id = 'msp-1'").await;
    assert_eq!(world.text(known).await, "none", "of another tenant nothing is known");
}
