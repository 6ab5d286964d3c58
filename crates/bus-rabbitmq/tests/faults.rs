//! What RabbitMQ and the network can do to the bus, done to a real broker.

mod support;

use std::{os::unix::ffi::OsStrExt as _, time::Duration};

use bus::{BusError, EventTopic, PublishError, Queue, Settlement, SharedBus, topology::MAX_MESSAGE_BYTES};
use bus_rabbitmq::declare_topology;
use lapin::{BasicProperties, options::BasicPublishOptions};
use testkit::{
    RabbitMq,
    bus_contract::{consumer, message, next, take, text},
    until,
};

/// A broker of the test's own, with a vhost ready.
async fn own() -> (RabbitMq, String) {
    let broker = RabbitMq::start().await.expect("a broker");
    let vhost = broker.vhost(support::DEFINITIONS).await.expect("a vhost");
    (broker, vhost)
}

/// The shared broker, with a vhost ready.
async fn shared() -> (&'static RabbitMq, String) {
    let broker = RabbitMq::shared().await.expect("a broker");
    let vhost = broker.vhost(support::DEFINITIONS).await.expect("a vhost");
    (broker, vhost)
}

/// Publishes as the services do: again until it is confirmed.
async fn publish_until_confirmed(bus: &SharedBus, queue: Queue, body: &str) {
    until("a confirm", async || bus.publish(queue, message(body)).await.is_ok()).await;
}

async fn until_connected(bus: &SharedBus, wanted: bool) {
    let mut connected = bus.connected();
    let known = tokio::time::timeout(Duration::from_secs(60), connected.wait_for(|now| *now == wanted)).await;
    known.expect("in time").expect("a bus");
}

