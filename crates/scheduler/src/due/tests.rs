use std::collections::BTreeSet;

use super::*;
use crate::world::{Part, World};

#[tokio::test]
async fn two_schedulers_claim_two_hundred_due_partners_once_each() {
    let world = World::at("2026-11-23T02:00:00Z").await;
    let due: String = (0..200)
        .map(|n| {
            format!(
                "insert into partners values ('p{n}', 'MSP', 'Europe/Rome', 0);
                 insert into integrations values ('p{n}', 'bms.example.com', null, null, 't{n}', 'api', 'sealed', 1, 'on',
                     'arrears', 10, true, 12, 7, 5, 20, 25, 20, 5, 50, null, null, '2026-01-01T00:00Z');
                 insert into schedules values ('p{n}', 'daily', null, 2, 'Europe/Rome', 1, null, '2026-11-23',
                                               '2026-11-23T01:00Z');"
            )
        })
        .collect();
    world.sql(&due).await;
    let other = world.replica().await;
    let (first, second) = tokio::join!(run_due(&world.context), run_due(&other));
    assert_eq!(first.expect("claims") + second.expect("claims"), 200);
    assert_eq!(
        world.text("select count(*) || ' of ' || count(distinct partner_id) from runs").await,
        "200 of 200"
    );
    assert_eq!(world.text("select count(*) from occurrences where outcome = 'run'").await, "200");
    assert_eq!(world.text("select count(*) from schedules where next_nominal = '2026-11-24'").await, "200");
    // Each of them is moved by its own delay within the window.
    let minutes: BTreeSet<String> = world
        .text("select string_agg(distinct extract(minute from next_run_at)::text, ',') from schedules")
        .await
        .split(',')
        .map(str::to_owned)
        .collect();
    assert!(minutes.len() > 10, "they are not spread: {minutes:?}");
    assert_eq!(run_due(&world.context).await.expect("nothing is due"), 0);
}

#[tokio::test]
async fn after_downtime_the_newest_day_runs_and_older_ones_are_recorded_as_missed() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    world.daily("p", "2026-11-20", "2026-11-20T01:05:00Z").await;
    assert_eq!(run_due(&world.context).await.expect("it is due"), 1);
    let days = "select string_agg(nominal || ' ' || outcome, ', ' order by nominal) from occurrences";
    assert_eq!(
        world.text(days).await,
        "2026-11-20 missed, 2026-11-21 missed, 2026-11-22 missed, 2026-11-23 run"
    );
    assert_eq!(world.text("select string_agg(nominal::text, ',') from runs").await, "2026-11-23");
    assert_eq!(
        world.text("select last_nominal || ' ' || next_nominal from schedules").await,
        "2026-11-23 2026-11-24"
    );
}

#[tokio::test]
async fn s_17_a_day_while_it_is_off_is_recorded_and_not_made_up() {
    for state in ["off", "switching_off"] {
        let world = World::at("2026-11-23T12:00:00Z").await;
        world.partner("p", 1).await;
        world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
        world.sql(&format!("update integrations set state = '{state}'")).await;
        assert_eq!(run_due(&world.context).await.expect("it is due"), 1);
        world.sql("update integrations set state = 'on'").await;
        assert_eq!(run_due(&world.context).await.expect("nothing is due"), 0);
        assert_eq!(world.text("select string_agg(outcome, ',') from occurrences").await, "off");
        assert_eq!(world.text("select count(*) from runs").await, "0");
        assert_eq!(world.text("select next_nominal from schedules").await, "2026-11-24");
    }
}

#[tokio::test]
async fn a_day_that_was_run_is_not_run_again_by_an_edited_schedule() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
    world
        .sql("insert into occurrences values ('p', '2026-11-23', 'missed', null, '2026-11-23T00:00Z')")
        .await;
    assert_eq!(run_due(&world.context).await.expect("it is due"), 1);
    assert_eq!(world.text("select count(*) from runs").await, "0");
    assert_eq!(world.text("select next_nominal from schedules").await, "2026-11-24");
}

