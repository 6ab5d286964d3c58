//! Database faults: the scheduler keeps the messages, readiness says why, and nothing becomes a dead letter (G-11).

use std::sync::Arc;

use bus::{Bus as _, EventTopic, Outgoing, Queue, TraceContext};
use messages::v1;
use runtime::Health;
use serde_json::json;
use store::{Settings, Store};
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// One message of each kind that comes from outside.
async fn send_all(world: &World) {
    let whole = |kind, body: serde_json::Value| Outgoing {
        id: uuid::Uuid::from_u128(1),
        kind,
        trace: TraceContext::default(),
        body: body.to_string().into(),
    };
    let counts = json!({ "partnerId": "p1", "reportId": "new", "day": "2026-11-20", "countedAt": "2026-11-20T11:00:00Z",
                         "part": 1, "parts": 1, "final": true, "companies": [{ "companyId": "c1", "products": [] }] });
    let request = json!({ "partnerId": "p1", "requestId": "q", "companies": { "all": {} }, "mode": "SYNC_MODE_PLAN",
                          "requestedBy": "Anna" });
    let decision = json!({ "partnerId": "p1", "decisionId": "d", "holdId": "01890000-0000-7000-8000-0000000000ff",
                           "decision": "HOLD_DECISION_APPROVE", "units": 3, "decidedBy": "Anna" });
    for (queue, message) in [
        (Queue::Counts, whole("kaseya_sync.v1.UserCountsReported", counts)),
        (Queue::SyncRequests, whole("kaseya_sync.v1.SyncRequested", request)),
        (Queue::SyncRequests, whole("kaseya_sync.v1.HoldDecided", decision)),
    ] {
        world.bus.publish(queue, message).await.expect("room");
    }
}

/// Both intakes wait, and readiness names the fault.
async fn both_wait_for(health: &Health, fault: &str) {
    testkit::until(&format!("both intakes wait for {fault}"), async || {
        let report = health.ready();
        let waits = |name| {
            report.checks.iter().any(|check| check.name == name && !check.ok && check.detail.contains(fault))
        };
        !report.ok && waits("counts") && waits("sync.requests")
    })
    .await;
}

/// Everything is handled, each message is answered, and there are no dead letters.
async fn all_are_taken(world: &World, health: &Health, decided: &mut bus::Consumer) {
    let answer = decided.next().await.expect("an answer");
    let answer: v1::DecisionAnswered = answer.message.decode().expect("an answer to a decision");
    assert_eq!(answer.code.as_deref(), Some("UNKNOWN-HOLD"));
    world.until("complete_at is not null from reports where report_id = 'new'", "true").await;
    world.until("answer from requests where request_id = 'q'", "accepted").await;
    testkit::until("no intake waits", async || health.ready().ok).await;
    let marker = v1::DeadLetter { queue: "marker".to_owned(), ..v1::DeadLetter::default() };
    let marker = Outgoing::new(uuid::Uuid::from_u128(2), TraceContext::default(), &marker);
    world.bus.publish(Queue::DeadLetters, marker).await.expect("room");
    let mut letters =
        world.bus.consume(Queue::DeadLetters, 1, CancellationToken::new()).await.expect("a consumer");
    let letter: v1::DeadLetter =
        letters.next().await.expect("the marker").message.decode().expect("a dead letter");
    assert_eq!(letter.queue, "marker", "{letter:?}");
}

async fn decisions(world: &World) -> bus::Consumer {
    world.bus.listen(EventTopic::DecisionAnswered, CancellationToken::new()).await.expect("a bus")
}

/// Ends every connection to the database but the administrator's own.
const END_CONNECTIONS: &str = "select pg_terminate_backend(pid) from pg_stat_activity
                               where datname = current_database() and pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread")]
async fn case_d1_messages_wait_while_the_database_is_read_only() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let mut decided = decisions(&world).await;
    let administrator = world.database.client().await;
    administrator.batch_execute("set default_transaction_read_only = off").await.expect("set");
    let name = &world.database.name;
    let read_only = format!("alter database {name} set default_transaction_read_only = on");
    administrator.batch_execute(&read_only).await.expect("altered");
    let store = world.database.another_store().await;
    let (_running, health) =
        world.start_scheduler_with(Arc::new(world.bus.clone()), store, Arc::new(world.clock.clone()));
    send_all(&world).await;
    both_wait_for(&health, "25006").await;
    administrator
        .batch_execute(&format!("alter database {name} reset default_transaction_read_only"))
        .await
        .expect("altered");
    // The scheduler's connections were made under the old setting; it drops them by itself.
    all_are_taken(&world, &health, &mut decided).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_d1_messages_wait_while_tables_are_away_for_a_restore() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let mut decided = decisions(&world).await;
    let administrator = world.database.client().await;
    let away =
        "alter table partners rename to partners_away; alter table reports rename column final to was_final";
    administrator.batch_execute(away).await.expect("renamed");
    let store = world.database.another_store().await;
    let (_running, health) =
        world.start_scheduler_with(Arc::new(world.bus.clone()), store, Arc::new(world.clock.clone()));
    send_all(&world).await;
    both_wait_for(&health, "42P01").await;
    administrator.batch_execute("alter table partners_away rename to partners").await.expect("renamed");
    testkit::until("the counts wait for the column", async || {
        let waits = |check: &runtime::Check| check.name == "counts" && check.detail.contains("42703");
        health.ready().checks.iter().any(waits)
    })
    .await;
    administrator
        .batch_execute("alter table reports rename column was_final to final")
        .await
        .expect("renamed");
    all_are_taken(&world, &health, &mut decided).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_d1_messages_wait_for_a_right_and_for_a_login() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let mut decided = decisions(&world).await;
    let administrator = world.database.client().await;
    let role = format!("limited_{}", world.database.name);
    let made = format!(
        "create role {role} login; grant all on all tables in schema public to {role};
         grant all on all sequences in schema public to {role}; revoke select on partners from {role}"
    );
    administrator.batch_execute(&made).await.expect("a role");
    let url = world.database.owner_url.replacen("user=postgres", &format!("user={role}"), 1);
    assert_ne!(url, world.database.owner_url, "the address names its user");
    let store = Store::connect(Settings::new(url), testkit::entropy(3)).await.expect("a store");
    let (_running, health) =
        world.start_scheduler_with(Arc::new(world.bus.clone()), store, Arc::new(world.clock.clone()));
    send_all(&world).await;
    both_wait_for(&health, "42501").await;
    let locked_out = format!("alter role {role} nologin; grant select on partners to {role}");
    administrator.batch_execute(&locked_out).await.expect("altered");
    administrator.batch_execute(END_CONNECTIONS).await.expect("ended");
    both_wait_for(&health, "28000").await;
    administrator.batch_execute(&format!("alter role {role} login")).await.expect("altered");
    all_are_taken(&world, &health, &mut decided).await;
}
