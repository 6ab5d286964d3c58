//! Faults of RabbitMQ and the network, tested on a real broker.

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

/// Publishes as the services do: repeats until it is confirmed.
async fn publish_until_confirmed(bus: &SharedBus, queue: Queue, body: &str) {
    until("a confirm", async || bus.publish(queue, message(body)).await.is_ok()).await;
}

async fn until_connected(bus: &SharedBus, wanted: bool) {
    let mut connected = bus.connected();
    let known = tokio::time::timeout(Duration::from_secs(60), connected.wait_for(|now| *now == wanted)).await;
    known.expect("in time").expect("a bus");
}

/// A message as an external sender sends it, bypassing the bus's checks.
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
            // Deliveries in hand come back once the broker has noticed that their holder is gone: at their place, or
            // after messages that the new consumer received before that.
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
    // The reply queue went with the connection: a waiting caller need not wait for its timeout.
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
    // Without its exchange a publish closes its channel, and only its channel.
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
    // The first may be sent before we learn of it, and is then never confirmed; the next is not sent at all.
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
    broker.stall().await.expect("stalled");
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
async fn case_d3_properties_that_are_not_utf8_cost_no_connection() {
    let (broker, vhost) = shared().await;
    let bus: SharedBus = support::connect(&broker.uri(&vhost));
    until_connected(&bus, true).await;
    let mut counts = consumer(&bus, Queue::Counts, 4).await;
    let mut requests = consumer(&bus, Queue::SyncRequests, 4).await;
    publish_until_confirmed(&bus, Queue::Counts, "before").await;
    take(&mut counts, "before").await;
    let mut connected = bus.connected();
    connected.mark_unchanged();
    // Each of them would end lapin's connection of all intakes, again at each redelivery.
    let publish = |body: &str, routing_key: &[u8], content_type: &[u8]| {
        let sent = std::process::Command::new("amqp-publish")
            .args(["--exchange=counts", "--persistent", "--body", body, "--url"])
            .arg(broker.uri(&vhost))
            .arg("--routing-key")
            .arg(std::ffi::OsStr::from_bytes(routing_key))
            .arg("--content-type")
            .arg(std::ffi::OsStr::from_bytes(content_type))
            .status()
            .expect("amqp-publish runs");
        assert!(sent.success());
    };
    publish("latin", b"x", b"Caf\xe9");
    publish("key", b"caf\xe9", b"application/json");
    publish("after", b"x", b"application/json");
    // The routing key decides nothing, so that message is valid.
    take(&mut counts, "key").await;
    take(&mut counts, "after").await;
    bus.publish(Queue::SyncRequests, message("other")).await.expect("a confirm");
    take(&mut requests, "other").await;
    let letter = next(&mut consumer(&bus, Queue::DeadLetters, 1).await).await;
    let said: messages::v1::DeadLetter = letter.message.decode().expect("a dead letter");
    assert!(said.queue == "counts" && said.reason.starts_with("content_type: "), "{said:?}");
    assert_eq!(said.body_start, Some(messages::v1::dead_letter::BodyStart::Text("latin".to_owned())));
    letter.settle(Settlement::Done).await.expect("settled");
    assert!(!connected.has_changed().expect("a bus"), "a connection was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_d2_a_password_changed_in_the_broker_is_read_at_the_next_connect() {
    let (broker, vhost) = shared().await;
    let secret = tempfile::NamedTempFile::new().expect("a file");
    let rotate = |password: &str| {
        broker.set_password("rotated", password).expect("set");
        let rights = serde_json::json!({"configure": ".*", "write": ".*", "read": ".*"});
        broker.api("PUT", &format!("/api/permissions/{vhost}/rotated"), Some(&rights)).expect("granted");
    };
    let write = |password: &str| {
        std::fs::write(secret.path(), broker.uri_as("rotated", password, &vhost)).expect("written");
    };
    rotate("first");
    write("first");
    let file = secret.path().to_owned();
    let read: bus_rabbitmq::ReadUri = std::sync::Arc::new(move || std::fs::read_to_string(&file).ok());
    let bus: SharedBus =
        bus_rabbitmq::RabbitMq::connect_by(read, "rotated", testkit::entropy(77)).expect("a URI");
    publish_until_confirmed(&bus, Queue::Counts, "before").await;

    rotate("second");
    broker.close_connections(&vhost, 2).await.expect("closed");
    until_connected(&bus, false).await;
    // Until the file has the new password the old one is refused, and publishing reports it.
    assert!(bus.publish(Queue::Counts, message("lost")).await.is_err());
    write("second");
    until_connected(&bus, true).await;
    publish_until_confirmed(&bus, Queue::Counts, "after").await;
    let mut counts = consumer(&bus, Queue::Counts, 2).await;
    take(&mut counts, "before").await;
    take(&mut counts, "after").await;
}
