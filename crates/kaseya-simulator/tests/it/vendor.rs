//! The V2 part against the vendor's own description, wherever that is at hand.

use std::path::Path;

use kaseya_simulator::{ContractStatus, Endpoint};
use serde_json::{Value, json};

use crate::{
    calls_file::{calls_file, is_date_time, list, text},
    http::{RIGHT, Request, simulator, small, v2_login},
};

/// The vendor's description; a machine without it checks the calls file only.
fn excerpt() -> Option<Value> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if !shared.exists() {
        eprintln!("the vendor's description is not here: only the calls file is checked");
        return None;
    }
    let path = shared.join("kaseya/bms-openapi-v2-excerpt.json");
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn named<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The schema behind a reference.
fn follow<'a>(excerpt: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref") {
        Some(reference) => {
            let name = text(reference).rsplit('/').next().unwrap();
            &excerpt["components"]["schemas"][name]
        }
        None => schema,
    }
}

fn operation<'a>(excerpt: &'a Value, method: &str, path: &str) -> &'a Value {
    &excerpt["paths"][path][method.to_lowercase()]
}

fn answer_schema<'a>(excerpt: &'a Value, operation: &'a Value) -> &'a Value {
    follow(excerpt, &operation["responses"]["200"]["content"]["application/json"]["schema"])
}

fn type_of(schema: &Value) -> &str {
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("date-time")) => "date-time",
        (Some(kind), _) => kind,
        (None, _) => panic!("a schema without a type: {schema}"),
    }
}

/// What in a value is not as the vendor declares it: wrong type, unknown field, absent field.
fn faults(excerpt: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    // A reference cannot be declared nullable in OpenAPI 3.0; the error of a success is null.
    if value.is_null() && (schema["nullable"] == json!(true) || schema.get("$ref").is_some()) {
        return Vec::new();
    }
    let schema = follow(excerpt, schema);
    let right = match type_of(schema) {
        "integer" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "date-time" => value.as_str().is_some_and(is_date_time),
        "array" => {
            let items = list(value).iter();
            return items.flat_map(|item| faults(excerpt, &schema["items"], item, place)).collect();
        }
        "object" => return faults_of_object(excerpt, schema, value, place),
        other => panic!("{place} is declared as {other}"),
    };
    if right { Vec::new() } else { vec![format!("{place} is {value}, not {}", type_of(schema))] }
}

fn faults_of_object(excerpt: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let Some(fields) = value.as_object() else { return vec![format!("{place} is {value}, not an object")] };
    let unknown = fields.keys().filter(|name| named(&schema["properties"], name).is_none());
    let mut found: Vec<String> = unknown.map(|name| format!("{place}.{name} is not declared")).collect();
    for (name, property) in schema["properties"].as_object().unwrap() {
        match named(value, name) {
            Some(value) => found.extend(faults(excerpt, property, value, &format!("{place}.{name}"))),
            None => found.push(format!("{place}.{name} is missing")),
        }
    }
    found
}

#[tokio::test]
async fn every_v2_answer_is_as_the_vendor_declares_it() {
    let Some(excerpt) = excerpt() else { return };
    let mut state = small();
    state.contract_mut(5012).unwrap().status = ContractStatus::Inactive;
    let kaseya = simulator(state).await;
    let login = v2_login(RIGHT).send(kaseya.address()).await.unwrap().json();
    let token = |name: &str| text(&login["result"][name]).to_owned();
    let mut checked = 0;
    for endpoint in Endpoint::ALL.into_iter().filter(|endpoint| endpoint.route().starts_with("/v2/")) {
        let request = match endpoint {
            Endpoint::Authenticate => v2_login(RIGHT),
            Endpoint::ServicesSearch => Request::json("POST", endpoint.route(), &json!({})),
            // The last of all, for it ends the token of the others.
            Endpoint::Refresh => continue,
            _ => Request::get(endpoint.route()),
        };
        let answer = request.token(&token("accessToken")).send(kaseya.address()).await.unwrap();
        assert_eq!(answer.status, 200, "{endpoint}: {answer:?}");
        let operation = operation(&excerpt, endpoint.method(), endpoint.route());
        let schema = answer_schema(&excerpt, operation);
        assert_eq!(faults(&excerpt, schema, &answer.json(), endpoint.route()), Vec::<String>::new());
        let result = &answer.json()["result"];
        assert!(result.is_object() || !list(result).is_empty(), "{endpoint} shows nothing to be checked");
        checked += 1;
    }
    assert_eq!(checked, 7);
    let pair = [("AccessToken", &*token("accessToken")), ("RefreshToken", &*token("refreshToken"))];
    let refreshed = Request::form(Endpoint::Refresh.route(), &pair).send(kaseya.address()).await.unwrap();
    let operation = operation(&excerpt, "POST", Endpoint::Refresh.route());
    let schema = answer_schema(&excerpt, operation);
    assert_eq!(faults(&excerpt, schema, &refreshed.json(), "refresh"), Vec::<String>::new());
}

