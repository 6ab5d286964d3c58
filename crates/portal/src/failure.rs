//! Why there is no page: told in the visitor's language, never with what is inside.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domain::TextError;
use store::StoreError;

use crate::{Portal, forms, frame::Frame, language, pages::plain::Plain, session};

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
    fn status(&self) -> StatusCode {
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
        // `told` makes the page of it: here nobody knows in which language.
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Makes pages of failures.
pub(crate) async fn told(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let language = language::of(request.headers());
    let headers = request.headers().clone();
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Failure>() else {
        return response;
    };
    if let Failure::NotSignedIn { next } = &failure {
        return Redirect::to(&format!("/sign-in?next={}", forms::percent_encoded(next))).into_response();
    }
    // Who is signed in is still shown so, unless the database is what is missing.
    let person = match &failure {
        Failure::Unavailable(reason) => {
            tracing::error!(reason, path = here, "a page could not be made");
            None
        }
        Failure::NotFound
        | Failure::NotSignedIn { .. }
        | Failure::Forbidden
        | Failure::Unconfirmed
        | Failure::Form(_)
        | Failure::TooLarge(_)
        | Failure::Text(..) => session::find(&portal, &headers).await.ok().flatten(),
    };
    let frame = Frame::around(language, here, person.as_ref());
    let page = Plain::of(&failure, frame);
    let mut response = (failure.status(), page).into_response();
    if matches!(failure, Failure::Unavailable(_)) {
        let _ = response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
    }
    response
}
