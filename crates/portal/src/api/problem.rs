//! Why a call has no answer but this one: problem details as RFC 9457 has them.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bus::PublishError;
use connection::{NotRead, NotTried};
use domain::FailureClass;
use jiff::Timestamp;
use operations::read_models::{Advice, Check, last_try_until, not_before};
use operations::{
    decisions::NotDecided,
    not_saved::{Mistake, MistakeKind, NotSaved},
    sync_requests::NotAsked,
};
use serde::Serialize;
use store::StoreError;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, response::Response as Described},
};

use super::{problem_types, shapes::Comparison};

/// Whoever meets a database or broker that is away asks again after so many seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// Why a call has no other answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// There is no such thing, or it is another partner's.
    #[error("there is no such thing here")]
    NotFound,
    /// The address takes other methods.
    #[error("this address does not take this method")]
    MethodNotAllowed,
    /// Nobody is known by what was sent.
    #[error("send `Authorization: Bearer` with a token that is in force")]
    NoToken,
    /// The role does not allow it.
    #[error("the token's role does not allow it")]
    Forbidden,
    /// What the provider counted and charges, only the provider says.
    #[error(
        "only a token of the provider may report companies, products, user counts and charges; the operator makes one with \
         `kaseya-sync token new PARTNER --name NAME --role provider`"
    )]
    NotTheProvider,
    /// A part of the address says nothing usable.
    #[error("the query cannot be read: {0}")]
    Query(String),
    /// A header says nothing usable.
    #[error("the header {0} cannot be read")]
    Header(HeaderName),
    /// The body is not what belongs here.
    #[error("the body cannot be read")]
    Body(FieldMistake),
    /// The body is another format.
    #[error("send the body as application/json")]
    NotJson,
    /// The body is too large.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// Fields with mistakes: nothing was done.
    #[error("some fields have mistakes, and nothing was done")]
    Mistakes(Vec<FieldMistake>),
    /// It is not saved.
    #[error(transparent)]
    NotSaved(NotSaved),
    /// The same, with what a person is to do.
    #[error("{0}")]
    Helped(Box<Problem>, Box<Advice>),
    /// Kaseya was not read.
    #[error(transparent)]
    NotRead(NotRead),
    /// It is the last admin: nobody else could say who may come in.
    #[error(
        "nobody else could say who may come in: let another administrator in first; a member counts from the first sign-in on"
    )]
    LastAdmin,
    /// A mapping file has bad rows, is not as it was shown, or it is not said that users are to be added together.
    #[error("look at the file again: it is not as it was shown")]
    LookAgain(Box<Comparison>),
    /// The idempotency key came with another call.
    #[error("this Idempotency-Key came with another call before: use a new one")]
    OtherCall,
    /// A report's id came in before with other content.
    #[error("{0}")]
    UsedReport(String),
    /// The call with this idempotency key is being answered.
    #[error("the call with this Idempotency-Key is still being answered")]
    Underway,
    /// The broker does not take messages.
    #[error("what was asked for could not be passed on, or only in part; asked again it is not done twice")]
    Broker(Option<PublishError>),
    /// The database.
    #[error("{}", match .0.class() {
        FailureClass::Transient => "the database is away",
        _ => "something went wrong on our side",
    })]
    Database(#[from] StoreError),
}

/// A problem in the format of RFC 9457.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document {
    /// Kind of problem, stable for programs, e.g. `urn:problem:kaseya-sync:not-found`.
    #[serde(rename = "type")]
    kind: String,
    /// Kind of problem, for people.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What is wrong in this case, in English.
    detail: String,
    /// All fields with mistakes. Absent without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldMistake>,
    /// Version now stored, if another one was to be changed. Absent otherwise, and if nothing is stored any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// Companies or products whose users would be added together. To confirm, repeat the request with
    /// `add_together`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    together: Vec<String>,
    /// Results of trying new credentials. Absent if none were tried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check>,
    /// Code of the error catalogue. Absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// What to do, in the language of `Accept-Language`. Absent without advice.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Box<Advice>>,
    /// Kaseya's own message. Absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    kaseya_said: Option<String>,
    /// The mapping file compared with what is stored now. Only in a problem of a mapping file.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Box<Comparison>>,
    /// Set if the next refusal is the last one: new values must then wait until this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_try_until: Option<Timestamp>,
    /// Earliest instant to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
}

