//! A page that says one thing.

use askama::Template;
use axum::response::{IntoResponse, Response};

use crate::{
    failure::Failure,
    frame::Frame,
    pages::page,
    words::{self, fill},
};

/// A page that says why there is no other.
#[derive(Template)]
#[template(path = "plain.html")]
pub(crate) struct Plain {
    frame: Frame,
    title: &'static str,
    text: String,
    /// After how many seconds it tries again by itself.
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
                    &[("field", field), ("mend", &words::TextMistakes::of(frame.language).mend(error))],
                );
                return Self { title: words.bad_text, frame, text, again: None };
            }
            Failure::Unavailable(_) => (words.unavailable, words.unavailable_text, Some(5)),
        };
        Self { frame, title, text: text.to_owned(), again }
    }

    /// One that says this.
    pub fn saying(frame: Frame, title: &'static str, text: String) -> Self {
        Self { frame, title, text, again: None }
    }
}

impl IntoResponse for Plain {
    fn into_response(self) -> Response {
        page(&self)
    }
}
