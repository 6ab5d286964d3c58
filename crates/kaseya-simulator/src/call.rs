//! A call as it came in, names matched without regard to case, and the answer to it.

use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use serde_json::{Map, Value, json};

use crate::{
    Behaviour, Endpoint, LoginRefusal, RetryAfter, TokenRefusal, endpoint::Api, sessions::LoginFault,
};

/// A call that has been read whole.
#[derive(Debug)]
pub(crate) struct Call {
    pub endpoint: Endpoint,
    pub path: BTreeMap<String, String>,
    pub query: Fields,
    pub bearer: Option<String>,
    pub content_type: String,
    pub body: Bytes,
    /// Which call of its endpoint this is, from 1 on.
    pub turn: u64,
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
        Self { endpoint, path, query: Fields::decode(query.as_bytes()), bearer, content_type, body, turn: 0 }
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
    /// A login that is not accepted; what is wrong is told only where Kaseya says which.
    Login(LoginFault),
    /// A right that the role lacks.
    Right,
    /// A login without a tenant.
    TenantMissing,
    /// An id that belongs to nothing.
    Unknown,
    /// The route's hour is used up until then.
    Limit(Timestamp),
    /// A body of a kind that is not taken here.
    MediaType,
    /// A field that is wrong or missing.
    Bad(String),
    /// The simulator could not keep its state.
    NotKept,
}

impl Refusal {
    fn status(&self, api: Api, behaviour: &Behaviour) -> StatusCode {
        match self {
            Self::Login(_) if api == Api::V1 => StatusCode::BAD_REQUEST,
            Self::Login(_) => match behaviour.login.refusal {
                LoginRefusal::Unauthorized => StatusCode::UNAUTHORIZED,
                LoginRefusal::BadRequest => StatusCode::BAD_REQUEST,
                LoginRefusal::Ok => StatusCode::OK,
            },
            Self::Right if behaviour.role.says_forbidden => StatusCode::FORBIDDEN,
            Self::Token | Self::Right => StatusCode::UNAUTHORIZED,
            Self::TenantMissing | Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Limit(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotKept => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn v2_words(&self, behaviour: &Behaviour) -> (i32, &str) {
        match self {
            Self::Right if behaviour.role.says_forbidden => (403, "Access denied"),
            Self::Token | Self::Right => (978_001, "Security Error"),
            Self::Login(fault) if behaviour.login.says_which => (978_002, fault.words()),
            Self::Login(_) => (978_002, "Invalid credentials"),
            Self::TenantMissing => (0, "Tenant can't be empty"),
            Self::Unknown => (404, "Not found"),
            Self::Limit(_) => (429, "API calls quota exceeded"),
            Self::MediaType => (415, "Unsupported media type"),
            Self::Bad(words) => (400, words),
            Self::NotKept => (500, "Internal error"),
        }
    }

    fn v1_words(&self, behaviour: &Behaviour) -> (&'static str, &str) {
        match self {
            Self::Right if behaviour.role.says_forbidden => ("Forbidden", "AccessDenied"),
            Self::Token | Self::Login(_) | Self::Right => ("Unauthorized", "InvalidToken"),
            Self::TenantMissing => ("BadRequest", "TenantMissing"),
            Self::Unknown => ("NotFound", "NotFound"),
            Self::Limit(_) => ("TooManyRequests", "QuotaExceeded"),
            Self::MediaType => ("UnsupportedMediaType", "UnsupportedMediaType"),
            Self::Bad(words) => ("BadRequest", words),
            Self::NotKept => ("InternalServerError", "InternalError"),
        }
    }

    /// The answer in the manner of the interface.
    pub fn reply(&self, endpoint: Endpoint, behaviour: &Behaviour, now: Timestamp) -> Reply {
        let api = endpoint.api();
        let status = self.status(api, behaviour);
        let page = match self {
            Self::Token if behaviour.token_refusal == TokenRefusal::Html => Some("Sign in"),
            Self::Limit(_) if behaviour.limits.html => Some("Too many requests"),
            _ => None,
        };
        let retry_after = match self {
            Self::Limit(until) => behaviour.limits.retry_after.header(*until, now),
            _ => None,
        };
        let body = match (api, self) {
            (Api::V2, _) => {
                let (code, message) = self.v2_words(behaviour);
                v2_failure(code, message)
            }
            (Api::V1, Self::Login(fault)) => {
                let all = "The user name, password or company is incorrect.";
                let words = if behaviour.login.says_which { fault.words() } else { all };
                json!({ "error": "invalid_grant", "error_description": words })
            }
            (Api::V1, _) => {
                let (words, error) = self.v1_words(behaviour);
                json!({
                    "ResponseCode": status.as_u16(),
                    "Status": words,
                    "Error": error,
                    "Result": null,
                    "TotalRecords": 0,
                })
            }
        };
        Reply { status, body, page, retry_after }
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

impl RetryAfter {
    fn header(self, until: Timestamp, now: Timestamp) -> Option<String> {
        match self {
            Self::Absent => None,
            Self::Seconds => Some(until.duration_since(now).as_secs().max(1).to_string()),
            // Years before 0 or after 9999 have no such date; no simulated hour ends there.
            Self::Date => DateTimePrinter::new().timestamp_to_rfc9110_string(&until).ok(),
        }
    }
}

/// An answer: JSON, unless it is a page.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub body: Value,
    /// The title of an HTML page that comes instead of the JSON.
    pub page: Option<&'static str>,
    pub retry_after: Option<String>,
}

impl From<Value> for Reply {
    fn from(body: Value) -> Self {
        Self { status: StatusCode::OK, body, page: None, retry_after: None }
    }
}
