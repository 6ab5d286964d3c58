//! The contract of every bus, run by [`crate::bus_contract!`] on each of them.
//!
//! Each case gets a bus of its own, with all queues, all empty.

use std::time::Duration;

use bus::{
    BusError, Consumer, Delivery, EventTopic, Incoming, Outgoing, PublishError, Queue, RequestError,
    Settlement, SharedBus, TraceContext, topology::MAX_MESSAGE_BYTES,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long to wait for something that must arrive.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing may arrive.
const SILENCE: Duration = Duration::from_millis(300);

/// A message with this text as its body.
pub fn message(body: &str) -> Outgoing {
    Outgoing {
        id: Uuid::from_u128(7),
        kind: "kaseya_sync.v1.JobReady",
        trace: TraceContext::default(),
        body: body.to_owned().into(),
    }
}

/// A consumer that runs until the end of the test.
pub async fn consumer(bus: &SharedBus, queue: Queue, prefetch: u16) -> Consumer {
    bus.consume(queue, prefetch, CancellationToken::new()).await.expect("a consumer")
}

/// The next delivery; it must arrive.
pub async fn next(consumer: &mut Consumer) -> Delivery {
    tokio::time::timeout(PATIENCE, consumer.next()).await.expect("a delivery in time").expect("a delivery")
}

/// The body as text.
pub fn text(message: &Incoming) -> String {
    String::from_utf8(message.body.to_vec()).expect("a text")
}

async fn nothing(consumer: &mut Consumer) {
    if let Ok(delivery) = tokio::time::timeout(SILENCE, consumer.next()).await {
        panic!("came: {:?}", delivery.map(|delivery| delivery.message.clone()));
    }
}

async fn publish(bus: &SharedBus, queue: Queue, bodies: impl IntoIterator<Item = &str>) {
    for body in bodies {
        bus.publish(queue, message(body)).await.expect("a confirm");
    }
}

/// Takes the next delivery, checks its body and settles it.
pub async fn take(consumer: &mut Consumer, body: &str) {
    let delivery = next(consumer).await;
    assert_eq!(text(&delivery.message), body);
    delivery.settle(Settlement::Done).await.expect("settled");
}

/// Messages arrive in the order of publication, with id, type and trace.
pub async fn order(bus: SharedBus) {
    let trace = TraceContext { traceparent: Some("00-1-2-01".into()), tracestate: Some("k=v".into()) };
    bus.publish(Queue::Jobs, Outgoing { trace: trace.clone(), ..message("first") }).await.expect("a confirm");
    let bodies: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    publish(&bus, Queue::Jobs, bodies.iter().map(String::as_str)).await;
    let mut consumer = consumer(&bus, Queue::Jobs, 10).await;
    let first = next(&mut consumer).await;
    assert_eq!(text(&first.message), "first");
    assert_eq!(first.message.id, Some(Uuid::from_u128(7).to_string()));
    assert_eq!(first.message.kind.as_deref(), Some("kaseya_sync.v1.JobReady"));
    assert_eq!(first.message.trace, trace);
    assert!(!first.message.redelivered);
    first.settle(Settlement::Done).await.expect("settled");
    for body in bodies {
        take(&mut consumer, &body).await;
    }
}

/// A delivery settled with `Again` arrives again in its place, marked as redelivered.
pub async fn again(bus: SharedBus) {
    publish(&bus, Queue::Jobs, ["a", "b", "c"]).await;
    let mut consumer = consumer(&bus, Queue::Jobs, 1).await;
    for _ in 0..3 {
        let delivery = next(&mut consumer).await;
        assert_eq!(text(&delivery.message), "a");
        delivery.settle(Settlement::Again).await.expect("settled");
    }
    let delivery = next(&mut consumer).await;
    assert!(delivery.message.redelivered);
    assert_eq!(text(&delivery.message), "a");
    delivery.settle(Settlement::Done).await.expect("settled");
    take(&mut consumer, "b").await;
    take(&mut consumer, "c").await;
    nothing(&mut consumer).await;
}

/// A delivery dropped unsettled arrives again.
pub async fn dropped(bus: SharedBus) {
    publish(&bus, Queue::Results, ["a"]).await;
    let mut consumer = consumer(&bus, Queue::Results, 5).await;
    drop(next(&mut consumer).await);
    take(&mut consumer, "a").await;
    nothing(&mut consumer).await;
}

/// A consumer holds no more deliveries than its prefetch.
pub async fn prefetch(bus: SharedBus) {
    publish(&bus, Queue::Jobs, ["a", "b", "c"]).await;
    let mut consumer = consumer(&bus, Queue::Jobs, 2).await;
    let first = next(&mut consumer).await;
    let second = next(&mut consumer).await;
    nothing(&mut consumer).await;
    second.settle(Settlement::Done).await.expect("settled");
    take(&mut consumer, "c").await;
    first.settle(Settlement::Done).await.expect("settled");
}

/// Two consumers share a queue; each message goes to one of them.
pub async fn shared(bus: SharedBus) {
    let bodies: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    publish(&bus, Queue::Jobs, bodies.iter().map(String::as_str)).await;
    let (mut one, mut other) = (consumer(&bus, Queue::Jobs, 1).await, consumer(&bus, Queue::Jobs, 1).await);
    // Neither can hold more than one, so the second goes to the other.
    let mut held = vec![next(&mut one).await, next(&mut other).await];
    let mut came = Vec::new();
    while let Some(delivery) = held.pop() {
        came.push(text(&delivery.message));
        delivery.settle(Settlement::Done).await.expect("settled");
        if held.is_empty() && came.len() < bodies.len() {
            held.push(tokio::select! {
                delivery = next(&mut one) => delivery,
                delivery = next(&mut other) => delivery,
            });
        }
    }
    came.sort_by_key(|body| body.parse::<u32>().expect("a number"));
    assert_eq!(came, bodies);
    nothing(&mut one).await;
    nothing(&mut other).await;
}

/// A dead letter carries its origin and reason, and the next message is unaffected.
pub async fn dead_letter(bus: SharedBus) {
    publish(&bus, Queue::Counts, ["{nonsense", "good"]).await;
    let mut consumer = consumer(&bus, Queue::Counts, 1).await;
    let bad = next(&mut consumer).await;
    bad.settle(Settlement::DeadLetter("it is nonsense".to_owned())).await.expect("settled");
    take(&mut consumer, "good").await;
    nothing(&mut consumer).await;
    let mut letters = bus.consume(Queue::DeadLetters, 1, CancellationToken::new()).await.expect("a consumer");
    let delivery = next(&mut letters).await;
    let letter: serde_json::Value = serde_json::from_slice(&delivery.message.body).expect("JSON");
    assert_eq!(letter["queue"], "counts");
    assert_eq!(letter["reason"], "it is nonsense");
    assert_eq!(letter["text"], "{nonsense");
    assert_eq!(letter["messageId"], Uuid::from_u128(7).to_string());
    assert_eq!(letter["type"], "kaseya_sync.v1.JobReady");
    assert_eq!(delivery.message.kind.as_deref(), Some("kaseya_sync.v1.DeadLetter"));
    delivery.settle(Settlement::Done).await.expect("settled");
    nothing(&mut letters).await;
}

/// A message too large for any consumer is not published.
pub async fn too_large(bus: SharedBus) {
    let most = "x".repeat(MAX_MESSAGE_BYTES);
    publish(&bus, Queue::Jobs, [most.as_str()]).await;
    let refused = bus.publish(Queue::Jobs, message(&format!("{most}x"))).await;
    assert_eq!(refused, Err(PublishError::TooLarge(MAX_MESSAGE_BYTES + 1, MAX_MESSAGE_BYTES)));
    take(&mut consumer(&bus, Queue::Jobs, 1).await, &most).await;
}

/// Between our own services a message that is too large goes in parts, and a reply arrives whole.
pub async fn case_c2_parts(bus: SharedBus) {
    let large: String = ('a'..='z').cycle().take(3 * MAX_MESSAGE_BYTES).collect();
    bus.publish(Queue::Results, message(&large)).await.expect("it goes in parts");
    let mut results = consumer(&bus, Queue::Results, 10).await;
    let mut parts = std::collections::BTreeMap::new();
    let count = loop {
        let delivery = next(&mut results).await;
        let part = bus::parts::Part::read(&delivery.message).expect("a part").expect("whole in itself");
        let count = usize::from(part.parts);
        parts.insert(part.place, part.bytes);
        delivery.settle(Settlement::Done).await.expect("settled");
        if parts.len() == count {
            break count;
        }
    };
    assert_eq!(count, 5);
    assert_eq!(parts.into_values().flatten().collect::<Vec<u8>>(), large.as_bytes());
    nothing(&mut results).await;

    let mut calls = consumer(&bus, Queue::SchedulerCalls, 1).await;
    let asking = bus.clone();
    let asked =
        tokio::spawn(async move { asking.request(Queue::SchedulerCalls, message("large"), PATIENCE).await });
    let call = next(&mut calls).await;
    bus.reply(&call.message, message(&large)).await.expect("a confirm");
    call.settle(Settlement::Done).await.expect("settled");
    let answer = asked.await.expect("no panic").expect("an answer");
    assert_eq!(answer.kind.as_deref(), Some("kaseya_sync.v1.JobReady"));
    assert_eq!(text(&answer), large);
}

/// A reply goes to its requester, even with several requests at once and replies in another order.
pub async fn request(bus: SharedBus) {
    let mut calls = consumer(&bus, Queue::SchedulerCalls, 10).await;
    let ask = |body: &'static str| {
        let bus = bus.clone();
        tokio::spawn(async move { bus.request(Queue::SchedulerCalls, message(body), PATIENCE).await })
    };
    let (one, other) = (ask("one"), ask("other"));
    let first = next(&mut calls).await;
    let second = next(&mut calls).await;
    for call in [second, first] {
        let answer = format!("to {}", text(&call.message));
        bus.reply(&call.message, message(&answer)).await.expect("a confirm");
        call.settle(Settlement::Done).await.expect("settled");
    }
    assert_eq!(text(&one.await.expect("no panic").expect("an answer")), "to one");
    assert_eq!(text(&other.await.expect("no panic").expect("an answer")), "to other");
}

