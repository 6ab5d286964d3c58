//! The queue of calls accepts anything.

use std::time::Duration;

use bus::{Bus as _, Outgoing, Queue, Settlement, TraceContext};
use messages::v1;
use tokio_util::sync::CancellationToken;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_put_aside_and_the_next_is_answered() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let id = uuid::Uuid::from_u128(1);
    let mut dead =
        world.bus.consume(Queue::DeadLetters, 10, CancellationToken::new()).await.expect("a consumer");
    let half_a_change = v1::PermitWrites {
        partner_id: "p1".to_owned(),
        job_id: id.to_string(),
        attempt: Some(1),
        worker_id: "w1".to_owned(),
        credentials_version: Some(1),
        changes: vec![v1::IntendedChange { to_units: None, ..world.change(1, 5) }],
        login_accepted: None,
        whole_contracts: None,
    };
    let start = v1::StartJob { partner_id: "p1".to_owned(), ..v1::StartJob::default() };
    let whole = |message| Outgoing { kind: "kaseya_sync.v1.StartJob", ..message };
    let random = Outgoing::new(id, TraceContext::default(), &start);
    for (message, reason) in [
        (whole(Outgoing { body: vec![0xff_u8, 0x00].into(), ..random.clone() }), "UTF-8"),
        (Outgoing { kind: "kaseya_sync.v9.StartJob", ..random.clone() }, "v9"),
        (random, "attempt"),
        (Outgoing::new(id, TraceContext::default(), &half_a_change), "changes[0].to_units"),
    ] {
        world.bus.publish(Queue::SchedulerCalls, message).await.expect("published");
        let letter = tokio::time::timeout(Duration::from_secs(60), dead.next())
            .await
            .expect("in time")
            .expect("a letter");
        let said: v1::DeadLetter = letter.message.decode().expect("a dead letter");
        assert!(said.reason.contains(reason), "{} does not name {reason}", said.reason);
        letter.settle(Settlement::Done).await.expect("settled");
    }
    world.started("w1").await;
}
