//! Requests to the API that other programs carry out, and idempotency.

use bus::{Bus as _, InProcess, PublishError, Queue, Settlement};
use http::{Method, StatusCode, header};
use messages::v1;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// The next message of a queue, acknowledged.
async fn next<M: messages::Message>(bus: &InProcess, queue: Queue) -> M {
    let stop = CancellationToken::new();
    let mut consumer = bus.consume(queue, 1, stop).await.expect("the bus is open");
    let delivery = consumer.next().await.expect("a message");
    let message = delivery.message.decode().expect("it is one of ours");
    delivery.settle(Settlement::Done).await.expect("the bus is open");
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn s_31_a_sync_is_asked_for_and_answered_with_its_run() {
    let world = World::new().await;
    let wish = json!({ "company_ids": ["ada"], "plan": true });
    let scheduler = async {
        let message: v1::SyncRequested = next(&world.bus, Queue::SyncRequests).await;
        let id = &message.request_id;
        let sql = format!(
            "insert into requests (partner_id, request_id, answer, run_id, received_at, answered_at)
             values ('msp', '{id}', 'accepted', '00000000-0000-0000-0000-000000000002', '2026-11-23Z', '2026-11-23Z')"
        );
        world.sql(&sql).await;
        message
    };
    let (answer, message) = tokio::join!(world.send(Method::POST, "/sync-requests", &wish), scheduler);
    assert_eq!(
        (answer.status, &answer.json["answer"]),
        (StatusCode::ACCEPTED, &json!("accepted")),
        "{}",
        answer.text
    );
    assert_eq!(answer.json["run_id"], "00000000-0000-0000-0000-000000000002");
    assert_eq!(
        (&*message.partner_id, message.mode(), &*message.requested_by),
        ("msp", v1::SyncMode::Plan, "admin")
    );
    let path = format!("/sync-requests/{}", message.request_id);
    assert_eq!(world.get(&path).await.json, answer.json);
    assert_eq!(world.get("/sync-requests/unknown").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_01_a_hold_is_decided_as_it_was_shown() {
    const HOLD: &str = "00000000-0000-0000-0001-000000000001";
    let world = World::new().await;
    let decide =
        |units: u32| json!({ "decision": "approve", "holds": [{ "hold_id": HOLD, "to_units": units }] });
    let other = world.send(Method::POST, "/holds/decisions", &decide(7)).await;
    assert_eq!(
        (&other.json["holds"][0]["outcome"], &other.json["holds"][0]["to_units"]),
        (&json!("other_units"), &json!(0))
    );
    let scheduler = async {
        let message: v1::HoldDecided = next(&world.bus, Queue::SyncRequests).await;
        world.sql("update holds set state = 'approved', decided_at = opened_at, decided_by = 'admin'").await;
        message
    };
    let right = decide(0);
    let (answer, message) = tokio::join!(world.send(Method::POST, "/holds/decisions", &right), scheduler);
    assert_eq!(
        (answer.status, &answer.json["holds"][0]["outcome"]),
        (StatusCode::OK, &json!("taken")),
        "{}",
        answer.text
    );
    assert_eq!((&*message.hold_id, message.units), (HOLD, Some(0)));
    let unknown = json!({ "decision": "approve", "holds": [{ "hold_id": "00000000-0000-0000-0001-000000000009", "to_units": 0 }] });
    assert_eq!(world.send(Method::POST, "/holds/decisions", &unknown).await.status, StatusCode::NOT_FOUND);
    let wrong =
        world.send(Method::POST, "/holds/decisions", &json!({ "decision": "perhaps", "holds": [] })).await;
    assert_eq!(
        (wrong.status, &wrong.json["errors"][0]["field"]),
        (StatusCode::BAD_REQUEST, &json!("decision"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_e15_a_call_with_a_key_is_done_once_and_its_key_takes_no_other() {
    let world = World::new().await;
    let (path, key) = ("/company-mappings", [("idempotency-key", "monday")]);
    let contract = |id: i32| {
        let named = |id: i32| json!({ "id": id, "name": "N" });
        json!({ "companies": [{ "company_id": "cem", "mapping": { "account": named(3), "contract": named(id) } }] })
    };
    // A refused request had no effect: the fixed request may reuse its key.
    let refused = world.send_with(Method::POST, path, &key, &json!({ "companies": 7 })).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let first = world.send_with(Method::POST, path, &key, &contract(30)).await;
    assert_eq!((first.status, &first.json["saved"]), (StatusCode::OK, &json!(1)), "{}", first.text);
    let again = world.send_with(Method::POST, path, &key, &contract(30)).await;
    assert_eq!((again.status, &again.text), (StatusCode::OK, &first.text));
    assert_eq!(again.headers[header::CONTENT_TYPE], "application/json");
    let unkeyed = world.send(Method::POST, path, &contract(30)).await;
    assert_eq!(unkeyed.json["saved"], 0, "it was done, so nobody has seen this version");
    let other = world.send_with(Method::POST, path, &key, &contract(31)).await;
    assert_eq!(
        (other.status, &other.json["title"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("Key of another call"))
    );
    let route = world.send_with(Method::POST, "/sync-requests", &key, &contract(30)).await;
    assert_eq!(route.status, StatusCode::UNPROCESSABLE_ENTITY);
    let empty = world.send_with(Method::POST, path, &[("idempotency-key", "")], &contract(30)).await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    world.sql("update idempotency_keys set status = null, body = null").await;
    let underway = world.send_with(Method::POST, path, &key, &contract(30)).await;
    assert_eq!(underway.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f13_a_key_and_its_answer_belong_to_the_token_that_sent_it() {
    let world = World::new().await;
    let (path, key) = ("/v1/partners/msp/members", [("idempotency-key", "pia")]);
    let body = r#"{"email":"pia@example.com","role":"admin"}"#;
    let call = async |token: &str| world.request(Method::POST, path, Some(token), &key, body).await;
    let first = call(&world.admin).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let viewer = call(&world.viewer).await;
    assert_eq!(viewer.status, StatusCode::FORBIDDEN, "{}", viewer.text);
    let again = call(&world.admin).await;
    assert_eq!((again.status, again.text), (StatusCode::CREATED, first.text));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bus_does_not_take_is_said_and_may_be_asked_again() {
    let world = World::new().await;
    let key = [("idempotency-key", "once")];
    let filling = async {
        loop {
            let message = bus::Outgoing::new(
                uuid::Uuid::nil(),
                bus::TraceContext::default(),
                &v1::SyncRequested::default(),
            );
            if let Err(PublishError::Refused) = world.bus.publish(Queue::SyncRequests, message).await {
                break;
            }
        }
    };
    filling.await;
    let answer = world.send_with(Method::POST, "/sync-requests", &key, &json!({})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(answer.json["title"], "The broker is away");
    let keys =
        world.database.client().await.query("select from idempotency_keys", &[]).await.expect("it answers");
    assert!(keys.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_said() {
    let world = World::new().await;
    world.database.store.close();
    let answer = world.get("/runs").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert_eq!(answer.json["title"], "The database is away");
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_15_a_request_for_more_companies_than_a_message_holds_is_refused_with_its_field() {
    let world = World::new().await;
    let ids: Vec<String> = (0..7_000).map(|number| format!("company-{number:032}")).collect();
    let answer = world.send(Method::POST, "/sync-requests", &json!({ "company_ids": ids })).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let mistake = &answer.json["errors"][0];
    assert_eq!(mistake["field"], "company_ids", "{}", answer.text);
    assert!(
        answer.text.contains("7000 companies") && answer.text.contains("list none to sync all"),
        "{}",
        answer.text
    );
    let cookie = world.sign_in(&world.editor).await;
    let form: Vec<String> = ids.iter().map(|id| format!("company={id}")).collect();
    let posted =
        world.post(&cookie, "/partners/msp/sync-now", &[], &format!("{}&back=", form.join("&"))).await;
    let to = posted.headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    assert!(to.ends_with("said=too-many-companies"), "{to} {} {}", posted.status, posted.text);
    // Half of them fit into one message.
    let answer = world.send(Method::POST, "/sync-requests", &json!({ "company_ids": &ids[..3_500] })).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
}
