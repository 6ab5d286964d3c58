//! A received call. Names are matched case-insensitively.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use serde_json::Value;

use crate::{Endpoint, fields::Fields, refusal::Refusal, routes::Ids, sent::Sent};

/// A call that has been read in full.
#[derive(Debug)]
pub(crate) struct Call {
    pub endpoint: Endpoint,
    pub path: Ids,
    pub query: Fields,
    pub bearer: Option<String>,
    pub content_type: String,
    pub body: Bytes,
    /// The number of this call among its endpoint's calls, from 1.
    pub turn: u64,
}

impl Call {
    pub fn new(endpoint: Endpoint, path: Ids, query: &str, headers: &HeaderMap, body: Bytes) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bearer = text(header::AUTHORIZATION)
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim().to_owned());
        let content_type = text(header::CONTENT_TYPE).to_owned();
        Self { endpoint, path, query: Fields::decode(query.as_bytes()), bearer, content_type, body, turn: 0 }
    }

    /// The id in this parameter of the route; one that is not a number is not found.
    pub fn id(&self, name: &str) -> Result<i32, Refusal> {
        self.path.get(name).and_then(|text| text.parse().ok()).ok_or(Refusal::Unknown)
    }

    /// The object in the body.
    pub fn json(&self) -> Result<Sent, Refusal> {
        match self.json_value()? {
            Value::Object(fields) => Ok(Sent(fields)),
            _ => Err(Refusal::Bad("The body is not an object".to_owned())),
        }
    }

    /// The objects in the array in the body.
    pub fn json_array(&self) -> Result<Vec<Sent>, Refusal> {
        let bad = || Refusal::Bad("The body is not an array of objects".to_owned());
        let Value::Array(items) = self.json_value()? else { return Err(bad()) };
        items
            .into_iter()
            .map(|item| match item {
                Value::Object(fields) => Ok(Sent(fields)),
                _ => Err(bad()),
            })
            .collect()
    }

    fn json_value(&self) -> Result<Value, Refusal> {
        if !self.content_type.to_ascii_lowercase().contains("json") {
            return Err(Refusal::MediaType);
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::Bad(format!("The body is not JSON: {error}")))
    }

    /// The form fields in the body, urlencoded or multipart.
    pub async fn form(&self) -> Result<Fields, Refusal> {
        let kind = self.content_type.to_ascii_lowercase();
        if kind.starts_with("application/x-www-form-urlencoded") {
            return Ok(Fields::decode(&self.body));
        }
        let boundary = multer::parse_boundary(&self.content_type).map_err(|_| Refusal::MediaType)?;
        let broken = |error: multer::Error| Refusal::Bad(format!("The form is broken: {error}"));
        let mut parts = multer::Multipart::new(Body::from(self.body.clone()).into_data_stream(), boundary);
        let mut fields = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_lowercase();
            fields.push((name, part.text().await.map_err(broken)?));
        }
        Ok(Fields(fields))
    }
}
