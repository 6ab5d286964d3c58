//! A request and its response.

use std::{fmt, time::Duration};

use bytes::Bytes;
use secrecy::SecretString;
use url::Url;

/// The HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Queries or adds.
    Post,
    /// Sets.
    Put,
    /// Changes.
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

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// No body.
    None,
    /// Fields as `application/x-www-form-urlencoded`; passwords are sent this way.
    Form(Vec<(&'static str, SecretString)>),
    /// JSON.
    Json(serde_json::Value),
    /// JSON, sent byte for byte as written here.
    JsonText(String),
}

/// A request.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// The query, appended to the address; a name may occur more than once.
    pub query: Vec<(&'static str, String)>,
    /// The bearer token.
    pub bearer: Option<SecretString>,
    /// The body.
    pub body: Body,
    /// Time limit for the whole exchange.
    pub timeout: Duration,
}

/// A complete response with any status except a redirect.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `content-type` header, if present.
    pub content_type: Option<String>,
    /// The `retry-after` header, unparsed.
    pub retry_after: Option<String>,
    /// The body, unpacked.
    pub body: Bytes,
}

/// Leaves out the body: a login's response contains tokens.
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
