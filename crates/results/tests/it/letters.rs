//! Dead letters: stored, counted, announced, and sent again unchanged.

use std::sync::Arc;

use bus::{Bus as _, Consumer, Delivery, EventTopic, Outgoing, Queue, Settlement, TraceContext};
use messages::{Message as _, v1};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_prometheus_text_exporter::PrometheusExporter;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use results::Letters;
use uuid::Uuid;

use crate::{
    message::{With as _, done},
    world::World,
};

/// Stores the letters of a world; returns the page that shows its metrics.
fn start(world: &World) -> (SdkMeterProvider, PrometheusExporter) {
    let page = PrometheusExporter::builder().without_scope_info().build();
    let provider = SdkMeterProvider::builder().with_reader(page.clone()).build();
    let (bus, clock) = (Arc::new(world.bus.clone()), Arc::new(world.clock.clone()));
    let store = world.database.store.clone();
    let letters = Letters::new(store, bus, clock, testkit::entropy(8), &provider.meter("test"));
    let shown = runtime::Health::new(Arc::new(world.clock.clone())).intake("dead-letters");
    let stop = world.stop.clone();
    tokio::spawn(async move { letters.run(stop, shown).await.expect("a bus") });
    (provider, page)
}

fn message(kind: &'static str, body: &'static str) -> Outgoing {
    Outgoing { id: Uuid::from_u128(5), kind, trace: TraceContext::default(), body: body.into() }
}

async fn next(consumer: &mut Consumer) -> Delivery {
    consumer.next().await.expect("a consumer that goes on")
}

/// Takes one message and condemns it.
async fn condemn(consumer: &mut Consumer, reason: &str) {
    let how = Settlement::DeadLetter(reason.to_owned());
    next(consumer).await.settle(how).await.expect("settled");
}

const LETTERS: &str =
    "select concat_ws(' | ', queue, reason, partner_id, state, times) from dead_letters order by 1";

#[tokio::test]
async fn case_d1_a_dead_letter_is_kept_counted_announced_and_sent_again() {
    let world = World::new().await;
    let (_provider, page) = start(&world);
    let metric = |line: &str| {
        let mut text = Vec::new();
        page.export(&mut text).expect("a page");
        String::from_utf8_lossy(&text).lines().any(|shown| shown == line)
    };
    let mut told = world.listen(EventTopic::MessageDeadLettered).await;
    let mut counts = world.bus.consume(Queue::Counts, 1, world.stop.clone()).await.expect("a bus");
    let body = r#"{"reportId": "a", "partnerId": "msp-1", "companies": [{"users": -1}]}"#;
    let report = message(v1::UserCountsReported::KIND, body);
    world.bus.publish(Queue::Counts, report).await.expect("room");
    condemn(&mut counts, "users: -1 is below 0").await;

    let event = next(&mut told).await;
    let said: v1::MessageDeadLettered = event.message.decode().expect("an event");
    event.settle(Settlement::Done).await.expect("settled");
    assert_eq!(
        (said.partner_id.as_str(), said.queue.as_str(), said.reason.as_str()),
        ("msp-1", "counts", "users: -1 is below 0")
    );
    assert_eq!(said.letter_id, world.text("select letter_id from dead_letters").await);
    assert_eq!(world.text(LETTERS).await, "counts | users: -1 is below 0 | msp-1 | kept | 1");
    let one = r#"installation_dead_letters_kept{queue="counts"} 1"#;
    testkit::until("it is counted", async || metric(one)).await;

    // Like a person's request where only the services reach the bus: the same bytes, with their original type.
    world.sql("update dead_letters set state = 'sending', decided_by = 'Pia', decided_at = now()").await;
    let again = next(&mut counts).await;
    assert_eq!(again.message.body, body.as_bytes());
    assert_eq!(again.message.kind.as_deref(), Some(v1::UserCountsReported::KIND));
    again.settle(Settlement::DeadLetter("users: -1 is below 0".to_owned())).await.expect("settled");
    // Not fixed: the same letter waits for a person again.
    testkit::until("it is kept again", async || {
        world.text(LETTERS).await == "counts | users: -1 is below 0 | msp-1 | kept | 2"
    })
    .await;
}