#[tokio::test]
async fn a_v2_refusal_is_as_the_vendor_declares_it() {
    let Some(excerpt) = excerpt() else { return };
    let kaseya = simulator(small()).await;
    let route = Endpoint::ContractsLookup.route();
    let refused = Request::get(route).send(kaseya.address()).await.unwrap();
    assert_eq!(refused.status, 401);
    let schema = answer_schema(&excerpt, operation(&excerpt, "GET", route));
    assert_eq!(faults(&excerpt, schema, &refused.json(), "refusal"), Vec::<String>::new());
}

/// The vendor's schema of a request field: a parameter, a form field, or a field of the body.
fn declared_input<'a>(
    excerpt: &'a Value,
    operation: &'a Value,
    place: &str,
    name: &str,
) -> Option<&'a Value> {
    let content = &operation["requestBody"]["content"];
    match place {
        "query" => list(&operation["parameters"])
            .iter()
            .find(|parameter| parameter["name"] == name && parameter["in"] == "query")
            .map(|parameter| &parameter["schema"]),
        "form" => content["multipart/form-data"]["schema"]["properties"].get(name),
        "body" => {
            let mut schema = &content["application/json"]["schema"];
            for step in name.split('.') {
                schema = follow(excerpt, schema)["properties"].get(step)?;
            }
            Some(schema)
        }
        other => panic!("the calls file has a field in {other}"),
    }
}

/// Every field of the calls file stands in the vendor's description with the same type.
fn compare_fields(excerpt: &Value, schema: &Value, fields: &[Value], place: &str) {
    for field in fields {
        let name = text(&field["name"]);
        let property = named(&follow(excerpt, schema)["properties"], name)
            .unwrap_or_else(|| panic!("{place}.{name} is not the vendor's"));
        let kind = if property.get("$ref").is_some() { "object" } else { type_of(property) };
        if field["type"] != "any" {
            assert_eq!(text(&field["type"]), kind, "{place}.{name}");
        }
        let may_be_null = property["nullable"] == json!(true);
        let says_so = field["nullable"] == json!(true) || field.get("standing").is_some();
        assert!(!may_be_null || says_so, "{place}.{name} may be null for the vendor");
        if field["items"].is_array() {
            compare_fields(excerpt, &property["items"], list(&field["items"]), name);
        }
    }
}

#[test]
fn the_calls_file_says_of_v2_what_the_vendor_says() {
    let Some(excerpt) = excerpt() else { return };
    let file = calls_file();
    let v2: Vec<&Value> = list(&file["calls"]).iter().filter(|call| call["api"] == "v2").collect();
    assert_eq!(v2.len(), 8);
    for call in v2 {
        let name = text(&call["name"]);
        assert_eq!(call["standing"], "vendor", "{name}");
        let operation = operation(&excerpt, text(&call["method"]), text(&call["path"]));
        assert!(operation.is_object(), "{name} is not the vendor's");
        for field in list(&call["request"]["fields"]) {
            let (field_name, place) = (text(&field["name"]), text(&field["in"]));
            let schema = declared_input(&excerpt, operation, place, field_name)
                .unwrap_or_else(|| panic!("{name} has no {field_name} in its {place}"));
            let kind = match type_of(schema) {
                "array" => format!("{}[]", type_of(&schema["items"])),
                kind => kind.to_owned(),
            };
            assert_eq!(text(&field["type"]), kind, "{name}.{field_name}");
        }
        let whole = answer_schema(&excerpt, operation);
        let envelope = &file["envelopes"][text(&call["answer"]["envelope"])];
        compare_fields(&excerpt, whole, list(&envelope["fields"]), name);
        let result = follow(&excerpt, &whole["properties"]["Result"]);
        assert_eq!(text(&call["answer"]["result"]), type_of(result), "{name}");
        let row = if result["type"] == "array" { &result["items"] } else { result };
        compare_fields(&excerpt, row, list(&call["answer"]["fields"]), name);
    }
}
