//! A response before it is sent.

use axum::{
    body::Bytes,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::endpoint::Api;

/// A response: JSON, unless it is a page.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub body: Value,
    /// The title of an HTML page sent instead of the JSON.
    pub page: Option<&'static str>,
    pub retry_after: Option<String>,
    /// Whether the JSON begins with a byte order mark.
    pub byte_order_mark: bool,
}

impl From<Value> for Reply {
    fn from(body: Value) -> Self {
        Self { status: StatusCode::OK, body, page: None, retry_after: None, byte_order_mark: false }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = match self.page {
            None if self.status == StatusCode::NO_CONTENT => self.status.into_response(),
            None if self.byte_order_mark => {
                let text = format!("\u{FEFF}{}", self.body);
                (self.status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
            }
            None => (self.status, axum::Json(self.body)).into_response(),
            Some(title) => html(self.status, title),
        };
        if let Some(value) = self.retry_after.and_then(|text| text.parse().ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

impl Reply {
    pub fn cut_in_half(self) -> Response {
        let mut text = self.body.to_string().into_bytes();
        text.truncate(text.len() / 2);
        (self.status, [(header::CONTENT_TYPE, "application/json")], Bytes::from(text)).into_response()
    }

    /// Makes the result of a success null; a response without an envelope becomes null itself.
    pub fn empty_result(&mut self) {
        let fields = self.body.as_object_mut().into_iter().flatten();
        match fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("result")) {
            Some((_, result)) => *result = Value::Null,
            None => self.body = Value::Null,
        }
    }

    /// Removes every field with one of these names, at any depth.
    pub fn remove(&mut self, names: &[String]) {
        remove(&mut self.body, names);
    }

    /// Spells names as in the vendor's description.
    pub fn in_pascal_case(self) -> Self {
        Self { body: pascal(self.body), ..self }
    }
}

/// Words that the vendor's description has in capitals where a camelCase name begins with them.
const CAPITALS: [(&str, &str); 3] = [("sla", "SLA"), ("gl", "GL"), ("po", "PO")];

fn pascal(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (pascal_name(&name), pascal(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(pascal).collect(),
        other => other,
    }
}

fn pascal_name(name: &str) -> String {
    let starts_word = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_uppercase());
    for (word, capitals) in CAPITALS {
        if let Some(rest) = name.strip_prefix(word).filter(|rest| starts_word(rest)) {
            return format!("{capitals}{rest}");
        }
    }
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A proxy's page.
pub(crate) fn html(status: StatusCode, title: &str) -> Response {
    let page = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
    (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

/// V2's report of a failure.
pub(crate) fn v2_failure(code: i32, message: &str) -> Value {
    json!({
        "success": false,
        "error": {
            "code": code,
            "message": message,
            "details": null,
            "stackStrace": null,
            "subErrors": null,
        },
        "result": null,
    })
}

/// HTTP 200 without success.
pub(crate) fn no_success(api: Api, words: &str) -> Value {
    match api {
        Api::V2 => v2_failure(500, words),
        Api::V1 => {
            json!({ "ResponseCode": 500, "Status": "Error", "Error": words, "Result": null, "TotalRecords": 0 })
        }
    }
}

fn remove(value: &mut Value, names: &[String]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|field, _| !names.iter().any(|name| name.eq_ignore_ascii_case(field)));
            fields.values_mut().for_each(|value| remove(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, names)),
        _ => {}
    }
}