#[tokio::test]
async fn case_d1_letters_that_name_no_partner_or_type_are_kept_with_what_is_known() {
    let world = World::new().await;
    let _metrics = start(&world);
    // As the broker moves a message there that was delivered too often.
    let done = message(v1::JobDone::KIND, r#"{"partnerId": "msp-1"}"#);
    world.bus.publish(Queue::DeadLetters, done).await.expect("room");
    // Without JSON, and of an unknown partner.
    let mut requests = world.bus.consume(Queue::SyncRequests, 1, world.stop.clone()).await.expect("a bus");
    let request = message(v1::SyncRequested::KIND, "\u{1}{");
    world.bus.publish(Queue::SyncRequests, request).await.expect("room");
    condemn(&mut requests, "it is no JSON").await;
    let decision = message(v1::HoldDecided::KIND, r#"{"decisionId": "d", "partnerId": "nobody"}"#);
    world.bus.publish(Queue::SyncRequests, decision).await.expect("room");
    condemn(&mut requests, "hold_id: is missing").await;
    let expected = "results | the broker put it here, as it was: it was delivered too often | msp-1 | kept | 1, \
                    sync.requests | hold_id: is missing | nobody | kept | 1, \
                    sync.requests | it is no JSON | kept | 1";
    testkit::until("all are kept", async || world.text("select count(*) from dead_letters").await == "3")
        .await;
    assert_eq!(world.text(LETTERS).await, expected);
    // An invoice may depend on a result; an unknown partner has no events.
    let events = "select partner_id || ' ' || topic from events where topic = 'message.dead_lettered'";
    assert_eq!(world.text(events).await, "msp-1 message.dead_lettered");
}

#[tokio::test]
async fn case_e17_a_letter_unreadable_to_its_end_is_announced_to_its_partner() {
    let world = World::new().await;
    let _metrics = start(&world);
    let mut counts = world.bus.consume(Queue::Counts, 1, world.stop.clone()).await.expect("a bus");
    let cut =
        message(v1::UserCountsReported::KIND, r#"{"reportId": "a", "partnerId": "msp-1", "companies": ["#);
    world.bus.publish(Queue::Counts, cut).await.expect("room");
    condemn(&mut counts, "it ends too early").await;
    let events = "select partner_id || ' ' || topic from events where topic = 'message.dead_lettered'";
    testkit::until("it is told of", async || world.text(events).await == "msp-1 message.dead_lettered").await;
}

#[tokio::test]
async fn case_d4_a_worker_whose_clock_is_ahead_puts_nothing_into_the_future() {
    let world = World::new().await;
    let ahead = "2026-12-01T09:00:00Z";
    let company = done(7, 1, 1).company("acme", 1001, "changed", (12.0, 14));
    // Not through `store`, which moves the clock to the message's instants.
    world.publish(&company.line(1001, 9001, 14.0, ahead).ended(ahead)).await;
    world.store(&[]).await;
    let latest =
        "select concat_ws(' | ', (select max(seen_at) from lines), (select max(last_sync) from statuses))";
    assert_eq!(world.text(latest).await, "2026-12-01 05:00:30+00 | 2026-12-01 05:00:30+00");
}

#[tokio::test]
async fn case_f3_a_message_that_the_ledger_contradicts_is_kept_and_announced() {
    let world = World::new().await;
    let (_provider, page) = start(&world);
    let forged = v1::JobDone { run_number: Some(4_000_000), ..done(7, 1, 1) };
    let made = v1::CallsMade { endpoint: "GET /v2/finance/contracts/summary".to_owned(), calls: Some(1) };
    let in_parts = v1::JobDone { calls: vec![made; 10_000], ..forged.clone() };
    world.hand_over(&[forged, in_parts]).await;
    let letters = "select distinct concat_ws(' | ', queue, reason, partner_id) from dead_letters";
    let reason = "the ledger does not confirm it: run_id is not that of the job: the ledger has";
    let reason = reason.replace("run_id", "run_number") + " 7";
    let both = "select count(*) from dead_letters";
    testkit::until("both are kept", async || world.text(both).await == "2").await;
    assert_eq!(world.text(letters).await, format!("results | {reason} | msp-1"));
    let told =
        "select body ->> 'reason' from events where partner_id = 'msp-1' and topic = 'message.dead_lettered'";
    assert_eq!(world.text(told).await, format!("{reason}, {reason}"));
    testkit::until("they are counted", async || {
        let mut text = Vec::new();
        page.export(&mut text).expect("a page");
        String::from_utf8_lossy(&text)
            .lines()
            .any(|line| line == r#"installation_dead_letters_kept{queue="results"} 2"#)
    })
    .await;
}
