//! A call that does not succeed, and how V1 and V2 report it.

use axum::http::StatusCode;
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use serde_json::json;

use crate::{
    Behaviour, DataError, LoginRefusal, RetryAfter, TokenRefusal, WriteRefused,
    endpoint::Api,
    reply::{Reply, v2_failure},
    sessions::LoginFault,
};

/// A call that does not succeed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A missing, expired or wrong token.
    Token,
    /// A login that is not accepted; the cause is reported only if Kaseya names it.
    Login(LoginFault),
    /// A right that the role lacks.
    Right,
    /// A login without a tenant.
    TenantMissing,
    /// A path that is not served, or an id that is not found.
    Unknown,
    /// The route's hourly limit is reached; the hour ends at this time.
    Limit(Timestamp),
    /// An unsupported media type.
    MediaType,
    /// A field that is invalid or missing.
    Bad(String),
    /// The simulator could not store its state.
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
            Self::Limit(_) if behaviour.limits.forbidden => StatusCode::FORBIDDEN,
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

    /// The response in the form of the API.
    pub fn reply(&self, api: Api, behaviour: &Behaviour, now: Timestamp) -> Reply {
        let status = self.status(api, behaviour);
        let page = match self {
            Self::Token if behaviour.token_refusal == TokenRefusal::Html => Some("Sign in"),
            Self::Limit(_) if behaviour.limits.html => Some("Too many requests: API quota exceeded"),
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
        Reply { status, body, page, retry_after, byte_order_mark: false }
    }
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

impl From<WriteRefused> for Refusal {
    fn from(refused: WriteRefused) -> Self {
        match refused {
            WriteRefused::UnknownContract | WriteRefused::UnknownLine => Self::Unknown,
            other => Self::Bad(other.to_string()),
        }
    }
}

impl From<DataError> for Refusal {
    fn from(error: DataError) -> Self {
        tracing::error!(%error, "state not kept");
        Self::NotKept
    }
}
