//! The simulator compared with `proto-schemas/kaseya-bms.calls.json`.

use std::{collections::BTreeSet, path::Path};

use jiff::civil::DateTime;
use kaseya_simulator::{ContractStatus, Endpoint, Running, State};
use serde_json::{Value, json};

use crate::http::{
    LINE, RIGHT, Request, line_with_units, simulator, small, v1_login, v1_token, v2_login, v2_token,
};

pub fn calls_file() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto-schemas/kaseya-bms.calls.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text is expected, not {value}"))
}

/// The differences between a value and the file.
fn faults_of(value: &Value, fields: &[Value], place: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for field in fields {
        let (name, kind) = (text(&field["name"]), text(&field["type"]));
        let place = format!("{place}.{name}");
        let Some(value) = value.get(name) else {
            faults.push(format!("{place} is missing"));
            continue;
        };
        if value.is_null() && field["nullable"] == json!(true) {
            continue;
        }
        if !is_of(value, kind) {
            faults.push(format!("{place} is {value}, not {kind}"));
        }
        for item in list(value).iter().filter(|_| field["items"].is_array()) {
            faults.extend(faults_of(item, list(&field["items"]), &place));
        }
    }
    faults
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "any" => true,
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "date-time" => value.as_str().is_some_and(is_date_time),
        other => panic!("the file names a type {other}"),
    }
}

pub fn is_date_time(text: &str) -> bool {
    text.len() >= 19 && (text.parse::<DateTime>().is_ok() || text.parse::<jiff::Timestamp>().is_ok())
}

/// The differences between a response and one of the file's calls.
fn faults_of_answer(file: &Value, call: &Value, answer: &Value) -> Vec<String> {
    let (envelope, place) = (text(&call["answer"]["envelope"]), text(&call["name"]));
    let mut faults = faults_of(answer, list(&file["envelopes"][envelope]["fields"]), place);
    let (succeeded, result) = match envelope {
        "v2" | "v2-paged" => (answer["success"] == json!(true), &answer["result"]),
        "v1" => (answer["Status"] == "OK" && answer["Error"] == "None", &answer["Result"]),
        "plain" => (true, answer),
        other => panic!("the file names an envelope {other}"),
    };
    if !succeeded {
        faults.push(format!("{place} is no success: {answer}"));
    }
    let fields = list(&call["answer"]["fields"]);
    match text(&call["answer"]["result"]) {
        "array" => {
            if list(result).is_empty() {
                faults.push(format!("{place} shows nothing"));
            }
            for row in list(result) {
                faults.extend(faults_of(row, fields, place));
            }
        }
        "object" => faults.extend(faults_of(result, fields, place)),
        other => panic!("the file names a result {other}"),
    }
    faults
}

/// The tenant of the file's examples.
fn tenant() -> State {
    let mut state = State::builder()
        .account(301, "Panificio Niccolò")
        .service(701, "Password Boss Standard", 3.5)
        .contract(5012, 301, "Managed services")
        .line(90021, 701, 12.0)
        .contract(5013, 301, "Passwords")
        .build();
    state.contract_mut(5012).unwrap().end = Some("2027-12-31".parse().unwrap());
    state.contract_mut(5013).unwrap().status = ContractStatus::Inactive;
    state
}

/// The request of a call's example, byte by byte from the file.
fn example_request(call: &Value) -> Request {
    let example = &call["example"]["request"];
    let mut target = text(&call["path"]).to_owned();
    for (name, value) in example["path"].as_object().into_iter().flatten() {
        target = target.replace(&format!("{{{name}}}"), text(value));
    }
    let pairs = list(&example["query"]).iter().map(|pair| (text(&pair[0]), text(&pair[1])));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if !query.is_empty() {
        target = format!("{target}?{query}");
    }
    let method = text(&call["method"]);
    match text(&call["request"]["body"]) {
        "none" => Request { method: method.to_owned(), target, ..Request::default() },
        "json" => Request::json(method, &target, &example["body"]),
        "form" => {
            let fields: Vec<(&str, &str)> = example["form"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.as_str(), text(value)))
                .collect();
            Request::form(&target, &fields)
        }
        other => panic!("the file names a body {other}"),
    }
}

/// Whether the response contains everything in the example.
fn contains(answer: &Value, example: &Value) -> bool {
    match (answer, example) {
        (Value::Object(answer), Value::Object(example)) => {
            example.iter().all(|(name, value)| answer.get(name).is_some_and(|answer| contains(answer, value)))
        }
        (Value::Array(answer), Value::Array(example)) => {
            answer.len() == example.len() && answer.iter().zip(example).all(|(a, e)| contains(a, e))
        }
        _ => answer == example,
    }
}

