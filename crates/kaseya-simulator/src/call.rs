//! A call as it came in, names matched without regard to case, and the answer to it.

use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::{Map, Value, json};

use crate::{Endpoint, endpoint::Api};

/// A call that has been read whole.
#[derive(Debug)]
pub(crate) struct Call {
    pub endpoint: Endpoint,
    pub path: BTreeMap<String, String>,
    pub query: Fields,
    pub bearer: Option<String>,
    pub content_type: String,
    pub body: Bytes,
}

impl Call {
    pub fn new(
        endpoint: Endpoint,
        path: BTreeMap<String, String>,
        query: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bearer = text(header::AUTHORIZATION)
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim().to_owned());
        let content_type = text(header::CONTENT_TYPE).to_owned();
        Self { endpoint, path, query: Fields::decode(query.as_bytes()), bearer, content_type, body }
    }

    /// The id at this place of the route; one that is no number belongs to nothing.
    pub fn id(&self, name: &str) -> Result<i32, Refusal> {
        self.path.get(name).and_then(|text| text.parse().ok()).ok_or(Refusal::Unknown)
    }

    /// The body's object, its names in lower case at every depth.
    pub fn json(&self) -> Result<Map<String, Value>, Refusal> {
        if !self.content_type.to_ascii_lowercase().contains("json") {
            return Err(Refusal::MediaType);
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(fields)) => Ok(lower(fields)),
            Ok(_) => Err(Refusal::Bad("The body is not an object".to_owned())),
            Err(error) => Err(Refusal::Bad(format!("The body is not JSON: {error}"))),
        }
    }

    /// The body's form fields, urlencoded or multipart.
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

fn lower(fields: Map<String, Value>) -> Map<String, Value> {
    let inner = |value| match value {
        Value::Object(fields) => Value::Object(lower(fields)),
        other => other,
    };
    fields.into_iter().map(|(name, value)| (name.to_lowercase(), inner(value))).collect()
}

/// Named texts in the order they came, the names in lower case.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    fn decode(text: &[u8]) -> Self {
        Self(
            url::form_urlencoded::parse(text)
                .map(|(name, value)| (name.to_lowercase(), value.into_owned()))
                .collect(),
        )
    }

    /// The first value of this name that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Result<Option<i32>, Refusal> {
        self.text(name).map(|text| parse_integer(name, text)).transpose()
    }

    /// All whole numbers of this name.
    pub fn integers(&self, name: &str) -> Result<Vec<i32>, Refusal> {
        self.all(name).map(|text| parse_integer(name, text)).collect()
    }

    /// True or false; false when it was not sent.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(Refusal::Bad(format!("The value '{text}' is not valid for {name}"))),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let wanted = name.to_lowercase();
        self.0
            .iter()
            .filter(move |(name, value)| *name == wanted && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

fn parse_integer(name: &str, text: &str) -> Result<i32, Refusal> {
    text.parse().map_err(|_| Refusal::Bad(format!("The value '{text}' is not valid for {name}")))
}

/// A call that gets no success.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No, an expired or a wrong token.
    Token,
    /// Wrong user, password or tenant: nothing tells which.
    Login,
    /// A login without a tenant.
    TenantMissing,
    /// An id that belongs to nothing.
    Unknown,
    /// The route's hour is used up.
    Limit,
    /// A body of a kind that is not taken here.
    MediaType,
    /// A field that is wrong or missing.
    Bad(String),
    /// The simulator could not keep its state.
    NotKept,
}

impl Refusal {
    fn status(&self, api: Api) -> StatusCode {
        match self {
            Self::Login if api == Api::V1 => StatusCode::BAD_REQUEST,
            Self::Token | Self::Login => StatusCode::UNAUTHORIZED,
            Self::TenantMissing | Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Limit => StatusCode::TOO_MANY_REQUESTS,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotKept => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn v2_words(&self) -> (i32, &str) {
        match self {
            Self::Token => (978_001, "Security Error"),
            Self::Login => (978_002, "Invalid credentials"),
            Self::TenantMissing => (0, "Tenant can't be empty"),
            Self::Unknown => (404, "Not found"),
            Self::Limit => (429, "API calls quota exceeded"),
            Self::MediaType => (415, "Unsupported media type"),
            Self::Bad(words) => (400, words),
            Self::NotKept => (500, "Internal error"),
        }
    }

    fn v1_words(&self) -> (&'static str, &str) {
        match self {
            Self::Token | Self::Login => ("Unauthorized", "InvalidToken"),
            Self::TenantMissing => ("BadRequest", "TenantMissing"),
            Self::Unknown => ("NotFound", "NotFound"),
            Self::Limit => ("TooManyRequests", "QuotaExceeded"),
            Self::MediaType => ("UnsupportedMediaType", "UnsupportedMediaType"),
            Self::Bad(words) => ("BadRequest", words),
            Self::NotKept => ("InternalServerError", "InternalError"),
        }
    }

    /// The answer in the manner of the interface.
    pub fn reply(&self, endpoint: Endpoint) -> Reply {
        let api = endpoint.api();
        let status = self.status(api);
        let body = match (api, self) {
            (Api::V2, _) => {
                let (code, message) = self.v2_words();
                v2_failure(code, message)
            }
            (Api::V1, Self::Login) => json!({
                "error": "invalid_grant",
                "error_description": "The user name, password or company is incorrect.",
            }),
            (Api::V1, _) => {
                let (words, error) = self.v1_words();
                json!({
                    "ResponseCode": status.as_u16(),
                    "Status": words,
                    "Error": error,
                    "Result": null,
                    "TotalRecords": 0,
                })
            }
        };
        Reply { status, body }
    }
}

/// What V2 says when it does not do what was asked.
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

/// A JSON answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub body: Value,
}

impl From<Value> for Reply {
    fn from(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }
}
