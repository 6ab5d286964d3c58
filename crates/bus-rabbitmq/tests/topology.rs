//! The definitions file, the topology and each service's permissions agree, on a real broker.

mod support;

use std::collections::BTreeSet;

use bus::{
    Bus as _, EventTopic, PublishError, Queue, RequestError, Settlement, SharedBus,
    topology::{self, ExchangeKind, MAX_QUEUE_LENGTH},
};
use bus_rabbitmq::declare_topology;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{
    RabbitMq,
    bus_contract::{consumer, message, next, take, text},
};

fn set<'a>(list: &'a Value, describe: impl Fn(&'a Value) -> Vec<&'a str>) -> Objects<'a> {
    list.as_array().expect("a list").iter().map(describe).collect()
}

/// Objects by their identifying fields.
type Objects<'a> = BTreeSet<Vec<&'a str>>;

/// Queues, exchanges and bindings.
fn described(all: &Value) -> (Objects<'_>, Objects<'_>, Objects<'_>) {
    let text =
        |value: &'_ Value| -> &'static str { if value == &json!(true) { "durable" } else { "transient" } };
    let queues = set(&all["queues"], |queue| {
        let arguments = queue["arguments"].as_object().expect("arguments");
        assert_eq!(arguments.len(), 1, "a queue is declared with its type alone: {queue}");
        vec![
            queue["name"].as_str().expect("a name"),
            text(&queue["durable"]),
            arguments["x-queue-type"].as_str().expect("a type"),
        ]
    });
    let exchanges = set(&all["exchanges"], |exchange| {
        vec![
            exchange["name"].as_str().expect("a name"),
            text(&exchange["durable"]),
            exchange["type"].as_str().expect("a type"),
        ]
    });
    let bindings = set(&all["bindings"], |binding| {
        ["source", "destination", "destination_type"].map(|of| binding[of].as_str().expect("a name")).to_vec()
    });
    (queues, exchanges, bindings)
}

#[test]
fn the_definitions_file_says_what_the_topology_says() {
    let all: Value = serde_json::from_str(support::DEFINITIONS).expect("JSON");
    let (queues, exchanges, bindings) = described(&all);
    assert_eq!(queues, Queue::ALL.iter().map(|queue| vec![queue.name(), "durable", "quorum"]).collect());
    let kind = |kind| match kind {
        ExchangeKind::Fanout => "fanout",
        ExchangeKind::Direct => "direct",
        ExchangeKind::Topic => "topic",
    };
    assert_eq!(exchanges, topology::exchanges().map(|(name, of)| vec![name, "durable", kind(of)]).collect());
    assert_eq!(
        bindings,
        Queue::ALL.iter().map(|queue| vec![queue.exchange(), queue.name(), "queue"]).collect()
    );
}

#[tokio::test]
async fn migrate_declares_what_the_definitions_file_declares_and_may_be_repeated() {
    let broker = RabbitMq::shared().await.expect("a broker");
    let declared = broker.empty_vhost().expect("a vhost");
    for _ in 0..2 {
        declare_topology(&broker.uri(&declared), testkit::entropy(1)).await.expect("declared");
    }
    let imported = broker.vhost(support::DEFINITIONS).await.expect("a vhost");
    declare_topology(&broker.uri(&imported), testkit::entropy(1)).await.expect("nothing differs");
    let of =
        |vhost: &str| broker.api("GET", &format!("/api/definitions/{vhost}"), None).expect("definitions");
    let (declared, imported) = (of(&declared), of(&imported));
    assert_eq!(described(&declared), described(&imported));
}

#[tokio::test]
async fn every_queue_has_a_policy_that_limits_it_and_keeps_what_it_gives_up() {
    let broker = RabbitMq::shared().await.expect("a broker");
    let vhost = broker.vhost(support::DEFINITIONS).await.expect("a vhost");
    testkit::until("policies apply", async || {
        let queues = broker.api("GET", &format!("/api/queues/{vhost}"), None).expect("queues");
        queues
            .as_array()
            .expect("a list")
            .iter()
            .all(|queue| queue["effective_policy_definition"]["max-length"].is_u64())
    })
    .await;
    let queues = broker.api("GET", &format!("/api/queues/{vhost}"), None).expect("queues");
    for queue in queues.as_array().expect("a list") {
        let effective = &queue["effective_policy_definition"];
        assert_eq!(effective["max-length"], MAX_QUEUE_LENGTH, "{queue}");
        assert_eq!(effective["overflow"], "reject-publish");
        // Out of reach of our own faults. Never -1: 3.10 treats it as "at once".
        assert!(effective["delivery-limit"].as_u64().is_some_and(|limit| limit >= 100_000), "{queue}");
        if queue["name"] == Queue::SchedulerCalls.name() {
            // A call without its caller is of no use: a start that no worker waits for would block its Kaseya for a
            // whole lease. Callers wait ten seconds.
            assert_eq!(effective["message-ttl"], 15_000);
        } else if queue["name"] != Queue::DeadLetters.name() {
            assert_eq!(effective["dead-letter-exchange"], Queue::DeadLetters.exchange());
            assert_eq!(effective["dead-letter-strategy"], "at-least-once");
        }
    }
}

