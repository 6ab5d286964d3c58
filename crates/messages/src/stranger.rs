//! Makes JSON from external senders fit for the generated types, or refuses it by field and fix.
//!
//! The proto3 JSON mapping allows more than serde's readers accept (`14.0` for 14, names in snake case), and their
//! errors name no field. A document is therefore read as a tree first and checked against the message's shape.

use std::{collections::BTreeSet, fmt};

use jiff::{Timestamp, civil::DateTime};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::FieldError;

include!(concat!(env!("OUT_DIR"), "/shapes.rs"));

/// The fields that a message may have.
pub(crate) struct Shape {
    name: &'static str,
    fields: &'static [Field],
}

/// A field of a message.
struct Field {
    /// The name in the proto file.
    name: &'static str,
    /// The name in JSON.
    json: &'static str,
    kind: Kind,
    repeated: bool,
    /// Whether the field excludes the other exclusive ones.
    exclusive: bool,
}

/// The type of a field's value.
enum Kind {
    Text,
    /// 0 or more.
    Whole,
    Decimal,
    Flag,
    Instant,
    /// The first name is the unspecified value.
    Choice(&'static [&'static str]),
    Message(&'static str),
}

/// Whether a message refuses unknown fields, as external senders' messages do.
#[cfg(test)]
pub(crate) fn refuses_unknown_fields(message: &str) -> bool {
    SHAPES.iter().any(|shape| shape.name == message)
}

/// Reads JSON and refuses a repeated field name.
pub(crate) fn read(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Once>(text).map(|Once(value)| value)
}

/// Checks a document against a message's shape, and rewrites its numbers and instants as the generated types read
/// them.
pub(crate) fn fit(message: &str, document: &mut Value) -> Result<(), FieldError> {
    fit_message(message, document, "")
}

fn fit_message(message: &str, value: &mut Value, path: &str) -> Result<(), FieldError> {
    let Some(shape) = SHAPES.iter().find(|shape| shape.name == message) else { return Ok(()) };
    let here = if path.is_empty() { message } else { path };
    let example =
        shape.fields.first().map_or("{}".to_owned(), |field| format!("{{\"{}\": ...}}", field.json));
    let Value::Object(members) = value else {
        return Err(FieldError::new(here, format!("it is {}; write an object: {example}", described(value))));
    };
    let mut seen = BTreeSet::new();
    let mut exclusive: Option<&str> = None;
    for (key, value) in members.iter_mut() {
        let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(field) = shape.fields.iter().find(|field| field.json == key || field.name == key) else {
            return Err(unknown(shape, key, at));
        };
        if !seen.insert(field.name) {
            let (name, json) = (field.name, field.json);
            return Err(FieldError::new(at, format!("it is given as {name} and as {json}; give it once")));
        }
        if value.is_null() {
            continue;
        }
        if field.exclusive
            && let Some(other) = exclusive.replace(field.json)
        {
            let both = format!("it has both {other} and {}; give one of them", field.json);
            return Err(FieldError::new(here, both));
        }
        if !field.repeated {
            fit_value(&field.kind, value, &at)?;
            continue;
        }
        let Value::Array(elements) = value else {
            return Err(FieldError::new(at, format!("it is {}; write a list: [...]", described(value))));
        };
        for (n, element) in elements.iter_mut().enumerate() {
            fit_value(&field.kind, element, &format!("{at}[{n}]"))?;
        }
    }
    Ok(())
}

fn fit_value(kind: &Kind, value: &mut Value, at: &str) -> Result<(), FieldError> {
    let wrong =
        |value: &Value, fix: &str| Err(FieldError::new(at, format!("it is {}; {fix}", described(value))));
    match kind {
        Kind::Message(of) => return fit_message(of, value, at),
        Kind::Text if !value.is_string() => return wrong(value, "write it as a text in quotes"),
        Kind::Flag if !value.is_boolean() => return wrong(value, "write true or false, without quotes"),
        Kind::Decimal if !value.is_number() => return wrong(value, "write a number, without quotes"),
        Kind::Text | Kind::Flag | Kind::Decimal => {}
        Kind::Whole => match whole(value).and_then(|number| u32::try_from(number).ok()) {
            Some(number) => *value = Value::from(number),
            None => return wrong(value, "a whole number of 0 or more is needed"),
        },
        Kind::Choice(names) => match value {
            Value::String(name) if names.contains(&name.as_str()) => {}
            Value::Number(_) if whole(value).is_some() => {
                *value = whole(value).map_or(Value::Null, Value::from);
            }
            _ => {
                let known = names.get(1..).unwrap_or_default().join(" or ");
                return wrong(value, &format!("give {known}"));
            }
        },
        Kind::Instant => {
            let Value::String(text) = &*value else {
                return wrong(value, "write an instant such as \"2026-11-30T23:50:00Z\"");
            };
            if let Ok(instant) = text.parse::<Timestamp>() {
                *value = Value::String(instant.to_string());
            } else if let Ok(without) = text.parse::<DateTime>() {
                let fix = format!(
                    "it has no zone; write {without}Z if that is UTC, or with an offset: {without}+01:00"
                );
                return Err(FieldError::new(at, fix));
            } else {
                return wrong(value, "write an instant with its zone, such as \"2026-11-30T23:50:00Z\"");
            }
        }
    }
    Ok(())
}

/// A whole number, however JSON writes it: 14, 14.0, 1.4e1 or "14".
fn whole(value: &Value) -> Option<i64> {
    /// From here on a floating point number cannot represent every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let of = |number: f64| (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(of)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn unknown(shape: &Shape, key: &str, at: String) -> FieldError {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let known = |field: &&Field| plain(field.json) == plain(key);
    let fix = match shape.fields.iter().find(known) {
        Some(meant) => format!("{} has no such field; write {}", shape.name, meant.json),
        None if shape.fields.is_empty() => format!("{} has no fields; write {{}}", shape.name),
        None => {
            let names: Vec<&str> = shape.fields.iter().map(|field| field.json).collect();
            format!("{} has no such field; it has {}", shape.name, names.join(", "))
        }
    };
    FieldError::new(shortened(&at), fix)
}

/// A value as an error quotes it.
fn described(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        plain => shortened(&plain.to_string()),
    }
}

fn shortened(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect()
}

/// A value in which no object repeats a field name.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Once(element)) = list.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let Once(value) = map.next_value()?;
            if members.contains_key(&key) {
                return Err(A::Error::custom(format!(
                    "{}: it is given twice; give it once",
                    shortened(&key)
                )));
            }
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}
