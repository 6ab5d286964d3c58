//! File downloads.

use axum::{
    http::header,
    response::{IntoResponse as _, Response},
};

/// A CSV file as a download.
pub(crate) fn download(name: &str, sheet: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, sheet).into_response()
}
