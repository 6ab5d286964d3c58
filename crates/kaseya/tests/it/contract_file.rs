//! Every call of the client is in the file of calls, with the fields stated there, and the client understands the
//! answers stated there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::{Method, header},
    response::IntoResponse as _,
};
use domain::{AccountId, ContractId, ServiceId, ServiceState};
use jiff::{SignedDuration, civil::Date};
use kaseya::{Check, Finding};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::partner::{HandClock, access, bms, limits};

pub fn contract_file() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto-schemas/kaseya-bms.calls.json");
    let text = std::fs::read_to_string(path).expect("the file of calls is in the repository");
    serde_json::from_str(&text).expect("the file of calls is JSON")
}

#[derive(Debug, Clone)]
struct Seen {
    method: Method,
    path: String,
    query: String,
    token: bool,
    content_type: String,
    body: Bytes,
}

/// The stated call for a method and path.
fn stated<'a>(file: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    file["calls"].as_array()?.iter().find(|call| {
        let route = call["path"].as_str().unwrap_or_default();
        let same = |(stated, sent): (&str, &str)| stated == sent || stated.starts_with('{');
        call["method"] == method.as_str()
            && route.split('/').count() == path.split('/').count()
            && route.split('/').zip(path.split('/')).all(same)
    })
}

/// Answers each stated call with its stated example, and records the requests.
async fn serve(file: Arc<Value>) -> (String, Arc<Mutex<Vec<Seen>>>) {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let writer = Arc::clone(&seen);
    let router = Router::new().fallback(move |request: Request| {
        let (file, writer) = (Arc::clone(&file), Arc::clone(&writer));
        async move {
            let (head, body) = request.into_parts();
            let text =
                |name| head.headers.get(name).map_or("", |value| value.to_str().unwrap_or("")).to_owned();
            let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
            let answer =
                stated(&file, &head.method, head.uri.path()).map(|call| call["example"]["answer"].clone());
            writer.lock().expect("nobody panics with it").push(Seen {
                method: head.method.clone(),
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                token: text(header::AUTHORIZATION).starts_with("Bearer "),
                content_type: text(header::CONTENT_TYPE),
                body,
            });
            match answer {
                Some(answer) => axum::Json(answer).into_response(),
                None => axum::http::StatusCode::IM_A_TEAPOT.into_response(),
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, seen)
}

/// Fields as (name, value) with their place; an object within the body has a dot.
fn sent_fields(seen: &Seen) -> Vec<(&'static str, String, Value)> {
    let pairs = |place, bytes: &[u8]| -> Vec<(&'static str, String, Value)> {
        let pairs = url::form_urlencoded::parse(bytes);
        pairs.map(|(name, value)| (place, name.into_owned(), Value::from(value.into_owned()))).collect()
    };
    let mut fields = pairs("query", seen.query.as_bytes());
    if seen.content_type.starts_with("application/x-www-form-urlencoded") {
        fields.extend(pairs("form", &seen.body));
    } else if seen.content_type == "application/json" {
        let body: Value = serde_json::from_slice(&seen.body).expect("JSON was announced");
        for (name, value) in body.as_object().expect("a body is an object") {
            match value.as_object().filter(|_| name == "Filter") {
                Some(inner) => {
                    fields.extend(
                        inner.iter().map(|(inner, v)| ("body", format!("{name}.{inner}"), v.clone())),
                    );
                }
                None => fields.push(("body", name.clone(), value.clone())),
            }
        }
    } else {
        assert!(seen.body.is_empty(), "a body without a known type: {seen:?}");
    }
    fields
}

fn is_of_type(value: &Value, stated: &Value, place: &str) -> bool {
    let number = |text: &str| text.parse::<i64>().is_ok();
    match (stated["type"].as_str().unwrap_or_default(), place) {
        ("integer" | "integer[]", "query") => value.as_str().is_some_and(number),
        ("boolean", "query") => matches!(value.as_str(), Some("true" | "false")),
        ("any", _) => true,
        _ if value.is_null() => stated["nullable"] == true,
        ("integer", _) => value.is_i64(),
        ("number", _) => value.is_number(),
        ("boolean", _) => value.is_boolean(),
        ("string" | "date-time", _) => value.is_string(),
        _ => false,
    }
}

/// Panics with the error in a call.
fn check(call: &Value, seen: &Seen) {
    let name = &call["name"];
    assert_eq!(call["token"], seen.token, "{name}: token");
    let declared: Vec<&Value> = call["request"]["fields"].as_array().expect("fields").iter().collect();
    let fields = sent_fields(seen);
    let kind = seen.content_type.split(';').next().unwrap_or_default();
    match call["request"]["body"].as_str() {
        Some("form") => assert!(call["request"]["encoding"][kind].is_string(), "{name}: {kind}"),
        Some("json") => assert_eq!(kind, "application/json", "{name}"),
        _ => assert!(seen.body.is_empty(), "{name} has a body"),
    }
    for (place, field, value) in &fields {
        let stated =
            declared.iter().find(|stated| stated["in"] == *place && stated["name"] == field.as_str());
        let stated = stated.or_else(|| declared.iter().find(|any| any["in"] == *place && any["name"] == "*"));
        let stated = stated.unwrap_or_else(|| panic!("{name}: {field} in the {place} is not stated"));
        assert!(is_of_type(value, stated, place), "{name}: {field} is {value}");
        if let Some(always) = stated.get("always") {
            assert_eq!(always, value, "{name}: {field}");
        }
    }
    for stated in declared.iter().filter(|stated| stated["required"] == true) {
        let (place, field) =
            (stated["in"].as_str().expect("a place"), stated["name"].as_str().expect("a name"));
        let came =
            place == "path" || field == "*" || fields.iter().any(|(p, f, _)| *p == place && f == field);
        assert!(came, "{name}: {field} is missing in the {place}");
    }
}

fn example<'a>(file: &'a Value, name: &str) -> &'a Value {
    let mut calls = file["calls"].as_array().expect("calls").iter();
    &calls.find(|call| call["name"] == name).unwrap_or_else(|| panic!("{name} is not stated"))["example"]
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().expect("a list").iter()
}

fn number(value: &Value) -> i32 {
    value.as_i64().and_then(|number| i32::try_from(number).ok()).expect("an id or a whole number")
}

fn day(value: &Value) -> Option<Date> {
    Some(value.as_str()?[..10].parse().expect("a date"))
}

#[tokio::test]
async fn every_call_is_stated_and_every_stated_answer_is_understood() {
    let file = Arc::new(contract_file());
    let (base, seen) = serve(Arc::clone(&file)).await;
    let clock = HandClock::at("2026-03-01T10:00:00Z");
    let session = bms(&clock).session(access(&base), limits());

    session.sign_in().await.unwrap();
    // After the end of the access token, before the end of the refresh token.
    clock.advance(SignedDuration::from_hours(1));
    let shown = |call: &str| example(&file, call)["answer"]["result"].clone();

    let shown_rows = shown("v2-contracts-lookup");
    let ids: Vec<ContractId> = rows(&shown_rows).map(|row| ContractId(number(&row["id"]))).collect();
    let contracts = session.contracts(&ids).await.unwrap();
    assert_eq!(contracts.len(), ids.len());
    for (contract, row) in contracts.iter().zip(rows(&shown_rows)) {
        assert_eq!((contract.id.0, contract.is_active), (number(&row["id"]), row["isActive"] == true));
        assert_eq!(
            (row["name"].as_str(), day(&row["endDate"])),
            (Some(contract.name.as_str()), contract.end_date)
        );
    }

    let shown_rows = shown("v2-services-search");
    let part = example(&file, "v2-services-search")["request"]["body"]["Filter"]["Name"].clone();
    let services = session.services(part.as_str().unwrap()).await.unwrap();
    let found: Vec<i32> = services.iter().map(|service| service.id.0).collect();
    assert_eq!(found, rows(&shown_rows).map(|row| number(&row["id"])).collect::<Vec<_>>());

    let shown_rows = shown("v2-accounts-lookup");
    let accounts = session.accounts(shown_rows[0]["name"].as_str().unwrap()).await.unwrap();
    assert_eq!(
        (accounts[0].id.0, accounts[0].is_active),
        (number(&shown_rows[0]["id"]), shown_rows[0]["isActive"] == true)
    );

    let ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    assert_eq!(session.accounts_by_id(&ids).await.unwrap(), accounts);

    let (id, name) = (services[0].id, services[0].name.clone());
    let asked = BTreeMap::from([(id, name), (ServiceId(1), "Unknown".to_owned())]);
    let states = session.service_states(&asked).await.unwrap().states;
    // This Kaseya answers the look-up of any id with the same service: nothing is known of another.
    assert_eq!(states, BTreeMap::from([(id, ServiceState::Active)]));

    let shown_rows = shown("v2-contracts-summary");
    let row = rows(&shown_rows).next().unwrap();
    let (id, name) = (ContractId(number(&row["id"])), row["contractName"].as_str().unwrap());
    let found = session.surveyed_contract(id, name, row["accountName"].as_str()).await.unwrap().unwrap();
    assert_eq!(Some(found.billing_cycle.as_str()), row["billingCycle"].as_str());
    assert_eq!(session.surveyed_contract(ContractId(1), name, None).await.unwrap(), None);

    let shown_rows = example(&file, "v1-contract-lines")["answer"]["Result"].clone();
    let contract = ContractId(number(&shown_rows[0]["ContractId"]));
    let lines = session.lines(contract).await.unwrap();
    assert_eq!(lines.len(), rows(&shown_rows).count());
    for (line, row) in lines.iter().zip(rows(&shown_rows)) {
        assert_eq!((line.id.0, line.service_id.0), (number(&row["Id"]), number(&row["ServiceId"])));
        assert_eq!((Some(line.units), line.unit_price), (row["Units"].as_f64(), row["UnitPrice"].as_f64()));
        assert_eq!(line.effective_date, day(&row["EffectiveDate"]));
    }
    let wanted = example(&file, "v1-write-line")["request"]["body"].clone();
    let line = lines.iter().find(|line| line.id.0 == number(&wanted["Id"])).unwrap();
    let units = u32::try_from(number(&wanted["Units"])).unwrap();
    session.write_units(contract, line, units, day(&wanted["EffectiveDate"]).unwrap()).await.unwrap();

    let user = session.user_info().await.unwrap();
    let shown = shown("v2-user-info");
    assert_eq!(user.time_zone.as_deref(), shown["olsonTimeZoneName"].as_str());
    assert_eq!(user.modifies_something, shown["userAccessRights"][0]["canModify"].as_bool());
    let unknown: Vec<Check> = session
        .preflight()
        .await
        .checks
        .into_iter()
        .filter(|checked| checked.finding != Finding::Passed)
        .map(|checked| checked.check)
        .collect();
    assert_eq!(unknown, [Check::ModifyContracts]);

    let seen = seen.lock().unwrap().clone();
    let mut made = BTreeSet::new();
    for seen in &seen {
        let call = stated(&file, &seen.method, &seen.path)
            .unwrap_or_else(|| panic!("{} {} is not stated", seen.method, seen.path));
        check(call, seen);
        made.insert(call["name"].as_str().unwrap());
    }
    let expected = [
        "v1-contract-lines",
        "v1-token",
        "v1-write-line",
        "v2-accounts-lookup",
        "v2-authenticate",
        "v2-contracts-lookup",
        "v2-contracts-summary",
        "v2-refresh",
        "v2-services-lookup",
        "v2-services-search",
        "v2-user-info",
    ];
    assert_eq!(made, BTreeSet::from(expected));

    // The write is the stated example, to the last field.
    let write = seen.iter().find(|seen| seen.method == Method::PUT).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&write.body).unwrap(), wanted);

    // What the session counted is what came, under the stated routes.
    let counted: u32 = session.calls().values().sum();
    assert_eq!(counted as usize, seen.len());
    for endpoint in session.calls().keys() {
        let (method, route) = endpoint.split_once(' ').unwrap();
        let known = file["calls"].as_array().unwrap().iter();
        assert!(known.clone().any(|call| call["method"] == method && call["path"] == route), "{endpoint}");
    }
}

#[test]
fn a_wrong_call_is_found() {
    let file = contract_file();
    let path = "/v2/finance/contracts/lookup";
    let call = stated(&file, &Method::GET, path).unwrap();
    let good = Seen {
        method: Method::GET,
        path: path.to_owned(),
        query: "Ids=1&Ids=2".to_owned(),
        token: true,
        content_type: String::new(),
        body: Bytes::new(),
    };
    check(call, &good);
    for bad in [
        Seen { token: false, ..good.clone() },
        Seen { query: "Filter.Ids=1".to_owned(), ..good.clone() },
        Seen { query: "Ids=one".to_owned(), ..good.clone() },
        Seen { body: Bytes::from_static(b"x"), ..good },
    ] {
        assert!(std::panic::catch_unwind(|| check(call, &bad)).is_err(), "{bad:?}");
    }
    assert!(stated(&file, &Method::DELETE, path).is_none());
}