#[tokio::test]
async fn what_needs_no_worker_gets_a_local_job() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 2).await;
    world.sql("insert into companies values ('p', 'new', 'New')").await;
    let counted = [("c1", &[("standard", Some(3)), ("advanced", Some(0))][..])];
    world.counts("p", Part::whole("r", "2026-11-22", "2026-11-22T22:00:00Z"), &counted).await;
    world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
    run_due(&world.context).await.expect("it is due");
    assert_eq!(
        world.open_jobs().await,
        "1 survey ready {1001} {}; 1 local ready {} {new}; 1 local ready {1002} {}"
    );
    assert_eq!(
        world.text("select host || ' ' || tenant from jobs where kind = 'survey'").await,
        "bms.example.com p ltd"
    );
}

#[tokio::test]
async fn a_night_with_refused_credentials_is_seen_and_calls_nobody() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 1).await;
    world.counts("p", Part::whole("r", "2026-11-22", "2026-11-22T22:00:00Z"), &[("c1", &[])]).await;
    world
        .sql("update integrations set credentials_refused_code = 'AUTH-01', credentials_refused_at = '2026-11-22T00:00Z'")
        .await;
    world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
    run_due(&world.context).await.expect("it is due");
    assert_eq!(world.open_jobs().await, "1 local ready {1001} {} AUTH-01");
}

#[tokio::test]
async fn a_newer_run_takes_over_what_nobody_has_started() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 150).await;
    let companies: Vec<String> = (1..=150).map(|n| format!("c{n}")).collect();
    let counted: Vec<_> = companies.iter().map(|company| (company.as_str(), &[][..])).collect();
    world.counts("p", Part::whole("r", "2026-11-22", "2026-11-22T22:00:00Z"), &counted).await;
    world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
    run_due(&world.context).await.expect("it is due");
    world.spread().await;
    let slices = "select string_agg(cardinality(contract_ids)::text, ',' order by contract_ids) from jobs
                  where kind = 'work'";
    // Two targets on each contract, at most a hundred in a slice.
    assert_eq!(world.text(slices).await, "50,50,50");

    world.clock.set("2026-11-24T12:00:00Z".parse().expect("an instant"));
    run_due(&world.context).await.expect("it is due");
    let runs = "select string_agg(run_number || ' ' || state || ' ' || all_companies, ', ' order by run_number) from runs";
    assert_eq!(world.text(runs).await, "1 superseded true, 2 running true");
    world.start_job_of(1001).await;

    world.clock.set("2026-11-25T12:00:00Z".parse().expect("an instant"));
    run_due(&world.context).await.expect("it is due");
    assert_eq!(world.text(runs).await, "1 superseded true, 2 running false, 3 running true");
    let open = "select string_agg(distinct run_number || ' ' || state, ', ') from jobs where state <> 'done'";
    assert_eq!(world.text(open).await, "2 started, 3 ready");
}

#[tokio::test]
async fn s_32_what_a_person_waits_for_stays_prompt_in_the_run_that_takes_over() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    world.partner("p", 3).await;
    let counted: Vec<_> = ["c1", "c2", "c3"].iter().map(|company| (*company, &[][..])).collect();
    world.counts("p", Part::whole("r", "2026-11-22", "2026-11-22T22:00:00Z"), &counted).await;
    world.daily("p", "2026-11-23", "2026-11-23T01:00:00Z").await;
    run_due(&world.context).await.expect("it is due");
    world.request("p", "press", serde_json::json!({"all": {}})).await;
    let now_jobs =
        "select string_agg(run_number || ' ' || state || ' ' || now_job, ', ' order by run_number) from jobs
                    where kind = 'survey'";
    assert_eq!(world.text(now_jobs).await, "1 ready true");

    world.clock.set("2026-11-24T12:00:00Z".parse().expect("an instant"));
    run_due(&world.context).await.expect("it is due");
    assert_eq!(world.text(now_jobs).await, "1 done true, 2 ready true");
}

#[tokio::test]
async fn one_partner_with_a_row_that_cannot_be_read_stops_no_other() {
    let world = World::at("2026-11-23T12:00:00Z").await;
    for partner in ["a", "b"] {
        world.partner(partner, 1).await;
        world.daily(partner, "2026-11-23", "2026-11-23T01:00:00Z").await;
    }
    world.sql("update schedules set zone = 'Nowhere/Else' where partner_id = 'a'").await;
    assert_eq!(run_due(&world.context).await.expect("the other is run"), 1);
    assert_eq!(world.text("select string_agg(partner_id, ',') from runs").await, "b");
}
