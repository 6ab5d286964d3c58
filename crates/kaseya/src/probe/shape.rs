//! Answers without their content: names of fields, types, counts.

use std::collections::{BTreeMap, BTreeSet};

use domain::AnswerFault;
use egress::Response;
use serde_json::Value;

use crate::{
    answer,
    fields::{self, Object},
};

/// An answer, whatever it says.
pub(super) struct Seen {
    pub status: u16,
    /// Null when it is no JSON.
    pub body: Value,
    /// As it came.
    pub response: Response,
}

impl Seen {
    pub fn new(response: Response) -> Self {
        let body = serde_json::from_slice(&response.body).unwrap_or_default();
        Self { status: response.status, body, response }
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it is a web page or the like.
    pub fn is_page(&self) -> bool {
        self.object().is_none() && answer::is_page(&self.response)
    }

    pub fn object(&self) -> Option<&Object> {
        self.body.as_object()
    }

    /// A field of the envelope.
    pub fn field(&self, name: &str) -> Option<&Value> {
        fields::get(self.object()?, name)
    }

    /// The rows of a success; none for any other answer.
    pub fn rows(&self) -> Vec<&Object> {
        let rows = self.field("result").and_then(Value::as_array);
        rows.into_iter().flatten().filter_map(Value::as_object).collect()
    }

    /// Whether it is a success with a list.
    pub fn is_list(&self) -> bool {
        self.status == 200 && self.field("result").is_some_and(Value::is_array)
    }

    pub fn total(&self) -> Option<u64> {
        self.field("totalRecords")?.as_u64()
    }

    /// Status, and the envelope's fields with their types.
    pub fn shape(&self) -> String {
        let body = self.object().map_or_else(|| kind(&self.body).to_owned(), |object| types(&[object]));
        format!("status {}: {body}", self.status)
    }
}

/// Each field of the rows with the types it has.
pub(super) fn types(rows: &[&Object]) -> String {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in rows.iter().flat_map(|row| row.iter()) {
        found.entry(name).or_default().insert(kind(value));
    }
    let field = |(name, kinds): (&str, BTreeSet<&str>)| {
        format!("{name} {}", kinds.into_iter().collect::<Vec<_>>().join("|"))
    };
    found.into_iter().map(field).collect::<Vec<_>>().join(", ")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "decimal",
        Value::Number(_) => "integer",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// The fields of this list that no row, or not every row, has.
pub(super) fn missing<'a>(rows: &[&Object], names: &[&'a str]) -> Vec<&'a str> {
    let shows =
        |row: &&Object, name: &str| fields::entry(row, name).is_some() || fields::at(row, name).is_some();
    let lacks = |name: &&&str| !rows.iter().all(|row| shows(row, name));
    names.iter().filter(lacks).copied().collect()
}

/// The whole numbers in a field.
pub(super) fn ids(rows: &[&Object]) -> Vec<i32> {
    rows.iter().filter_map(|row| id(row, "id")).collect()
}

/// The whole number in a field.
pub(super) fn id(row: &Object, name: &str) -> Option<i32> {
    fields::id(row, name, AnswerFault::RowWithoutId).ok()
}

/// The names of the fields in which rows differ.
pub(super) fn differing<'a>(rows: &[&'a Object]) -> Vec<&'a str> {
    let Some(first) = rows.first() else { return Vec::new() };
    let differs = |(name, value): &(&String, &Value)| rows.iter().any(|row| row.get(*name) != Some(*value));
    first.iter().filter(differs).map(|(name, _)| name.as_str()).collect()
}

/// Whether a text is a midnight without an offset.
pub(super) fn is_midnight(text: &str) -> bool {
    text.parse::<jiff::civil::DateTime>().is_ok_and(|at| at.time() == jiff::civil::Time::midnight())
        && text.parse::<jiff::Timestamp>().is_err()
}

/// A date with its digits made alike, so that only its form is left.
pub(super) fn form(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}