/// A field with a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FieldMistake)]
pub(crate) struct FieldMistake {
    /// Path of the field, e.g. `companies[3].name`.
    pub field: String,
    /// Kind of mistake, stable for programs.
    pub code: &'static str,
    /// What is wrong and what is valid, in English.
    pub detail: String,
}

impl FieldMistake {
    /// What is wrong with a field.
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl ToString) -> Self {
        Self { field: field.into(), code, detail: detail.to_string() }
    }
}

impl From<&Mistake> for FieldMistake {
    fn from(mistake: &Mistake) -> Self {
        let code = match &mistake.kind {
            MistakeKind::Missing => "missing",
            MistakeKind::Host(_) => "host",
            MistakeKind::Address => "address",
            MistakeKind::NotAllowed { .. } => "not_allowed",
            MistakeKind::TypeAgain => "type_again",
            MistakeKind::OutOfRange { .. } => "out_of_range",
            MistakeKind::Zone => "zone",
            MistakeKind::Unknown(_) => "unknown",
            MistakeKind::NotItsName { .. } => "not_its_name",
            MistakeKind::OtherAccount(_) => "other_account",
            MistakeKind::Text(_) => "text",
            MistakeKind::NoEffect => "no_effect",
        };
        Self::new(mistake.field.as_str(), code, &mistake.kind)
    }
}

impl From<NotSaved> for Problem {
    fn from(refusal: NotSaved) -> Self {
        match refusal {
            NotSaved::UnknownPartner => Self::NotFound,
            NotSaved::Mistakes(mistakes) => Self::Mistakes(mistakes.iter().map(Into::into).collect()),
            NotSaved::Store(error) | NotSaved::NotTried(NotTried::Store(error)) => Self::Database(error),
            other => Self::NotSaved(other),
        }
    }
}

impl From<NotAsked> for Problem {
    fn from(error: NotAsked) -> Self {
        match error {
            NotAsked::TooManyCompanies { .. } | NotAsked::TooManyListed(_) => {
                Self::Mistakes(vec![FieldMistake::new("company_ids", "too_many", error)])
            }
            NotAsked::Publish(error) => Self::Broker(Some(error)),
            NotAsked::Store(error) => Self::Database(error),
        }
    }
}

impl From<NotDecided> for Problem {
    fn from(error: NotDecided) -> Self {
        match error {
            NotDecided::UnknownHold(_) => Self::NotFound,
            NotDecided::Publish(error) => Self::Broker(Some(error)),
            NotDecided::Store(error) => Self::Database(error),
        }
    }
}

