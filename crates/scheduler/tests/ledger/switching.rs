//! Switching off, against permits in each order of commit.

use std::{sync::Arc, time::Duration};

use domain::{IntegrationState, PartnerId};
use messages::v1::{self, RefusalReason};
use store::{StoreError, settings::switch};
use tokio::sync::Notify;

use crate::world::World;

const STATE: &str = "state from integrations where partner_id = 'p1'";

async fn started() -> (Arc<World>, v1::JobReady) {
    let world = World::running().await;
    world.partner("p1", 2).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (ticket, _) = world.started("w1").await;
    (Arc::new(world), ticket)
}

async fn switch_off(world: &World) {
    let (partner, now) = (PartnerId::new("p1").expect("an id"), domain::Clock::now(&world.clock));
    let partner = &partner;
    let off = world.in_transaction(|tx| Box::pin(switch::switch_off(tx, partner, now))).await;
    assert_eq!(off.expect("an integration").state, IntegrationState::SwitchingOff);
}

/// Waits until a transaction of this name waits for a lock.
async fn until_blocked(world: &World, transaction: &str) {
    let waiting = format!(
        "count(*) > 0 from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and application_name like '%:{transaction}'"
    );
    world.until(&waiting, "true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_that_commits_first_is_waited_out() {
    let (world, ticket) = started().await;
    let (locked, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    // The permit has locked the integration's row and waits for its job's row, which another transaction holds.
    let holding = tokio::spawn({
        let (world, locked, release) = (Arc::clone(&world), Arc::clone(&locked), Arc::clone(&release));
        async move {
            let (locked, release) = (&*locked, &*release);
            let held: Result<(), StoreError> = world
                .database
                .store
                .transaction("hold_job", |tx| {
                    Box::pin(async move {
                        tx.query("select from jobs where partner_id = 'p1' for update", &[]).await?;
                        locked.notify_one();
                        release.notified().await;
                        Ok(())
                    })
                })
                .await;
            held.expect("the lock is given back");
        }
    });
    locked.notified().await;
    let asking = tokio::spawn({
        let world = Arc::clone(&world);
        let ticket = ticket.clone();
        async move { world.permit_as_asked(&ticket, "w1", vec![world.change(1, 10)]).await }
    });
    until_blocked(&world, "permit_writes").await;
    let switching = tokio::spawn({
        let world = Arc::clone(&world);
        async move { switch_off(&world).await }
    });
    // The switch-off waits for the integration's row, which the permit holds.
    until_blocked(&world, "test").await;
    release.notify_one();
    holding.await.expect("held");
    let permit = asking.await.expect("answered").expect("the permit came first");
    assert_eq!(permit.granted_intent_ids.len(), 1);
    switching.await.expect("switched");

    // The partner is switching off for as long as the permit is out; no other permit is given.
    world.nothing_else_is_due().await;
    assert_eq!(world.text(STATE).await.as_deref(), Some("switching_off"));
    let refused = world.permit(&ticket, "w1", vec![world.change(1, 11)]).await;
    assert_eq!(refused, Err(RefusalReason::SwitchedOff));
    world.clock.advance(Duration::from_secs(30));
    world.until(STATE, "off").await;
    // Once off, the partner stays off; the worker keeps its lease, because its `JobDone` is wanted.
    let refused = world.permit(&ticket, "w1", vec![world.change(1, 11)]).await;
    assert_eq!(refused, Err(RefusalReason::SwitchedOff));
    assert_eq!(world.renew(&ticket, "w1", true).await, Ok(()));
    assert_eq!(world.number("count(*) from intents").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s_17_a_switch_off_that_commits_first_leaves_no_permit() {
    let (world, ticket) = started().await;
    let (switched, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let switching = tokio::spawn({
        let (world, switched, release) = (Arc::clone(&world), Arc::clone(&switched), Arc::clone(&release));
        async move {
            let (partner, now) = (PartnerId::new("p1").expect("an id"), domain::Clock::now(&world.clock));
            let (partner, switched, release) = (&partner, &*switched, &*release);
            world
                .in_transaction(|tx| {
                    Box::pin(async move {
                        switch::switch_off(tx, partner, now).await?;
                        switched.notify_one();
                        release.notified().await;
                        Ok(())
                    })
                })
                .await;
        }
    });
    switched.notified().await;
    let asking = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.permit_as_asked(&ticket, "w1", vec![world.change(1, 10)]).await }
    });
    until_blocked(&world, "permit_writes").await;
    release.notify_one();
    switching.await.expect("switched");
    assert_eq!(asking.await.expect("answered"), Err(RefusalReason::SwitchedOff));
    // No permit is out, so it is off at once.
    world.until(STATE, "off").await;
    assert_eq!(world.number("count(*) from intents").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn off_drops_what_is_queued_and_ends_runs_that_nobody_works_on() {
    let (world, ticket) = started().await;
    let asked = world.make_run_of("p1", "request", "apply").await;
    world.make_job(&asked, &[102]).await;
    world.make_local(&asked, &[], &["c1"]).await;
    switch_off(&world).await;
    let states = "string_agg(trigger || ' ' || state, ', ' order by run_number) from runs";
    assert_eq!(world.text(states).await.as_deref(), Some("schedule running, request switched_off"));
    assert_eq!(world.number("count(*) from jobs where state <> 'done'").await, 1);
    assert_eq!(world.start(&ticket, "w2").await, Err(RefusalReason::Held));

    // A run made at the same time is dropped too, and a worker that falls silent leaves nothing behind.
    let beside = world.make_run("p1").await;
    let job = world.make_job(&beside, &[102]).await;
    let beside = v1::JobReady { job_id: job, ..ticket.clone() };
    world
        .until(&format!("state from runs where run_id = '{}'", run_of(&world, &beside).await), "switched_off")
        .await;
    world.clock.advance(world.settings.lease);
    world.until("count(*) from runs where state = 'running'", "0").await;
    world.until("count(*) from jobs where state <> 'done'", "0").await;

    // On again: none of the old work comes back.
    let partner = PartnerId::new("p1").expect("an id");
    let partner = &partner;
    world.in_transaction(|tx| Box::pin(switch::switch_on(tx, partner))).await;
    world.nothing_else_is_due().await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    world.started("w3").await;
}

async fn run_of(world: &World, ticket: &v1::JobReady) -> String {
    world.text(&format!("run_id from jobs where job_id = '{}'", ticket.job_id)).await.expect("a run")
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a5_a_reading_before_the_invoice_day_that_is_switched_off_is_made_again() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    world.run(&format!("insert into full_reads values ('p1', '2026-12-01', '{run}')")).await;
    let (partner, now) = (PartnerId::new("p1").expect("an id"), domain::Clock::now(&world.clock));
    let partner = &partner;
    world.in_transaction(|tx| Box::pin(switch::switch_off(tx, partner, now))).await.expect("an integration");
    assert_eq!(world.number("count(*) from full_reads").await, 0, "the run never ended");
}