/// A request without a reply times out, a late reply does no harm, and the next request is answered.
pub async fn request_timeout(bus: SharedBus) {
    let mut calls = consumer(&bus, Queue::SchedulerCalls, 1).await;
    let warm = tokio::spawn({
        let bus = bus.clone();
        async move { bus.request(Queue::SchedulerCalls, message("warm"), PATIENCE).await }
    });
    let call = next(&mut calls).await;
    bus.reply(&call.message, message("yes")).await.expect("a confirm");
    call.settle(Settlement::Done).await.expect("settled");
    warm.await.expect("no panic").expect("an answer");

    let asked = bus.request(Queue::SchedulerCalls, message("?"), Duration::from_millis(500)).await;
    assert_eq!(asked, Err(RequestError::TimedOut));
    let late = next(&mut calls).await;
    bus.reply(&late.message, message("too late")).await.expect("an asker that has gone is no error");
    late.settle(Settlement::Done).await.expect("settled");

    let again = tokio::spawn({
        let bus = bus.clone();
        async move { bus.request(Queue::SchedulerCalls, message("again"), PATIENCE).await }
    });
    let call = next(&mut calls).await;
    bus.reply(&call.message, message("in time")).await.expect("a confirm");
    call.settle(Settlement::Done).await.expect("settled");
    assert_eq!(text(&again.await.expect("no panic").expect("an answer")), "in time");
}

