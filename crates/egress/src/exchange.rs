//! A request and its answer.

use std::{fmt, time::Duration};

use bytes::Bytes;
use secrecy::SecretString;
use url::Url;

/// How a request is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Ask or add.
    Post,
    /// Set.
    Put,
    /// Change.
    Patch,
}

impl Method {
    /// The method's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// What a request carries.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// Fields as `application/x-www-form-urlencoded`; passwords travel here.
    Form(Vec<(&'static str, SecretString)>),
    /// JSON.
    Json(serde_json::Value),
    /// JSON that goes out byte for byte as it is written here.
    JsonText(String),
}

/// A request.
#[derive(Debug)]
pub struct Request {
    /// How it is meant.
    pub method: Method,
    /// Where it goes.
    pub url: Url,
    /// The query, appended to the address; a name may stand more than once.
    pub query: Vec<(&'static str, String)>,
    /// The bearer token.
    pub bearer: Option<SecretString>,
    /// What it carries.
    pub body: Body,
    /// How long the whole exchange may take.
    pub timeout: Duration,
}

/// A whole answer, whatever its status; a redirect is none.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `content-type`, if it says one.
    pub content_type: Option<String>,
    /// The `retry-after`, as it came.
    pub retry_after: Option<String>,
    /// The body, unpacked.
    pub body: Bytes,
}

/// Without the body: a login's answer holds tokens.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("retry_after", &self.retry_after)
            .field("body_length", &self.body.len())
            .finish()
    }
}