/// A message as a stranger sends it, past everything the bus checks.
async fn publish_raw(uri: &str, queue: Queue, body: &[u8], properties: BasicProperties) {
    let connection = lapin::Connection::connect(uri, Default::default()).await.expect("connected");
    let channel = connection.create_channel().await.expect("a channel");
    channel.confirm_select(Default::default()).await.expect("confirms");
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    let confirm = channel
        .basic_publish(queue.exchange().into(), "".into(), options, body, properties)
        .await
        .expect("published")
        .await
        .expect("confirmed");
    assert_eq!(confirm, lapin::Confirmation::Ack(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_broker_comes_back_with_everything_that_was_confirmed() {
    let (broker, vhost) = own().await;
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    until_connected(&bus, true).await;
    let mut jobs = consumer(&bus, Queue::Jobs, 1).await;
    bus.publish(Queue::Jobs, message("in hand")).await.expect("a confirm");
    let in_hand = next(&mut jobs).await;
    let mut confirmed = Vec::new();
    for n in 0..50 {
        bus.publish(Queue::Jobs, message(&n.to_string())).await.expect("a confirm");
        confirmed.push(n.to_string());
    }
    broker.kill().await.expect("killed");
    until_connected(&bus, false).await;
    tokio::time::timeout(Duration::from_secs(60), in_hand.lost().cancelled())
        .await
        .expect("the worker hears of it");
    assert_eq!(in_hand.settle(Settlement::Done).await, Err(BusError::Lost));
    let away = bus.publish(Queue::Jobs, message("away")).await;
    assert!(matches!(away, Err(PublishError::Disconnected(_))), "{away:?}");

    broker.start_again().await.expect("back");
    broker.wait_for_leaders(&vhost).await.expect("leaders");
    until_connected(&bus, true).await;
    let mut came = Vec::new();
    let mut came_again = 0;
    while came.len() + came_again < confirmed.len() + 1 {
        let delivery = next(&mut jobs).await;
        match text(&delivery.message).as_str() {
            // What was in hand comes back once the broker has seen that its holder is gone: at its place, or after messages
            // that the new consumer was given before that.
            "in hand" => {
                assert!(delivery.message.redelivered);
                came_again += 1;
            }
            body => came.push(body.to_owned()),
        }
        delivery.settle(Settlement::Done).await.expect("settled");
    }
    assert_eq!((came, came_again), (confirmed, 1));
    publish_until_confirmed(&bus, Queue::Jobs, "after").await;
    take(&mut jobs, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_closed_by_the_broker_are_made_again() {
    let (broker, vhost) = shared().await;
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    until_connected(&bus, true).await;
    let mut jobs = consumer(&bus, Queue::Jobs, 1).await;
    let mut heard = bus.listen(EventTopic::RunFinished, Default::default()).await.expect("listening");
    let mut calls = consumer(&bus, Queue::SchedulerCalls, 1).await;
    let ask = |body: &'static str| {
        let bus = bus.clone();
        tokio::spawn(async move {
            bus.request(Queue::SchedulerCalls, message(body), Duration::from_secs(60)).await
        })
    };
    let asking = ask("lost");
    next(&mut calls).await.settle(Settlement::Done).await.expect("settled");
    broker.close_connections(&vhost, 2).await.expect("closed");
    // The queue of answers went with the connection: whoever waits need not wait to the end.
    assert_eq!(asking.await.expect("no panic"), Err(bus::RequestError::TimedOut));
    until_connected(&bus, true).await;
    publish_until_confirmed(&bus, Queue::Jobs, "after").await;
    take(&mut jobs, "after").await;
    let asking = ask("again");
    let call = next(&mut calls).await;
    bus.reply(&call.message, message("yes")).await.expect("a confirm");
    call.settle(Settlement::Done).await.expect("settled");
    assert_eq!(text(&asking.await.expect("no panic").expect("an answer")), "yes");
    until("events are heard again", async || {
        let _ = bus.announce(EventTopic::RunFinished, message("event")).await;
        tokio::time::timeout(Duration::from_millis(200), heard.next()).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_deleted_under_its_consumer_is_unroutable_until_it_is_declared_again() {
    let (broker, vhost) = shared().await;
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    let mut jobs = consumer(&bus, Queue::Jobs, 1).await;
    bus.publish(Queue::Jobs, message("before")).await.expect("a confirm");
    let held = next(&mut jobs).await;
    broker.delete_queue(&vhost, Queue::Jobs.name()).expect("deleted");
    tokio::time::timeout(Duration::from_secs(60), held.lost().cancelled())
        .await
        .expect("the consumer hears of it");
    let refused = bus.publish(Queue::Jobs, message("x")).await;
    assert!(matches!(refused, Err(PublishError::Unroutable(_))), "{refused:?}");
    bus.publish(Queue::JobsNow, message("x")).await.expect("other queues go on");

    declare_topology(&broker.uri(&vhost), testkit::entropy(2)).await.expect("declared");
    bus.publish(Queue::Jobs, message("after")).await.expect("a confirm");
    take(&mut jobs, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_closed_alone_is_made_again() {
    let (broker, vhost) = shared().await;
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    let mut jobs = consumer(&bus, Queue::Jobs, 1).await;
    publish_until_confirmed(&bus, Queue::Jobs, "first").await;
    take(&mut jobs, "first").await;
    // Without its exchange a publish closes its channel, and only that.
    broker.api("DELETE", &format!("/api/exchanges/{vhost}/counts"), None).expect("deleted");
    for _ in 0..40 {
        let refused = bus.publish(Queue::Counts, message("x")).await;
        assert!(matches!(refused, Err(PublishError::Unroutable(_))), "{refused:?}");
        bus.publish(Queue::Jobs, message("second")).await.expect("the connection goes on");
        take(&mut jobs, "second").await;
    }
    assert!(*bus.connected().borrow());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_broker_has_no_memory_consumers_go_on_and_publishes_wait() {
    let (broker, vhost) = own().await;
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    for n in 0..5 {
        publish_until_confirmed(&bus, Queue::Jobs, &n.to_string()).await;
    }
    broker.set_memory_watermark(0.000_001).await.expect("the alarm");
    // The first may be sent before we are told, and is then never confirmed; the next is not sent at all.
    let refused = bus.publish(Queue::Results, message("starved")).await;
    assert!(
        matches!(refused, Err(PublishError::NotConfirmed | PublishError::Disconnected(_))),
        "published under the alarm: {refused:?}"
    );
    let mut jobs = consumer(&bus, Queue::Jobs, 1).await;
    for n in 0..5 {
        take(&mut jobs, &n.to_string()).await;
    }
    assert!(*bus.connected().borrow());
    broker.set_memory_watermark(0.4).await.expect("no alarm");
    publish_until_confirmed(&bus, Queue::Counts, "after").await;
    take(&mut consumer(&bus, Queue::Counts, 1).await, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_says_nothing_is_given_up_and_found_again() {
    let (broker, vhost) = own().await;
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    let mut jobs = consumer(&bus, Queue::Jobs, 1).await;
    publish_until_confirmed(&bus, Queue::Jobs, "before").await;
    let held = next(&mut jobs).await;
    broker.stall().expect("stalled");
    assert_eq!(bus.publish(Queue::Jobs, message("x")).await, Err(PublishError::NotConfirmed));
    // Two heartbeats without a sign of life.
    until_connected(&bus, false).await;
    tokio::time::timeout(Duration::from_secs(60), held.lost().cancelled())
        .await
        .expect("the worker hears of it");
    broker.resume().expect("resumed");
    until_connected(&bus, true).await;
    let again = next(&mut jobs).await;
    assert_eq!(text(&again.message), "before");
    again.settle(Settlement::Done).await.expect("settled");
    publish_until_confirmed(&bus, Queue::Counts, "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_publishes_at_once_exactly_the_unroutable_ones_say_so() {
    let (broker, vhost) = shared().await;
    broker.delete_queue(&vhost, Queue::Counts.name()).expect("deleted");
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    until_connected(&bus, true).await;
    let publishes: Vec<_> = (0_u128..2_000)
        .map(|n| {
            let bus = bus.clone();
            tokio::spawn(async move {
                let queue = if n % 10 == 0 { Queue::Counts } else { Queue::Jobs };
                let outgoing = bus::Outgoing { id: uuid::Uuid::from_u128(n), ..message(&n.to_string()) };
                (queue, bus.publish(queue, outgoing).await)
            })
        })
        .collect();
    for publish in publishes {
        match publish.await.expect("no panic") {
            (Queue::Counts, Err(PublishError::Unroutable(_))) | (Queue::Jobs, Ok(())) => {}
            (queue, published) => panic!("to {queue:?}: {published:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oversized_message_and_nonsense_are_put_aside_and_the_next_is_unaffected() {
    let (broker, vhost) = shared().await;
    let uri = broker.uri(&vhost);
    let bus: SharedBus = support::connect(&uri);
    let huge = vec![b'x'; 10 * 1024 * 1024];
    publish_raw(&uri, Queue::SyncRequests, &huge, BasicProperties::default()).await;
    let just_too_large = vec![b'y'; MAX_MESSAGE_BYTES + 1];
    publish_raw(&uri, Queue::SyncRequests, &just_too_large, BasicProperties::default()).await;
    let nonsense: Vec<u8> = (0..=255).collect();
    publish_raw(&uri, Queue::SyncRequests, &nonsense, BasicProperties::default()).await;
    bus.publish(Queue::SyncRequests, message("good")).await.expect("a confirm");

    let mut requests = consumer(&bus, Queue::SyncRequests, 1).await;
    let delivery = next(&mut requests).await;
    assert_eq!(delivery.message.body, nonsense);
    assert_eq!((delivery.message.id.as_ref(), delivery.message.kind.as_ref()), (None, None));
    let error = delivery.message.decode::<messages::v1::SyncRequested>().expect_err("nonsense");
    delivery.settle(Settlement::DeadLetter(error.to_string())).await.expect("settled");
    take(&mut requests, "good").await;

    let mut letters = consumer(&bus, Queue::DeadLetters, 1).await;
    let mut came = Vec::new();
    for _ in 0..3 {
        let delivery = next(&mut letters).await;
        let letter: messages::v1::DeadLetter = delivery.message.decode().expect("a letter of ours");
        assert_eq!(letter.queue, "sync.requests");
        came.push((letter.body_bytes.expect("a size"), letter.reason));
        delivery.settle(Settlement::Done).await.expect("settled");
    }
    came.sort();
    assert_eq!(came[0], (256, "the body is not UTF-8 from byte 128 on".to_owned()));
    assert_eq!(came[1].0, (MAX_MESSAGE_BYTES + 1) as u64);
    assert_eq!(came[2].0, 10 * 1024 * 1024);
    assert!(came[2].1.contains("more than"), "{}", came[2].1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_cannot_be_published_leaves_the_message_where_it_is() {
    let (broker, vhost) = shared().await;
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    let mut counts = consumer(&bus, Queue::Counts, 1).await;
    publish_until_confirmed(&bus, Queue::Counts, "bad").await;
    broker.delete_queue(&vhost, Queue::DeadLetters.name()).expect("deleted");
    let settled = next(&mut counts).await.settle(Settlement::DeadLetter("a test".into())).await;
    assert!(matches!(settled, Err(BusError::DeadLetter(PublishError::Unroutable(_)))), "{settled:?}");
    declare_topology(&broker.uri(&vhost), testkit::entropy(2)).await.expect("declared");
    let again = next(&mut counts).await;
    assert_eq!(text(&again.message), "bad");
    again.settle(Settlement::DeadLetter("a test".into())).await.expect("settled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_the_bus_says_so_and_finds_it_when_it_comes() {
    let (broker, vhost) = own().await;
    broker.kill().await.expect("killed");
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    assert!(!*bus.connected().borrow());
    let mut jobs = consumer(&bus, Queue::Jobs, 1).await;
    let asked = bus.request(Queue::SchedulerCalls, message("?"), Duration::from_millis(100)).await;
    assert!(matches!(asked, Err(bus::RequestError::NotSent(_))), "{asked:?}");
    broker.start_again().await.expect("back");
    broker.wait_for_leaders(&vhost).await.expect("leaders");
    publish_until_confirmed(&bus, Queue::Jobs, "found").await;
    take(&mut jobs, "found").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_break_the_client_library_are_put_aside_by_the_broker_in_the_end() {
    // lapin ends the connection over a property that is no UTF-8, and gets the same message again: the broker's
    // delivery limit ends that. It is small here so that the test is short.
    let broker = RabbitMq::shared().await.expect("a broker");
    let definitions = support::DEFINITIONS.replace("\"delivery-limit\": 100,", "\"delivery-limit\": 2,");
    assert_ne!(definitions, support::DEFINITIONS);
    let vhost = broker.vhost(&definitions).await.expect("a vhost");
    let sent = std::process::Command::new("amqp-publish")
        .args(["--exchange=sync.requests", "--routing-key=x", "--persistent", "--body=bad", "--url"])
        .arg(broker.uri(&vhost))
        .arg("--content-type")
        .arg(std::ffi::OsStr::from_bytes(b"\xff\xfe"))
        .status()
        .expect("amqp-publish runs");
    assert!(sent.success());
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    publish_until_confirmed(&bus, Queue::SyncRequests, "good").await;
    take(&mut consumer(&bus, Queue::SyncRequests, 1).await, "good").await;
    until("the broker has put it aside", async || {
        let path = format!("/api/queues/{vhost}/dead-letters");
        broker.api("GET", &path, None).expect("a queue")["messages"] == 1
    })
    .await;
}
