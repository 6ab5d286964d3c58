//! The vendor's own description of V2: what it declares, and where a value differs from it.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use crate::calls_file::{is_date_time, list, text};

/// The vendor's description. A machine without it checks only the calls file.
pub fn excerpt() -> Option<Value> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if !shared.exists() {
        eprintln!("the vendor's description is not here: only the calls file is checked");
        return None;
    }
    let path = shared.join("kaseya/bms-openapi-v2-excerpt.json");
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

pub fn named<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The schema behind a reference.
pub fn follow<'a>(excerpt: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref") {
        Some(reference) => {
            let name = text(reference).rsplit('/').next().unwrap();
            &excerpt["components"]["schemas"][name]
        }
        None => schema,
    }
}

pub fn operation<'a>(excerpt: &'a Value, method: &str, path: &str) -> &'a Value {
    &excerpt["paths"][path][method.to_lowercase()]
}

pub fn answer_schema<'a>(excerpt: &'a Value, operation: &'a Value) -> &'a Value {
    follow(excerpt, &operation["responses"]["200"]["content"]["application/json"]["schema"])
}

pub fn type_of(schema: &Value) -> &str {
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("date-time")) => "date-time",
        (Some(kind), _) => kind,
        (None, _) => panic!("a schema without a type: {schema}"),
    }
}

/// The spelling of a declared name on the wire: .NET's camelCase, which treats leading capitals as one word.
pub fn camel(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let small = |place: usize| letters.get(place).is_none_or(|letter| letter.is_lowercase());
    let stays = |place: usize| {
        letters[place].is_lowercase() || (place > 0 && small(place + 1) && place + 1 < letters.len())
    };
    let begin = (0..letters.len()).find(|place| stays(*place)).unwrap_or(letters.len());
    let (head, tail) = letters.split_at(begin);
    head.iter().flat_map(|letter| letter.to_lowercase()).chain(tail.iter().copied()).collect()
}

/// Names as on the wire, or as in the description.
pub type Spelling = fn(&str) -> String;

/// Differences between a value and the vendor's declaration: wrong type, unknown field, absent field, other
/// spelling.
pub fn faults(
    excerpt: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    spelling: Spelling,
) -> Vec<String> {
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
        "array" if value.is_array() => {
            let items = list(value).iter();
            return items.flat_map(|item| faults(excerpt, &schema["items"], item, place, spelling)).collect();
        }
        "array" => false,
        "object" => return faults_of_object(excerpt, schema, value, place, spelling),
        other => panic!("{place} is declared as {other}"),
    };
    if right { Vec::new() } else { vec![format!("{place} is {value}, not {}", type_of(schema))] }
}

fn faults_of_object(
    excerpt: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    spelling: Spelling,
) -> Vec<String> {
    let Some(fields) = value.as_object() else { return vec![format!("{place} is {value}, not an object")] };
    let declared = schema["properties"].as_object().unwrap();
    let spelt: BTreeMap<String, &Value> =
        declared.iter().map(|(name, property)| (spelling(name), property)).collect();
    let unknown = fields.keys().filter(|name| !spelt.contains_key(*name));
    let mut found: Vec<String> = unknown.map(|name| format!("{place}.{name} is not declared")).collect();
    for (name, property) in spelt {
        match value.get(&name) {
            Some(value) => {
                found.extend(faults(excerpt, property, value, &format!("{place}.{name}"), spelling));
            }
            None => found.push(format!("{place}.{name} is missing")),
        }
    }
    found
}

/// A request value as the vendor declares it, with every field. Ids, names and days are those of
/// [`crate::http::small`].
pub fn sample(excerpt: &Value, schema: &Value, name: &str) -> Value {
    let schema = follow(excerpt, schema);
    match (name, type_of(schema)) {
        (_, "object") => {
            let properties = schema["properties"].as_object().unwrap().iter();
            properties.map(|(name, schema)| (name.clone(), sample(excerpt, schema, name))).collect()
        }
        ("CategoryIds" | "SubCategoryIds" | "UnitOfMeasureIds", "array") => json!([]),
        (_, "array") => json!([sample(excerpt, &schema["items"], name)]),
        ("AccountId", _) => json!(301),
        ("ServiceId", _) => json!(701),
        ("BillingCycleId", _) => json!(2),
        ("ListInvoiceIds" | "ListStatusId", _) => json!("1"),
        ("EndDate", _) => json!("2027-12-31T00:00:00"),
        (_, "date-time") => json!("2026-03-01T00:00:00"),
        (_, "integer" | "number") => json!(1),
        (_, "boolean") => json!(true),
        (_, "string") => json!("x"),
        (_, other) => panic!("{name} is declared as {other}"),
    }
}

pub fn respelt(value: Value, spelling: Spelling) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (spelling(&name), respelt(value, spelling))).collect()
        }
        Value::Array(items) => items.into_iter().map(|item| respelt(item, spelling)).collect(),
        other => other,
    }
}