/// Imports the whole file into a broker of its own, as a deployment does, and gives every user a password.
async fn deployed() -> RabbitMq {
    let broker = RabbitMq::start().await.expect("a broker");
    let all: Value = serde_json::from_str(support::DEFINITIONS).expect("JSON");
    for _ in 0..2 {
        broker.api("POST", "/api/definitions", Some(&all)).expect("imported");
    }
    for user in all["users"].as_array().expect("a list") {
        assert_eq!(user["password_hash"], "", "a hash in the repository is a leaked password");
        let name = user["name"].as_str().expect("a name");
        let with_password = json!({"password": "secret", "tags": user["tags"]});
        broker.api("PUT", &format!("/api/users/{name}"), Some(&with_password)).expect("a password");
    }
    broker.wait_for_leaders("kaseya-sync").await.expect("leaders");
    broker
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_may_do_its_work_and_a_portal_may_ask_and_nothing_else() {
    let broker = deployed().await;
    let bus = |user: &str| -> SharedBus { support::connect(&broker.uri_as(user, "secret", "kaseya-sync")) };
    let (portal, provider, scheduler) = (bus("portal"), bus("provider"), bus("scheduler"));
    let (worker, results, listener) = (bus("worker"), bus("results"), bus("listener"));

    // A request makes the full round trip.
    let mut heard = listener.listen(EventTopic::RunFinished, Default::default()).await.expect("listening");
    portal.publish(Queue::SyncRequests, message("sync")).await.expect("a portal asks");
    take(&mut consumer(&scheduler, Queue::SyncRequests, 1).await, "sync").await;
    let our_portal = bus("kaseya-sync-portal");
    our_portal.publish(Queue::SyncRequests, message("sync")).await.expect("our portal asks");
    take(&mut consumer(&scheduler, Queue::SyncRequests, 1).await, "sync").await;
    // The provider reports by its own messages, or by the API of our portal.
    for reporter in [&provider, &our_portal] {
        reporter.publish(Queue::Counts, message("counts")).await.expect("a provider reports");
        take(&mut consumer(&scheduler, Queue::Counts, 1).await, "counts").await;
    }
    assert!(our_portal.publish(Queue::Jobs, message("x")).await.is_err());
    for queue in [Queue::Jobs, Queue::JobsNow] {
        scheduler.publish(queue, message("ticket")).await.expect("a scheduler emits");
        take(&mut consumer(&worker, queue, 1).await, "ticket").await;
    }
    let mut calls = consumer(&scheduler, Queue::SchedulerCalls, 1).await;
    let asking = {
        let worker = worker.clone();
        tokio::spawn(async move {
            worker.request(Queue::SchedulerCalls, message("start?"), Duration::from_secs(60)).await
        })
    };
    let call = next(&mut calls).await;
    scheduler.reply(&call.message, message("yes")).await.expect("a scheduler answers");
    call.settle(Settlement::Done).await.expect("settled");
    assert_eq!(text(&asking.await.expect("no panic").expect("an answer")), "yes");
    worker.publish(Queue::Results, message("done")).await.expect("a worker reports");
    scheduler.publish(Queue::Results, message("local")).await.expect("a scheduler reports");
    let mut done = consumer(&results, Queue::Results, 1).await;
    take(&mut done, "done").await;
    let bad = next(&mut done).await;
    bad.settle(Settlement::DeadLetter("a test".into())).await.expect("results may write dead letters");
    results.announce(EventTopic::RunFinished, message("finished")).await.expect("results announce");
    take(&mut heard, "finished").await;

    // A sender receives the result for its message, and nothing else (E17).
    let mut decided =
        portal.listen(EventTopic::DecisionAnswered, Default::default()).await.expect("listening");
    let mut reported =
        provider.listen(EventTopic::ReportAnswered, Default::default()).await.expect("listening");
    // On a separate connection: the broker closes it on a refusal.
    let overhearing = bus("provider");
    let mut overheard =
        overhearing.listen(EventTopic::DecisionAnswered, Default::default()).await.expect("a consumer");
    scheduler.announce(EventTopic::DecisionAnswered, message("decided")).await.expect("a scheduler answers");
    take(&mut decided, "decided").await;
    scheduler.announce(EventTopic::ReportAnswered, message("reported")).await.expect("a scheduler answers");
    take(&mut reported, "reported").await;
    assert!(tokio::time::timeout(Duration::from_millis(300), overheard.next()).await.is_err());

    // And no sender can go further.
    for queue in Queue::ALL.into_iter().filter(|queue| *queue != Queue::SyncRequests) {
        let refused = portal.publish(queue, message("x")).await;
        assert!(
            matches!(refused, Err(PublishError::Unroutable(_))),
            "a portal published to {queue:?}: {refused:?}"
        );
    }
    assert!(portal.announce(EventTopic::RunFinished, message("x")).await.is_err());
    assert!(portal.publish(Queue::SyncRequests, message("still")).await.is_ok());
    let asked = portal.request(Queue::SyncRequests, message("x"), Duration::from_secs(1)).await;
    assert!(matches!(asked, Err(RequestError::NotSent(_))), "a portal has a queue of its own: {asked:?}");
    assert!(provider.publish(Queue::SyncRequests, message("x")).await.is_err());
    assert!(worker.publish(Queue::Jobs, message("x")).await.is_err());
    assert!(results.publish(Queue::Jobs, message("x")).await.is_err());
    assert!(listener.announce(EventTopic::RunFinished, message("x")).await.is_err());
    // Consuming without permission never begins, and disturbs no other consumer.
    let mut stolen = consumer(&portal, Queue::Jobs, 1).await;
    scheduler.publish(Queue::Jobs, message("mine")).await.expect("a scheduler emits");
    take(&mut consumer(&worker, Queue::Jobs, 1).await, "mine").await;
    assert!(tokio::time::timeout(Duration::from_millis(300), stolen.next()).await.is_err());
}

#[tokio::test]
async fn case_f12_a_service_binds_no_queue_to_what_it_reads_or_takes_one_from_it() {
    let broker = deployed().await;
    let own = "replies.00000000-0000-4000-8000-000000000001";
    let tries = [
        ("worker", own, Queue::Jobs),
        ("worker", own, Queue::JobsNow),
        ("worker", own, Queue::Results),
        ("worker", Queue::Results.name(), Queue::Jobs),
        ("worker", "replies.of-others", Queue::Jobs),
        ("results", Queue::DeadLetters.name(), Queue::Results),
        ("results", Queue::DeadLetters.name(), Queue::DeadLetters),
        ("scheduler", Queue::Jobs.name(), Queue::SchedulerCalls),
    ];
    for (user, queue, from) in tries {
        let uri = broker.uri_as(user, "secret", "kaseya-sync");
        let connection = lapin::Connection::connect(&uri, Default::default()).await.expect("connected");
        if queue == own {
            let channel = connection.create_channel().await.expect("a channel");
            let exclusive = lapin::options::QueueDeclareOptions { exclusive: true, ..Default::default() };
            channel.queue_declare(own.into(), exclusive, Default::default()).await.expect("its own queue");
        }
        let channel = connection.create_channel().await.expect("a channel");
        let bound = channel.queue_bind(
            queue.into(),
            from.exchange().into(),
            "x".into(),
            Default::default(),
            Default::default(),
        );
        assert!(bound.await.is_err(), "{user} bound {queue} to {from:?}");
        let channel = connection.create_channel().await.expect("a channel");
        let taken =
            channel.queue_unbind(queue.into(), from.exchange().into(), queue.into(), Default::default());
        assert!(taken.await.is_err(), "{user} took {queue} from {from:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses() {
    let broker = RabbitMq::shared().await.expect("a broker");
    let small = support::DEFINITIONS.replace("\"max-length\": 100000", "\"max-length\": 10");
    let vhost = broker.vhost(&small).await.expect("a vhost");
    let bus = support::connect(&broker.uri(&vhost));
    let mut refused = None;
    for n in 0..100 {
        if let Err(error) = bus.publish(Queue::Jobs, message(&n.to_string())).await {
            refused = Some(error);
            break;
        }
    }
    assert_eq!(refused, Some(PublishError::Refused));
}