/// A reply to a message that is not a request goes nowhere.
pub async fn reply_to_nobody(bus: SharedBus) {
    publish(&bus, Queue::SchedulerCalls, ["no question"]).await;
    let call = next(&mut consumer(&bus, Queue::SchedulerCalls, 1).await).await;
    bus.reply(&call.message, message("!")).await.expect("no error");
}

/// Takes one delivery per body, in any order, and then expects none.
async fn take_all(consumer: &mut Consumer, bodies: &[&str]) {
    let mut came = Vec::new();
    for _ in bodies {
        let delivery = next(consumer).await;
        came.push(text(&delivery.message));
        delivery.settle(Settlement::Done).await.expect("settled");
    }
    came.sort();
    assert_eq!(came, bodies);
    nothing(consumer).await;
}

/// The deliveries of a consumer that has gone arrive at the next one: each as soon as it is back, so in no order.
pub async fn consumer_gone(bus: SharedBus) {
    publish(&bus, Queue::Jobs, ["a", "b", "c"]).await;
    let mut gone = consumer(&bus, Queue::Jobs, 2).await;
    let held = next(&mut gone).await;
    drop(gone);
    drop(held);
    take_all(&mut consumer(&bus, Queue::Jobs, 1).await, &["a", "b", "c"]).await;
}

