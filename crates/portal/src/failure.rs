//! Why there is no page: told in the visitor's language, never with what is inside.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::TextError;
use store::StoreError;

/// Why there is no page.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// There is no such thing, or it is another partner's.
    #[error("there is no such page")]
    NotFound,
    /// Nobody is signed in; who signs in comes back to `next`.
    #[error("nobody is signed in")]
    NotSignedIn {
        /// The path and query that was asked for.
        next: String,
    },
    /// The role does not allow it.
    #[error("the role does not allow it")]
    Forbidden,
    /// It is not proven just before who it is.
    #[error("who it is was not proven just before")]
    Unconfirmed,
    /// A form that no page of ours has sent, or has sent to this session.
    #[error("a form that is none of ours: {0}")]
    Form(String),
    /// A form with more bytes than any page of ours sends.
    #[error("the form is too large: {0}")]
    TooLarge(String),
    /// A field of an address or a form with a text that no text may be.
    #[error("{0}: {1}")]
    Text(String, TextError),
    /// The database does not answer.
    #[error("the database: {0}")]
    Unavailable(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Failure {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotSignedIn { .. } => StatusCode::SEE_OTHER,
            Self::Forbidden | Self::Unconfirmed => StatusCode::FORBIDDEN,
            Self::Form(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Text(..) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        // `pages::plain` makes the page of it: here nobody knows in which language.
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
