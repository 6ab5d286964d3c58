//! Faults by script, random choices and latency: controlled by switches alone, and the same for the same seed.

use jiff::SignedDuration;
use kaseya_simulator::{
    Behaviour, Calls, Change, Endpoint, Fault, Latency, RetryAfter, Right, Running, State, Step,
};
use serde_json::{Value, json};

use crate::{
    faults::within,
    http::{LINE, LINES, RIGHT, Request, behaving, put_units, v1_login, v1_token, v2_token},
};

const LOOKUP: &str = "/v2/finance/contracts/lookup";

async fn scripted(endpoint: Endpoint, fault: Fault) -> Running {
    behaving(|behaviour| behaviour.script = vec![Step { endpoint, calls: Calls::Nth(1), fault }]).await
}

fn units(kaseya: &Running) -> f64 {
    kaseya.state().lines(5012).unwrap()[0].units
}

#[tokio::test]
async fn a_script_counts_the_calls_of_its_endpoint_and_begins_again_when_they_are_reset() {
    let kaseya = behaving(|behaviour| {
        let step = |calls, fault| Step { endpoint: Endpoint::ContractsLookup, calls, fault };
        behaviour.script = vec![
            step(Calls::Nth(2), Fault::BadGateway),
            step(Calls::Every(3), Fault::NoSuccess("No".to_owned())),
            step(Calls::From(5), Fault::Page { status: 200 }),
        ];
    })
    .await;
    let read = Request::get(LOOKUP).token(&v2_token(&kaseya).await);
    let calls = async || {
        let mut seen = Vec::new();
        for _ in 0..5 {
            let answer = read.send(kaseya.address()).await.unwrap();
            let kind = if answer.content_type.starts_with("text/html") { "page" } else { "json" };
            seen.push((answer.status, kind, answer.text.contains("\"success\":true")));
        }
        seen
    };
    let expected = [
        (200, "json", true),
        (502, "page", false),
        (200, "json", false),
        (200, "json", true),
        (200, "page", false),
    ];
    assert_eq!(calls().await, expected);
    kaseya.reset_calls();
    assert_eq!(kaseya.calls().get(&Endpoint::ContractsLookup), None);
    assert_eq!(calls().await, expected);
}

