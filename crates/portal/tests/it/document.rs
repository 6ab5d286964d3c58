//! The API document.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::world::World;

#[test]
fn the_committed_document_is_what_the_code_makes() {
    let committed = include_str!("../../../../proto-schemas/portal.openapi.json");
    let made = serde_json::to_string_pretty(&portal::api_document()).expect("plain data");
    let again = "cargo run -p portal --example openapi > proto-schemas/portal.openapi.json";
    assert!(committed.trim_end() == made, "make it again: {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_read_it() {
    let world = World::new().await;
    let answer = world.call(Method::GET, "/v1/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json["openapi"], "3.1.0");
    let document = serde_json::to_value(portal::api_document()).expect("plain data");
    assert_eq!(answer.json, document);
}

/// Every `$ref` resolves within the document, and each call lists its responses.
#[test]
fn it_is_whole() {
    let document = serde_json::to_value(portal::api_document()).expect("plain data");
    let mut named = Vec::new();
    references(&document, &mut named);
    assert!(named.len() > 50);
    for name in named {
        let path = name.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(path).is_some(), "{name} is missing");
    }
    let paths = document["paths"].as_object().expect("the paths");
    let mut names = BTreeSet::new();
    for (path, item) in paths {
        for (method, call) in
            item.as_object().expect("a path").iter().filter(|(name, _)| *name != "parameters")
        {
            assert!(call["responses"]["default"].is_object(), "{method} {path} tells no problem");
            assert!(
                call["description"].is_string() || call["summary"].is_string(),
                "{method} {path} says nothing"
            );
            assert!(names.insert(call["operationId"].to_string()), "{method} {path} is called as another");
            for field in path.split(['{', '}']).skip(1).step_by(2) {
                let own = call["parameters"].as_array().into_iter().flatten();
                let all = own.chain(item["parameters"].as_array().into_iter().flatten());
                assert!(all.into_iter().any(|known| known["name"] == field), "{method} {path}: {field}");
            }
        }
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(all) => all.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