impl Problem {
    /// The status, and the problem's name and title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            }
            Self::NoToken => (StatusCode::UNAUTHORIZED, "no-token", "Not authenticated"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::NotTheProvider => (StatusCode::FORBIDDEN, "not-the-provider", "Not the provider"),
            Self::Query(_) => (StatusCode::BAD_REQUEST, "query", "Unusable query"),
            Self::Header(_) => (StatusCode::BAD_REQUEST, "header", "Unusable header"),
            Self::Body(_) => (StatusCode::BAD_REQUEST, "body", "Unusable body"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "Not JSON"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large"),
            Self::Mistakes(_) => (StatusCode::UNPROCESSABLE_ENTITY, "mistakes", "Mistakes"),
            Self::NotSaved(refusal) => problem_types::not_saved(refusal),
            Self::Helped(problem, _) => problem.kind(),
            Self::NotRead(error) => problem_types::not_read(error),
            Self::LastAdmin => (StatusCode::CONFLICT, "last-admin", "The last administrator"),
            Self::LookAgain(_) => (StatusCode::CONFLICT, "look-again", "Look at the file again"),
            Self::OtherCall => (StatusCode::UNPROCESSABLE_ENTITY, "other-call", "Key of another call"),
            Self::UsedReport(_) => (StatusCode::CONFLICT, "used-report", "Report id used before"),
            Self::Underway => (StatusCode::CONFLICT, "under-way", "Under way"),
            Self::Broker(_) => (StatusCode::SERVICE_UNAVAILABLE, "broker-away", "The broker is away"),
            Self::Database(error) if error.class() == FailureClass::Transient => {
                (StatusCode::SERVICE_UNAVAILABLE, "database-away", "The database is away")
            }
            Self::Database(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong"),
        }
    }

    fn document(self) -> Document {
        let (status, kind, title) = self.kind();
        let document = Document {
            kind: format!("urn:problem:kaseya-sync:{kind}"),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            ..Document::default()
        };
        match self {
            Self::Body(mistake) => Document { errors: vec![mistake], ..document },
            Self::Mistakes(mistakes) => Document { errors: mistakes, ..document },
            Self::LookAgain(comparison) => Document { comparison: Some(comparison), ..document },
            Self::NotSaved(refusal) => not_saved(&refusal, document),
            Self::Helped(problem, help) => Document { help: Some(help), ..problem.document() },
            Self::NotRead(error) => Document {
                code: error.code().map(domain::ErrorCode::as_str),
                not_before: match error {
                    NotRead::NotTried(NotTried::NotBefore { until } | NotTried::TooOften { until }) => {
                        Some(until)
                    }
                    _ => None,
                },
                kaseya_said: error.words().map(str::to_owned),
                ..document
            },
            _ => document,
        }
    }
}

/// What programs need of a refusal beside its words.
fn not_saved(refusal: &NotSaved, document: Document) -> Document {
    match refusal {
        NotSaved::Stale { version } => Document { version: *version, ..document },
        NotSaved::AddCompaniesTogether(those) => {
            Document { together: those.iter().map(ToString::to_string).collect(), ..document }
        }
        NotSaved::AddProductsTogether(those) => {
            Document { together: those.iter().map(ToString::to_string).collect(), ..document }
        }
        NotSaved::NotProven(tried) => Document {
            checks: tried.checks.iter().map(Check::from).collect(),
            last_try_until: last_try_until(tried),
            not_before: not_before(tried),
            ..document
        },
        NotSaved::NotTried(NotTried::RefusedBefore { code, .. }) => {
            Document { code: Some(code.as_str()), ..document }
        }
        NotSaved::NotTried(NotTried::NotBefore { until }) => {
            Document { code: Some(domain::ErrorCode::Auth08.as_str()), not_before: Some(*until), ..document }
        }
        NotSaved::NotTried(NotTried::TooOften { until }) => Document { not_before: Some(*until), ..document },
        NotSaved::NotTried(NotTried::CallLimit) => {
            Document { code: Some(domain::ErrorCode::Lim01.as_str()), ..document }
        }
        _ => document,
    }
}

/// Why a row of several was not saved, as an answer lists it.
pub(crate) fn refused(refusal: NotSaved) -> Document {
    Problem::from(refusal).document()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match &self {
            Self::Database(error) => tracing::error!(%error, "a call failed"),
            Self::Broker(Some(error)) => tracing::error!(%error, "a call could not be passed on"),
            _ => {}
        }
        let (status, ..) = self.kind();
        let document = self.document();
        // Plain data always serializes to JSON.
        let body = serde_json::to_string(&document).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let _ = headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let _ = headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

/// How the document of the API describes them: any call may have one.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Described>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description("A problem, as RFC 9457 has it.")
            .content("application/problem+json", content)
            .build();
        std::collections::BTreeMap::from([("default".to_owned(), RefOr::T(response))])
    }
}
