//! Which jobs get a ticket, when, and what happens to a duplicate.

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use domain::LoginOutcome;
use messages::v1::RefusalReason;
use tokio_util::sync::CancellationToken;

use crate::{
    dying_bus::{DyingBus, Point},
    world::World,
};

async fn kill_a_scheduler_at(world: &World, point: Point) {
    let reached = CancellationToken::new();
    let bus = DyingBus { inner: world.bus.clone(), point, reached: reached.clone() };
    let dying = world.start_scheduler_on(Arc::new(bus));
    reached.cancelled().await;
    dying.abort();
    assert!(dying.await.expect_err("it was killed").is_cancelled());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_that_dies_before_it_publishes_leaves_the_ticket_to_another() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    let job = world.make_job(&run, &[101]).await;
    kill_a_scheduler_at(&world, Point::BeforePublish).await;
    assert_eq!(world.text("state from jobs").await.as_deref(), Some("ready"));

    world.start_scheduler();
    // Its claim keeps other schedulers away until it expires.
    world.nothing_else_is_due().await;
    world.clock.advance(Duration::from_secs(31));
    let (ticket, content) = world.started("w1").await;
    assert_eq!((ticket.job_id, content.run_id), (job, run));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_that_dies_before_it_marks_causes_a_second_ticket_that_is_refused() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    kill_a_scheduler_at(&world, Point::AfterPublish).await;
    let first = world.ticket().await;

    world.start_scheduler();
    world.clock.advance(Duration::from_secs(31));
    let second = world.ticket().await;
    assert_eq!(first, second);
    assert!(world.start(&first, "w1").await.is_ok());
    assert_eq!(world.start(&second, "w2").await, Err(RefusalReason::Held));
    assert_eq!(world.text("holder from jobs").await.as_deref(), Some("w1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_the_broker_refuses_is_kept_and_published_later() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    let job = world.make_job(&run, &[101]).await;
    let reached = CancellationToken::new();
    let refusals = AtomicU32::new(3);
    let point = Point::Refused(refusals);
    world.start_scheduler_on(Arc::new(DyingBus {
        inner: world.bus.clone(),
        point,
        reached: reached.clone(),
    }));
    // The clock stands still: the end of the claim is not what brings it back.
    let (ticket, _) = world.started("w1").await;
    assert!(reached.is_cancelled());
    assert_eq!((ticket.job_id, ticket.attempt), (job, Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_nobody_starts_comes_again() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let lost = world.ticket().await;
    world.until("state from jobs", "emitted").await;
    world.nothing_else_is_due().await;
    world.clock.advance(world.settings.ticket_timeout);
    assert_eq!(world.ticket().await, lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_schedulers_and_every_ticket_twice_start_each_job_once() {
    let mut world = World::new().await;
    world.settings.slots_per_host = 20;
    for number in 0..20 {
        let partner = format!("p{number}");
        world.partner(&partner, 1).await;
        let run = world.make_run(&partner).await;
        world.make_job(&run, &[101]).await;
    }
    world.start_scheduler();
    world.start_scheduler();
    for _ in 0..20 {
        let ticket = world.ticket().await;
        let (first, second) = tokio::join!(world.start(&ticket, "w1"), world.start(&ticket, "w2"));
        assert_ne!(first.is_ok(), second.is_ok(), "{ticket:?} was started by both or by none");
        let refused = first.err().or(second.err());
        assert_eq!(refused, Some(RefusalReason::Held));
    }
    assert_eq!(world.number("count(*) from jobs where state = 'started' and attempt = 1").await, 20);
    world.nothing_else_is_due().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_job_is_the_next_and_takes_turns_with_a_long_run() {
    let world = World::new().await;
    world.partner("p1", 4).await;
    let long = world.make_run("p1").await;
    let slices = [world.make_job(&long, &[101]).await, world.make_job(&long, &[102]).await];
    world.start_scheduler();
    let (first, _) = world.started("w1").await;
    assert_eq!(first.job_id, slices[0]);

    let asked = world.make_run_of("p1", "request", "apply").await;
    let persons = [world.make_job(&asked, &[103]).await, world.make_job(&asked, &[104]).await];
    world.clock.advance(Duration::from_secs(1));
    world.done(&first, LoginOutcome::Accepted).await;
    // The person's job is next, although the long run is older.
    let second = world.ticket_now().await;
    assert_eq!(second.job_id, persons[0]);
    world.start(&second, "w1").await.expect("the job starts");
    world.clock.advance(Duration::from_secs(1));
    world.done(&second, LoginOutcome::Accepted).await;
    // Then it is the long run's turn, although the person has another job.
    let third = world.ticket().await;
    assert_eq!(third.job_id, slices[1]);
    world.start(&third, "w1").await.expect("the job starts");
    world.clock.advance(Duration::from_secs(1));
    world.done(&third, LoginOutcome::Accepted).await;
    assert_eq!(world.ticket_now().await.job_id, persons[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_holds_no_more_started_jobs_than_its_slots() {
    let mut world = World::new().await;
    world.settings.slots_per_host = 2;
    for partner in ["p1", "p2", "p3"] {
        world.partner(partner, 1).await;
        let run = world.make_run(partner).await;
        world.make_job(&run, &[101]).await;
    }
    world.start_scheduler();
    let (first, _) = world.started("w1").await;
    let (second, _) = world.started("w2").await;
    world.nothing_else_is_due().await;
    world.done(&first, LoginOutcome::Accepted).await;
    let (third, _) = world.started("w1").await;
    let mut partners = [first.partner_id, second.partner_id, third.partner_id];
    partners.sort();
    assert_eq!(partners, ["p1", "p2", "p3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deferred_and_stopped_jobs_get_no_ticket_until_they_may() {
    let world = World::new().await;
    for (partner, obstacle) in [
        ("deferred", "update jobs set not_before = '2026-11-20T12:10:00Z' where partner_id = 'deferred'"),
        ("plan", "update runs set mode = 'plan' where partner_id = 'plan'"),
        ("write", "update installation set writes_stopped = true"),
    ] {
        world.partner(partner, 1).await;
        let run = world.make_run(partner).await;
        world.make_job(&run, &[101]).await;
        world.run(obstacle).await;
    }
    world.start_scheduler();
    // While all writes are stopped, a plan still goes.
    assert_eq!(world.ticket().await.partner_id, "plan");
    world.run("update installation set writes_stopped = false").await;
    assert_eq!(world.ticket().await.partner_id, "write");
    world.nothing_else_is_due().await;
    world.clock.set("2026-11-20T12:10:00Z".parse().expect("an instant"));
    let mut again = [world.ticket().await, world.ticket().await, world.ticket().await];
    again.sort_by(|one, other| one.partner_id.cmp(&other.partner_id));
    assert_eq!(again[0].partner_id, "deferred");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_of_one_partner_keeps_nothing_of_another_back() {
    let world = World::new().await;
    for partner in ["row", "settings", "p1"] {
        world.partner(partner, 1).await;
        let run = world.make_run(partner).await;
        world.make_local(&run, &[101], &[]).await;
    }
    world
        .run(
            "update jobs set local_code = 'NO-CODE' where partner_id = 'row';
             update partners set count_zone = 'Nowhere/At all' where partner_id = 'settings';
             update user_counts set users = null, basis = null",
        )
        .await;
    let run = world.make_run("p1").await;
    let work = world.make_job(&run, &[101]).await;
    world.start_scheduler();
    assert_eq!(world.ticket().await.job_id, work);
    assert_eq!(world.result().await.partner_id, "p1");
    let through = "update jobs set state = 'done' where partner_id = 'p1' and kind = 'local'";
    world.run(through).await;
    // Their claims expire; they come again, and still delay no other job.
    world.clock.advance(Duration::from_secs(31));
    let run = world.make_run("p1").await;
    let local = world.make_local(&run, &[101], &[]).await;
    assert_eq!(world.result().await.job_id, local);
    world.run(through).await;
    world.run("update partners set count_zone = 'Europe/Rome'").await;
    world.clock.advance(Duration::from_secs(31));
    assert_eq!(world.result().await.partner_id, "settings");
}