/// After `stop` nothing is handed out, deliveries in hand can still be settled, and the rest goes to the next
/// consumer.
pub async fn stop(bus: SharedBus) {
    publish(&bus, Queue::Jobs, ["a", "b", "c"]).await;
    let stop = CancellationToken::new();
    let mut stopping = bus.consume(Queue::Jobs, 2, stop.clone()).await.expect("a consumer");
    let held = next(&mut stopping).await;
    stop.cancel();
    assert!(stopping.next().await.is_none());
    drop(stopping);
    assert!(!held.lost().is_cancelled());
    held.settle(Settlement::Done).await.expect("settled");
    take_all(&mut consumer(&bus, Queue::Jobs, 1).await, &["b", "c"]).await;
}

/// Events reach every listener of their topic, and no other.
pub async fn events(bus: SharedBus) {
    bus.announce(EventTopic::HoldOpened, message("unheard")).await.expect("nobody listening is no error");
    let stop = CancellationToken::new();
    let mut one = bus.listen(EventTopic::HoldOpened, stop.clone()).await.expect("listening");
    let mut other = bus.listen(EventTopic::HoldOpened, stop.clone()).await.expect("listening");
    let mut elsewhere = bus.listen(EventTopic::RunFinished, stop.clone()).await.expect("listening");
    bus.announce(EventTopic::HoldOpened, message("first")).await.expect("a confirm");
    bus.announce(EventTopic::HoldOpened, message("second")).await.expect("a confirm");
    for listener in [&mut one, &mut other] {
        // Given back or not, an event arrives once.
        let first = next(listener).await;
        assert_eq!(text(&first.message), "first");
        first.settle(Settlement::Again).await.expect("settled");
        take(listener, "second").await;
        nothing(listener).await;
    }
    nothing(&mut elsewhere).await;
    stop.cancel();
    assert!(one.next().await.is_none());
}

/// A working bus reports that it is connected.
pub async fn connected(bus: SharedBus) {
    let mut connected = bus.connected();
    let known = tokio::time::timeout(PATIENCE, connected.wait_for(|connected| *connected)).await;
    assert!(*known.expect("in time").expect("a bus"));
}

/// A settled delivery never arrives again, whichever consumer is next.
pub async fn settled_once(bus: SharedBus) {
    publish(&bus, Queue::Results, ["a", "b"]).await;
    let stop = CancellationToken::new();
    let mut first = bus.consume(Queue::Results, 2, stop.clone()).await.expect("a consumer");
    let (a, b) = (next(&mut first).await, next(&mut first).await);
    assert_eq!(a.settle(Settlement::Done).await, Ok::<_, BusError>(()));
    assert_eq!(b.settle(Settlement::Done).await, Ok(()));
    stop.cancel();
    drop(first);
    nothing(&mut consumer(&bus, Queue::Results, 2).await).await;
}

/// Runs the contract on the bus that the async expression `$bus` creates for each case.
#[macro_export]
macro_rules! bus_contract {
    ($bus:expr) => {
        $crate::bus_contract!(
            $bus; order again dropped prefetch shared dead_letter too_large case_c2_parts request request_timeout reply_to_nobody
            consumer_gone stop events connected settled_once
        );
    };
    ($bus:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::bus_contract::$case($bus.await).await;
            }
        )*
    };
}