#[tokio::test]
async fn a_reached_limit_comes_in_every_shape() {
    let shapes = [
        (RetryAfter::Absent, false, None),
        (RetryAfter::Seconds, false, Some("retry-after: 3600")),
        (RetryAfter::Date, true, Some("retry-after: Sun, 01 Mar 2026 12:00:00 GMT")),
    ];
    for (retry_after, html, header) in shapes {
        let kaseya = scripted(Endpoint::ContractsLookup, Fault::LimitReached { retry_after, html }).await;
        let read = Request::get(LOOKUP).token(&v2_token(&kaseya).await);
        let refused = read.send(kaseya.address()).await.unwrap();
        assert_eq!((refused.status, refused.content_type.starts_with("text/html")), (429, html));
        match header {
            Some(header) => assert!(refused.head.contains(header), "{}", refused.head),
            None => assert!(!refused.head.contains("retry-after"), "{}", refused.head),
        }
        assert_eq!(read.send(kaseya.address()).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_result_can_be_null_in_either_envelope_and_without_one() {
    let kaseya = scripted(Endpoint::ContractsLookup, Fault::NullResult).await;
    let token = v2_token(&kaseya).await;
    let answer = Request::get(LOOKUP).token(&token).send(kaseya.address()).await.unwrap().json();
    assert_eq!(answer, json!({"success": true, "error": null, "result": null}));

    let kaseya = scripted(Endpoint::WriteLine, Fault::NullResult).await;
    let put = put_units(&kaseya, &v1_token(&kaseya).await, 14).await;
    let answer = put.send(kaseya.address()).await.unwrap().json();
    assert_eq!((&answer["Status"], &answer["Result"]), (&json!("OK"), &Value::Null));
    assert_eq!(units(&kaseya), 14.0);

    let kaseya = scripted(Endpoint::V1Token, Fault::NullResult).await;
    let answer = v1_login(RIGHT).send(kaseya.address()).await.unwrap();
    assert_eq!((answer.status, answer.text.as_str()), (200, "null"));
}

#[tokio::test]
async fn a_silent_call_is_applied_or_not_and_never_answered() {
    for (fault, then) in [(Fault::SilenceBeforeApply, 12.0), (Fault::ApplyThenSilence, 14.0)] {
        let kaseya = scripted(Endpoint::WriteLine, fault).await;
        let token = v1_token(&kaseya).await;
        let put = put_units(&kaseya, &token, 14).await;
        let address = kaseya.address();
        let caller = tokio::spawn(async move { put.send(address).await });
        if then == 14.0 {
            within(kaseya.until(|state| !state.history.is_empty())).await;
        }
        // Other calls are served meanwhile.
        let read = Request::get(LINES).token(&token);
        assert_eq!(within(read.send(kaseya.address())).await.unwrap().status, 200);
        assert_eq!(units(&kaseya), then);
        assert!(!caller.is_finished());
        within(kaseya.stop()).await;
        assert!(within(caller).await.unwrap().is_err());
    }
}

#[tokio::test]
async fn tokens_can_be_revoked_midway() {
    let kaseya = behaving(|behaviour| {
        behaviour.script = vec![Step {
            endpoint: Endpoint::ContractsLookup,
            calls: Calls::Nth(2),
            fault: Fault::TokensRevoked,
        }];
    })
    .await;
    let (v1, v2) = (v1_token(&kaseya).await, v2_token(&kaseya).await);
    let read = Request::get(LOOKUP).token(&v2);
    assert_eq!(read.send(kaseya.address()).await.unwrap().status, 200);
    assert_eq!(read.send(kaseya.address()).await.unwrap().status, 401);
    assert_eq!(Request::get(LINES).token(&v1).send(kaseya.address()).await.unwrap().status, 401);
    let again = Request::get(LOOKUP).token(&v2_token(&kaseya).await);
    assert_eq!(again.send(kaseya.address()).await.unwrap().status, 200);
}

#[tokio::test]
async fn somebody_can_edit_kaseya_between_a_read_and_a_write() {
    let change = Change::ContractGoes { contract: 5012 };
    let kaseya = scripted(Endpoint::WriteLine, Fault::Meanwhile(change)).await;
    let put = put_units(&kaseya, &v1_token(&kaseya).await, 14).await;
    assert_eq!(put.send(kaseya.address()).await.unwrap().status, 404);
    assert_eq!((kaseya.state().contract(5012), kaseya.history()), (None, vec![]));
}

#[tokio::test]
async fn a_slow_endpoint_keeps_only_its_own_callers_waiting() {
    let hour = 60 * 60 * 1000;
    for slow in [
        |behaviour: &mut Behaviour, millis| {
            behaviour.latency.of.insert(Endpoint::WriteLine, Latency::Fixed { millis });
        },
        |behaviour: &mut Behaviour, millis| {
            let fault = Fault::Slow { millis };
            behaviour.script = vec![Step { endpoint: Endpoint::WriteLine, calls: Calls::From(1), fault }];
        },
    ] {
        let kaseya = behaving(|behaviour| slow(behaviour, hour)).await;
        let token = v1_token(&kaseya).await;
        let put = put_units(&kaseya, &token, 14).await;
        let address = kaseya.address();
        let caller = tokio::spawn(async move { put.send(address).await });
        let read = Request::get(LINES).token(&token);
        for _ in 0..3 {
            assert_eq!(within(read.send(kaseya.address())).await.unwrap().status, 200);
        }
        assert!(!caller.is_finished() && kaseya.history().is_empty());
        caller.abort();

        let kaseya = behaving(|behaviour| slow(behaviour, 1)).await;
        let put = put_units(&kaseya, &v1_token(&kaseya).await, 14).await;
        assert_eq!(within(put.send(kaseya.address())).await.unwrap().status, 200);
    }
}

/// The outcome of twelve reads and six writes, with the final state.
async fn history(seed: u64) -> (Vec<u16>, Vec<i64>, State) {
    let kaseya = behaving(|behaviour| {
        behaviour.seed = seed;
        behaviour.latency.usual = Latency::LongTail { least: 0, most: 3 };
        behaviour.lists.shifting_order = true;
        let step = |endpoint, many, fault| Step { endpoint, calls: Calls::OneIn(many), fault };
        behaviour.script = vec![
            step(Endpoint::ContractLines, 3, Fault::BadGateway),
            step(Endpoint::WriteLine, 2, Fault::NoSuccess("No".to_owned())),
            step(Endpoint::WriteLine, 3, Fault::ApplyLater(SignedDuration::from_mins(1))),
        ];
    })
    .await;
    let (v1, v2) = (v1_token(&kaseya).await, v2_token(&kaseya).await);
    let (mut statuses, mut order) = (Vec::new(), Vec::new());
    for turn in 0..12 {
        let read = Request::get(LINES).token(&v1).send(kaseya.address()).await.unwrap();
        statuses.push(read.status);
        if turn % 2 == 0 {
            let mut line = json!({
                "Id": 90021, "ServiceId": 701, "ContractId": 5012, "Units": turn, "UnitPrice": 3.5,
                "UnitCost": 1.75, "EffectiveDate": "2026-03-01", "SortOrder": 1, "ServiceName": "Name",
                "ServiceDescription": null, "IsTaxable": true, "BillingNote": null,
            });
            line["Units"] = json!(turn);
            let put = Request::json("PUT", LINE, &line).token(&v1);
            statuses.push(put.send(kaseya.address()).await.map_or(0, |answer| answer.status));
        }
        let rows = Request::get(LOOKUP).token(&v2).send(kaseya.address()).await.unwrap().json();
        order.extend(rows["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
        kaseya.clock().advance(SignedDuration::from_secs(20));
    }
    (statuses, order, kaseya.state())
}

#[tokio::test]
async fn a_seed_makes_the_same_history_twice_and_another_seed_another() {
    let first = history(7).await;
    assert_eq!(first, history(7).await);
    assert!(first.0.contains(&502) && first.0.contains(&0), "chance strikes: {:?}", first.0);
    assert_ne!(first.0, history(8).await.0);
}

#[test]
fn everything_that_can_be_set_survives_json_and_toml() {
    let faults = [
        Fault::Answer { status: 400, body: json!({"any": [1, "thing"]}) },
        Fault::BadGateway,
        Fault::Page { status: 200 },
        Fault::LimitReached { retry_after: RetryAfter::Date, html: true },
        Fault::NoSuccess("No".to_owned()),
        Fault::Truncated,
        Fault::Without(vec!["Units".to_owned()]),
        Fault::NullResult,
        Fault::DropBeforeApply,
        Fault::ApplyThenDrop,
        Fault::SilenceBeforeApply,
        Fault::ApplyThenSilence,
        Fault::ApplyLater(SignedDuration::from_mins(5)),
        Fault::Slow { millis: 20 },
        Fault::TokensRevoked,
        Fault::Meanwhile(Change::Password("new".to_owned())),
    ];
    let mut behaviour = Behaviour::default();
    for (endpoint, fault) in Endpoint::ALL.into_iter().zip(faults) {
        behaviour.script.push(Step { endpoint, calls: Calls::OneIn(3), fault });
    }
    behaviour.latency.usual = Latency::LongTail { least: 20, most: 5000 };
    behaviour.latency.of.insert(Endpoint::WriteLine, Latency::Uniform { least: 20, most: 50 });
    behaviour.role.lacks_on_v2 = [Right::ViewInvoices].into();
    behaviour.login.second_factor = Some("123456".to_owned());
    behaviour.lists.largest_page = Some(20);
    behaviour.invoicing.day = Some(5);
    let in_json = serde_json::to_string(&behaviour).unwrap();
    assert_eq!(serde_json::from_str::<Behaviour>(&in_json).unwrap(), behaviour);
    let in_toml = toml::to_string(&behaviour).unwrap();
    assert_eq!(toml::from_str::<Behaviour>(&in_toml).unwrap(), behaviour, "{in_toml}");
}
