//! Tickets: always acknowledged, whatever the scheduler responds, if at all; garbage goes to the dead letters.

use std::{sync::Arc, time::Duration};

use bus::{Bus as _, InProcess, Outgoing, Queue, TraceContext};
use messages::{Message as _, v1};
use uuid::Uuid;
use worker::WorkerSettings;

use crate::{
    job::{came_out, simple},
    world::{SETTINGS, World, state, ticket},
};

/// A worker with one ticket in hand at a time, so that the next one comes only after it is settled.
async fn one_at_a_time(settings: WorkerSettings) -> World {
    let bus = InProcess::new();
    World::on(bus.clone(), Arc::new(bus), state(), WorkerSettings { jobs: 1, ..settings }).await
}

fn started(world: &World) -> Vec<String> {
    world.script().starts.iter().map(|start| start.job_id.clone()).collect()
}

#[tokio::test]
async fn a_garbage_ticket_is_a_dead_letter_and_the_next_is_worked_on() {
    let mut world = one_at_a_time(SETTINGS).await;
    let garbage = Outgoing {
        id: Uuid::nil(),
        kind: v1::JobReady::KIND,
        trace: TraceContext::default(),
        body: "{\"partner_id\": 5".into(),
    };
    world.bus.publish(Queue::Jobs, garbage).await.expect("room");
    let mut without_attempt = ticket(1, 1);
    without_attempt.attempt = None;
    world.publish(Queue::Jobs, &without_attempt).await;
    let done = world.work(vec![simple(5001, "acme", 14)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    let letter = world.letter().await;
    assert_eq!(letter.queue, "jobs");
    assert!(!letter.reason.is_empty());
    assert!(world.letter().await.reason.contains("attempt"));
    assert_eq!(started(&world).len(), 1);
}

#[tokio::test]
async fn a_silent_scheduler_gets_no_call_to_kaseya_and_the_ticket_is_acknowledged() {
    // Long enough for the response to the last ticket.
    let impatient = WorkerSettings { scheduler_timeout: Duration::from_secs(3), ..SETTINGS };
    let mut world = one_at_a_time(impatient).await;
    world.script().silent = true;
    world.publish(Queue::Jobs, &ticket(1, 1)).await;
    world.publish(Queue::Jobs, &ticket(2, 1)).await;
    testkit::until("the second ticket is at hand", async || started(&world).len() == 2).await;
    assert!(world.kaseya.calls().is_empty());
    world.script().silent = false;
    world.publish(Queue::Jobs, &ticket(3, 1)).await;
    assert_eq!(world.done().await.job_id, ticket(3, 1).job_id);
    let expected: Vec<String> = (1..=3).map(|job| ticket(job, 1).job_id).collect();
    assert_eq!(started(&world), expected, "no ticket came back");
}

#[tokio::test]
async fn a_refused_ticket_is_forgotten() {
    let mut world = one_at_a_time(SETTINGS).await;
    world.script().refuse_start = Some(v1::RefusalReason::Superseded);
    world.publish(Queue::JobsNow, &ticket(1, 1)).await;
    testkit::until("the ticket was shown", async || started(&world).len() == 1).await;
    world.script().refuse_start = None;
    world.publish(Queue::JobsNow, &ticket(2, 3)).await;
    let done = world.done().await;
    assert_eq!((done.job_id, done.attempt), (ticket(2, 3).job_id, Some(3)));
    assert_eq!(started(&world).len(), 2);
}
