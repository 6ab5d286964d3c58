//! A message that can never be processed becomes a dead letter with its reason, and blocks nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use end_to_end_tests::{CALM, Installation};
use serde_json::{Value, json};

/// Our queues, each with a good message, one of its fields to misspell, and the word by which the reason names that
/// field.
const QUEUES: [(&str, &str, &str, [&str; 3]); 4] = [
    (
        "sync.requests",
        "kaseya_sync.v1.SyncRequested",
        include_str!("../../../../proto-schemas/golden/v1/SyncRequested.json"),
        ["\"expiresAt\"", "\"expiresAtt\"", "expiresAtt"],
    ),
    (
        "counts",
        "kaseya_sync.v1.UserCountsReported",
        include_str!("../../../../proto-schemas/golden/v1/UserCountsReported.json"),
        ["\"users\"", "\"user\"", "user"],
    ),
    (
        "jobs",
        "kaseya_sync.v1.JobReady",
        include_str!("../../../../proto-schemas/golden/v1/JobReady.json"),
        ["\"attempt\"", "\"atempt\"", "attempt"],
    ),
    (
        "results",
        "kaseya_sync.v1.JobDone",
        include_str!("../../../../proto-schemas/golden/v1/JobDone.json"),
        ["\"jobId\"", "\"job\"", "job_id"],
    ),
];
const HUGE: usize = 10 * 1024 * 1024;

#[tokio::test]
async fn bad_messages_become_dead_letters_and_the_next_good_ones_are_unaffected() {
    let installation = Installation::new(CALM).await;
    let partner = installation.partner("rossi", 2).await;
    // Results stores the dead letters in its table; a queue of the test's own receives them as they were sent.
    installation.wire.listen("letters.seen", "dead-letters.in", "");
    let _programs = installation.start_all();
    let mut random = vec![0; 300];
    testkit::entropy(3).fill(&mut random);
    // Makes the first byte invalid UTF-8, whatever the others are.
    random[0] = 0xff;

    let wire = &installation.wire;
    for (queue, kind, good, [right, wrong, _]) in QUEUES {
        wire.amqp_publish(queue, &vec![b'x'; HUGE]);
        wire.publish_raw(
            queue,
            json!({}),
            json!({"payload": BASE64.encode(&random), "payload_encoding": "base64"}),
        );
        let unknown = kind.replace("v1", "v9");
        let text = |payload: &str| json!({"payload": payload, "payload_encoding": "string"});
        wire.publish_raw(queue, json!({"type": unknown}), text("{}"));
        wire.publish_raw(queue, json!({"type": kind}), text(&good.replace(right, wrong)));
    }
    // The next good ones.
    installation.report(&partner, "r1", 12, 10).await;
    wire.publish("sync.requests", &partner.request("good"));
    installation.until_runs(&partner, "request finished").await;
    assert_eq!(partner.units(), ["12/10", "12/10"]);
    assert_eq!(installation.statuses(&partner).await, "c1 changed, c2 changed");
    assert_eq!(installation.text("select count(*) from reports").await, "1");
    assert_eq!(installation.text("select count(*) from requests").await, "1");

    let mut letters: Vec<Value> = Vec::new();
    testkit::until("sixteen dead letters", async || {
        letters.extend(
            wire.take_all("letters.seen").iter().map(|letter| serde_json::from_str(letter).expect("JSON")),
        );
        letters.len() >= 16
    })
    .await;
    assert_eq!(letters.len(), 16, "{letters:#?}");
    for (queue, kind, good, [right, wrong, named]) in QUEUES {
        let of_queue: Vec<&Value> = letters.iter().filter(|letter| letter["queue"] == queue).collect();
        let reason = |what: &dyn Fn(&Value) -> bool| {
            let mut found = of_queue.iter().filter(|letter| what(letter));
            let letter = found.next().unwrap_or_else(|| panic!("one is missing: {of_queue:#?}"));
            assert_eq!(letter["bodySha256"].as_str().map(str::len), Some(64));
            assert!(letter["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{letter}");
            letter["reason"].as_str().unwrap_or_default().to_owned()
        };
        let huge = |letter: &Value| {
            letter["bodyBytes"].as_str().is_some_and(|bytes| bytes.parse() == Ok(HUGE))
                && letter["text"].as_str().map(str::len) == Some(4096)
        };
        assert!(reason(&huge).contains(&HUGE.to_string()), "{}", reason(&huge));
        let random = |letter: &Value| letter["binary"] == BASE64.encode(&random);
        assert!(reason(&random).contains("UTF-8"), "{}", reason(&random));
        let unknown = |letter: &Value| letter["type"] == kind.replace("v1", "v9");
        assert!(reason(&unknown).contains("version"), "{}", reason(&unknown));
        let misspelt = |letter: &Value| letter["text"] == good.replace(right, wrong);
        assert!(reason(&misspelt).contains(named), "{}", reason(&misspelt));
    }
}
