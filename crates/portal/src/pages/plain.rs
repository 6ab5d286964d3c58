//! A page with a single message.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    Portal,
    addresses::percent_encoded,
    failure::Failure,
    frame::Frame,
    language,
    pages::page,
    session,
    words::{self, fill},
};

/// A page that says why the requested page cannot be shown.
#[derive(Template)]
#[template(path = "plain.html")]
pub(crate) struct Plain {
    frame: Frame,
    title: &'static str,
    text: String,
    /// The page reloads after this many seconds.
    again: Option<u32>,
}

impl Plain {
    /// The page of a failure.
    pub fn of(failure: &Failure, frame: Frame) -> Self {
        let words = frame.words;
        let (title, text, again) = match failure {
            Failure::NotFound | Failure::NotSignedIn { .. } => (words.not_found, words.not_found_text, None),
            Failure::Forbidden => (words.forbidden, words.forbidden_text, None),
            Failure::Unconfirmed => (words.unconfirmed, words.unconfirmed_text, None),
            Failure::Form(_) => (words.bad_request, words.bad_request_text, None),
            Failure::TooLarge(_) => (words.too_large, words.too_large_text, None),
            Failure::Text(field, error) => {
                let text = fill(
                    words.bad_text_field,
                    &[("field", field), ("fix", &words::TextMistakes::of(frame.language).fix(error))],
                );
                return Self { title: words.bad_text, frame, text, again: None };
            }
            Failure::Unavailable(_) => (words.unavailable, words.unavailable_text, Some(5)),
        };
        Self { frame, title, text: text.to_owned(), again }
    }

    /// A page with this message.
    pub fn saying(frame: Frame, title: &'static str, text: String) -> Self {
        Self { frame, title, text, again: None }
    }
}

impl IntoResponse for Plain {
    fn into_response(self) -> Response {
        page(&self)
    }
}

/// Turns failures into pages.
pub(crate) async fn failure_pages(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let language = language::of(request.headers());
    let headers = request.headers().clone();
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Failure>() else {
        return response;
    };
    if let Failure::NotSignedIn { next } = &failure {
        return Redirect::to(&format!("/sign-in?next={}", percent_encoded(next))).into_response();
    }
    // The page still shows the signed-in person, unless the database is what failed.
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
