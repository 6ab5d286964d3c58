//! Why a page cannot be shown. The text is in the visitor's language and reveals no internals.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::TextError;
use store::StoreError;

/// Why a page cannot be shown.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// Not found, or another partner's.
    #[error("there is no such page")]
    NotFound,
    /// The visitor is not signed in; sign-in leads back to `next`.
    #[error("nobody is signed in")]
    NotSignedIn {
        /// The path and query of the request.
        next: String,
    },
    /// The role does not allow it.
    #[error("the role does not allow it")]
    Forbidden,
    /// The visitor has not confirmed their identity recently.
    #[error("who it is was not proven just before")]
    Unconfirmed,
    /// A form that none of our pages sent, or that was sent to another session.
    #[error("a form that is none of ours: {0}")]
    Form(String),
    /// A form larger than any of our pages sends.
    #[error("the form is too large: {0}")]
    TooLarge(String),
    /// A field of a URL or a form with an invalid text.
    #[error("{0}: {1}")]
    Text(String, TextError),
    /// The database does not respond.
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
        // `pages::plain` turns it into a page: the language is not known here.
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
