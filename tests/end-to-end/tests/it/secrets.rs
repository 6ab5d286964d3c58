//! Passwords are stored only sealed, and logs are machine-readable.

use end_to_end_tests::{CALM, CANARY, Installation, Tuning, exchange};
use serde_json::Value;

#[tokio::test]
async fn a_password_is_in_no_log_no_message_and_no_table_and_every_log_line_is_json() {
    let installation = Installation::new(Tuning { log: "debug", ..CALM }).await;
    let partner = installation.partner("rossi", 2).await;
    let refused = installation.partner("verdi", 1).await;
    refused.kaseya.edit(|state| state.login.password = "another".to_owned()).expect("it is kept in memory");
    let wire = &installation.wire;
    let queues =
        ["sync.requests", "counts", "jobs", "jobs.now", "scheduler.calls", "results", "dead-letters"];
    for queue in queues {
        wire.listen(&format!("{queue}.seen"), &exchange(queue), "");
    }
    wire.listen("events.seen", "events", "#");
    let _programs = installation.start_all();
    for (partner, state) in [(&partner, "c1 changed, c2 changed"), (&refused, "c1 not_sent AUTH-01")] {
        installation.report(partner, "r1", 12, 13).await;
        installation.due_now(partner).await;
        installation.until_runs(partner, "schedule finished").await;
        assert_eq!(installation.statuses(partner).await, state);
    }
    // By now the worker's own reply queue is known, and can be inspected too.
    let mut answers = wire.queues();
    answers.retain(|queue| queue.starts_with("replies."));
    assert_eq!(answers.len(), 1, "{answers:?}");
    wire.listen("replies.seen", "replies", &answers[0]);
    installation.report(&partner, "r2", 14, 13).await;
    wire.publish("sync.requests", &partner.request("again"));
    wire.amqp_publish("counts", b"nonsense");
    installation.until_runs(&partner, "schedule finished, request finished").await;
    let mut messages = Vec::new();
    for queue in queues.into_iter().chain(["events", "replies"]) {
        testkit::until(&format!("something is seen of {queue}"), async || {
            let seen = wire.take_all(&format!("{queue}.seen"));
            let any = !seen.is_empty();
            messages.extend(seen);
            any
        })
        .await;
    }
    assert!(messages.iter().any(|message| message.contains("v2.test.")), "no sealed password was seen");
    let dump = installation.dump().await;
    assert!(dump.contains("v2.test.") && dump.contains("Azienda 1"), "that is no dump");
    let logs = installation.logs();
    assert_eq!(logs.len(), 3);
    for (what, text) in [("messages", &messages.join("\n")), ("tables", &dump)] {
        assert!(!text.contains(CANARY), "the password stands in the {what}");
    }
    for (path, log) in &logs {
        assert!(!log.contains(CANARY), "the password stands in {}", path.display());
        let mut in_spans = 0;
        for line in log.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            for field in ["ts", "level", "target", "message", "service", "version"] {
                assert!(line[field].is_string(), "no {field}: {line}");
            }
            if line["span"].is_string() {
                in_spans += 1;
                assert_eq!(line["trace_id"].as_str().map(str::len), Some(32), "{line}");
                assert_eq!(line["span_id"].as_str().map(str::len), Some(16), "{line}");
            }
        }
        assert!(in_spans > 0, "{} has no line inside a span", path.display());
    }
}