#[test]
fn every_call_of_the_file_is_one_that_the_simulator_names() {
    let file = calls_file();
    let stated: BTreeSet<String> = list(&file["calls"])
        .iter()
        .map(|call| format!("{} {}", text(&call["method"]), text(&call["path"])))
        .collect();
    let served: BTreeSet<String> = Endpoint::ALL.iter().map(Endpoint::to_string).collect();
    assert!(!stated.is_empty() && stated.is_subset(&served), "{stated:?} and {served:?}");
}

#[test]
fn every_example_in_the_file_is_as_the_file_says() {
    let file = calls_file();
    for call in list(&file["calls"]) {
        let faults = faults_of_answer(&file, call, &call["example"]["answer"]);
        assert!(faults.is_empty(), "{faults:?}");
        assert!(file["standing"].get(text(&call["standing"])).is_some(), "{}", call["name"]);
        assert!(file["apis"].get(text(&call["api"])).is_some(), "{}", call["name"]);
        for field in list(&call["request"]["fields"]).iter().filter(|field| field["required"] == json!(true))
        {
            let (name, request) = (text(&field["name"]), &call["example"]["request"]);
            let sent = match text(&field["in"]) {
                "query" => list(&request["query"]).iter().any(|pair| pair[0] == name),
                "body" if name == "*" => true,
                place => request[place].get(name).is_some(),
            };
            assert!(sent, "the example of {} lacks {name}", call["name"]);
        }
    }
}

#[tokio::test]
async fn every_call_of_the_file_is_served_as_the_file_says() {
    let file = calls_file();
    for call in list(&file["calls"]) {
        let kaseya = simulator(tenant()).await;
        let mut request = example_request(call);
        if call["token"] == json!(true) {
            let token = if call["api"] == "v1" { v1_token(&kaseya).await } else { v2_token(&kaseya).await };
            request = request.token(&token);
        }
        if call["name"] == "v2-refresh" {
            let first = v2_login(RIGHT).send(kaseya.address()).await.unwrap().json();
            let token = |name: &str| text(&first["result"][name]).to_owned();
            request = Request::form(
                text(&call["path"]),
                &[("AccessToken", &token("accessToken")), ("RefreshToken", &token("refreshToken"))],
            );
        }
        let answer = request.send(kaseya.address()).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let faults = faults_of_answer(&file, call, &answer.json());
        assert!(faults.is_empty(), "{faults:?}");
        // Tokens and the user are the simulator's own; everything else is as in the example.
        if call["token"] == json!(true) && call["name"] != "v2-user-info" {
            let example = &call["example"]["answer"];
            assert!(contains(&answer.json(), example), "{} for {example}", answer.text);
        }
    }
}

/// Causes one of the file's failures.
async fn fail(kaseya: &Running, api: &str, case: &str) -> (u16, Value) {
    let to = kaseya.address();
    let [user, _, tenant] = RIGHT;
    let wrong = [user, "wrong", tenant];
    let v1 = v1_token(kaseya).await;
    let v2 = v2_token(kaseya).await;
    let lookup = "/v2/finance/contracts/lookup";
    let request = match (api, case.split(':').next().unwrap_or_default()) {
        ("v2", "no, expired or bad token") => Request::get(lookup).token("bad"),
        ("v1", "no, expired or bad token") => Request::get(LINE.trim_end_matches("/90021")),
        ("v2", "tenant missing at login") => v2_login([user, "correct horse", ""]),
        ("v2", "wrong user, password or tenant") => v2_login(wrong),
        ("v1", "wrong user, password or tenant") => v1_login(wrong),
        ("v1", "unknown contract or line") => Request::get("/api/finance/contracts/1/services").token(&v1),
        ("v1", "units not a whole number, negative, or a field left out") => {
            let line = line_with_units(kaseya, &v1, json!(1.5)).await;
            Request::json("PUT", LINE, &line).token(&v1)
        }
        ("v2", "call limit of the route reached") => {
            for _ in 0..1500 {
                Request::get(lookup).token(&v2).send(to).await.unwrap();
            }
            Request::get(lookup).token(&v2)
        }
        ("v1", "call limit of the route reached") => {
            for _ in 0..500 {
                Request::get(LINE.trim_end_matches("/90021")).token(&v1).send(to).await.unwrap();
            }
            Request::get(LINE.trim_end_matches("/90021")).token(&v1)
        }
        other => panic!("the file has a failure that no test brings about: {other:?}"),
    };
    let answer = request.send(to).await.unwrap();
    (answer.status, answer.json())
}

#[tokio::test]
async fn every_failure_of_the_file_is_answered_word_for_word() {
    for failure in list(&calls_file()["failures"]) {
        let kaseya = simulator(small()).await;
        let (status, answer) = fail(&kaseya, text(&failure["api"]), text(&failure["case"])).await;
        assert_eq!(json!(status), failure["status"], "{failure}");
        assert_eq!(answer, failure["answer"]);
    }
}
