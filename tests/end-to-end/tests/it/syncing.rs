//! A due schedule, and a request by a client that is not ours, become right units and a status per company.

use end_to_end_tests::{CALM, Installation};
use serde_json::Value;

#[tokio::test]
async fn a_due_schedule_becomes_right_units_and_a_status_per_company() {
    let installation = Installation::new(CALM).await;
    let partner = installation.partner("rossi", 3).await;
    let _programs = installation.start_all();
    installation.report(&partner, "r1", 12, 10).await;
    installation.due_now(&partner).await;

    installation.until_runs(&partner, "schedule finished").await;
    assert_eq!(partner.units(), ["12/10", "12/10", "12/10"]);
    assert_eq!(partner.writes(), ["90011 10→12", "90021 10→12", "90031 10→12"]);
    assert_eq!(installation.statuses(&partner).await, "c1 changed, c2 changed, c3 changed");
    assert_eq!(
        installation.journal(&partner).await,
        "90011 10→12 confirmed, 90021 10→12 confirmed, 90031 10→12 confirmed"
    );
    let totals = "select concat_ws(' ', companies, changed, unchanged, held, failed, skipped) from runs";
    assert_eq!(installation.text(totals).await, "3 3 0 0 0 0");
    let tomorrow = "select next_nominal = last_nominal + 1 and next_run_at = next_nominal at time zone 'UTC' from schedules";
    assert_eq!(installation.text(tomorrow).await, "true");
}

#[tokio::test]
async fn a_request_written_by_hand_and_sent_by_another_client_is_answered_and_done() {
    let installation = Installation::new(CALM).await;
    let partner = installation.partner("bianchi", 2).await;
    installation.wire.listen("listener", "events", "#");
    let _programs = installation.start_all();
    installation.report(&partner, "r1", 11, 13).await;
    installation.wire.amqp_publish(
        "sync.requests",
        br#"{"requestId": "by-hand-1", "partnerId": "bianchi", "companies": {"all": {}},
             "mode": "SYNC_MODE_APPLY", "requestedBy": "Anna, by amqp-publish"}"#,
    );

    installation.until_runs(&partner, "request finished").await;
    assert_eq!(installation.answer(&partner, "by-hand-1").await, "accepted run 1");
    assert_eq!(partner.units(), ["11/13", "11/13"]);
    assert_eq!(installation.statuses(&partner).await, "c1 changed, c2 changed");

    // A listener receives the answer and the end, among the answers to reports.
    let answers_request = |event: &Value| event["requestId"].is_string() && event["answer"].is_string();
    let mut heard: Vec<Value> = Vec::new();
    testkit::until("the answer and the end are announced", async || {
        heard.extend(
            installation
                .wire
                .take_all("listener")
                .iter()
                .map(|body| serde_json::from_str(body).expect("JSON")),
        );
        heard.iter().any(|event| event["totals"].is_object()) && heard.iter().any(answers_request)
    })
    .await;
    let answer = heard.iter().find(|event| answers_request(event)).expect("just seen");
    assert_eq!(
        (&answer["requestId"], &answer["answer"]),
        (&"by-hand-1".into(), &"SYNC_ANSWER_ACCEPTED".into())
    );
    let end = heard.iter().find(|event| event["totals"].is_object()).expect("just seen");
    assert_eq!((&end["runId"], &end["totals"]["changed"]), (&answer["runId"], &2.into()));

    // The same request again changes nothing.
    installation.wire.publish("sync.requests", &partner.request("by-hand-1"));
    installation.wire.publish("sync.requests", &partner.request("by-hand-2"));
    installation.until_runs(&partner, "request finished, request finished").await;
    assert_eq!(installation.statuses(&partner).await, "c1 unchanged, c2 unchanged");
    assert_eq!(partner.writes().len(), 4);
}
