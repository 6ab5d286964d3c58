//! `asyncapi.yaml` describes the topology, the proto files and the broker's users to external readers: it must be
//! true.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use bus::{
    EventTopic, Queue,
    topology::{self, ExchangeKind},
};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn document() -> Value {
    serde_saphyr::from_str(&read("proto-schemas/asyncapi.yaml")).expect("YAML")
}

fn object<'a>(value: &'a Value, pointer: &str) -> &'a serde_json::Map<String, Value> {
    value.pointer(pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("no {pointer}"))
}

fn word<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

#[test]
fn its_queues_and_exchanges_are_those_of_the_topology() {
    let document = document();
    let channels = object(&document, "/channels");
    let exchanges: BTreeMap<_, _> = channels
        .values()
        .map(|channel| {
            assert_eq!(channel.pointer("/bindings/amqp/exchange/durable"), Some(&Value::Bool(true)));
            (word(channel, "/bindings/amqp/exchange/name"), word(channel, "/bindings/amqp/exchange/type"))
        })
        .collect();
    let kind = |kind| match kind {
        ExchangeKind::Fanout => "fanout",
        ExchangeKind::Direct => "direct",
        ExchangeKind::Topic => "topic",
    };
    assert_eq!(exchanges, topology::exchanges().map(|(name, of)| (name, kind(of))).collect());
    let queues: BTreeMap<_, _> = channels
        .values()
        .filter(|channel| channel.get("x-queue").is_some())
        .map(|channel| {
            assert_eq!(word(channel, "/x-queue/type"), "quorum");
            (word(channel, "/x-queue/name"), word(channel, "/bindings/amqp/exchange/name"))
        })
        .collect();
    assert_eq!(queues, Queue::ALL.iter().map(|queue| (queue.name(), queue.exchange())).collect());
}

#[test]
fn its_messages_are_those_that_travel_and_each_is_in_the_proto_file_it_names() {
    let document = document();
    let messages = object(&document, "/components/messages");
    // The golden files are checked against the proto files where those are compiled.
    let golden: BTreeSet<String> = std::fs::read_dir(root().join("proto-schemas/golden/v1"))
        .expect("the golden files")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .map(|name| name.split('.').next().expect("a type").to_owned())
        .collect();
    assert_eq!(messages.keys().cloned().collect::<BTreeSet<_>>(), golden);
    for (name, message) in messages {
        assert_eq!(word(message, "/name"), format!("kaseya_sync.v1.{name}"));
        let file = read(&format!("proto-schemas/{}", word(message, "/x-proto")));
        assert!(file.contains(&format!("\nmessage {name} {{")), "{name} is not in that file");
    }
}

#[test]
fn every_message_travels_on_a_channel_and_is_sent_and_received() {
    let document = document();
    let messages: BTreeSet<_> =
        object(&document, "/components/messages").keys().map(String::as_str).collect();
    let last = |reference: &Value| word(reference, "/$ref").rsplit('/').next().expect("a name").to_owned();
    for (action, other) in [("send", "sent"), ("receive", "received")] {
        let mut of = BTreeSet::new();
        for operation in
            object(&document, "/operations").values().filter(|one| word(one, "/action") == action)
        {
            let answers = operation.pointer("/reply/messages").and_then(Value::as_array);
            let listed = operation["messages"].as_array().expect("a list");
            of.extend(listed.iter().chain(answers.into_iter().flatten()).map(last));
        }
        assert_eq!(of.iter().map(String::as_str).collect::<BTreeSet<_>>(), messages, "not all are {other}");
    }
}

#[test]
fn its_events_have_the_routing_keys_of_the_topology() {
    let document = document();
    let keys: BTreeSet<_> = object(&document, "/components/messages")
        .values()
        .filter_map(|message| message.get("x-routing-key"))
        .map(|key| key.as_str().expect("a text"))
        .collect();
    assert_eq!(keys, EventTopic::ALL.iter().map(|topic| topic.routing_key()).collect());
    let heard: BTreeSet<_> = object(&document, "/channels/events/messages").keys().collect();
    assert_eq!(heard.len(), EventTopic::ALL.len());
}

#[test]
fn its_users_are_those_of_the_broker() {
    let definitions: Value = serde_json::from_str(&read("deploy/rabbitmq-definitions.json")).expect("JSON");
    let users: BTreeSet<_> =
        definitions["users"].as_array().expect("a list").iter().map(|user| word(user, "/name")).collect();
    let document = document();
    let named: BTreeSet<_> = object(&document, "/operations")
        .values()
        .flat_map(|operation| operation["x-users"].as_array().expect("a list"))
        .map(|user| user.as_str().expect("a name"))
        .collect();
    assert_eq!(named, users);
}

#[test]
fn its_references_lead_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        match reference.strip_prefix('#') {
            Some(pointer) => assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere"),
            None => assert!(root().join("proto-schemas").join(reference).is_file(), "{reference} is no file"),
        }
    }
}
