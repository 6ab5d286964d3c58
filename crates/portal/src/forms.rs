//! Posted forms. Each must come from a page of ours that was shown to this very session.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use domain::{MAX_NAME, MAX_NOTE, TextError, check_text, fit_text};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Portal, failure::Failure, session, session::Person};

/// A form from one of our pages. Its field `csrf` is checked and removed; `T` is the rest.
pub(crate) struct Posted<T>(pub T);

#[derive(Deserialize)]
struct Carried {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<Portal> for Posted<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Failure> {
        same_origin(request.headers())?;
        let person = session::find(portal, request.headers()).await?;
        let bytes = whole(request, portal).await?;
        let Carried { csrf } = read(&bytes)?;
        if !person.as_ref().is_some_and(|person: &Person| person.is_csrf(&csrf)) {
            return Err(Failure::Form("its token is not this session's".to_owned()));
        }
        Ok(Self(read(&bytes)?))
    }
}

/// A form posted without a session: only the browser says which site it comes from.
pub(crate) struct OpenForm<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Portal> for OpenForm<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, portal: &Portal) -> Result<Self, Failure> {
        same_origin(request.headers())?;
        let bytes = whole(request, portal).await?;
        Ok(Self(read(&bytes)?))
    }
}

async fn whole(request: Request, portal: &Portal) -> Result<Bytes, Failure> {
    Bytes::from_request(request, portal).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge(error.to_string()),
        _ => Failure::Form(error.to_string()),
    })
}

/// The maximum number of characters in a value. Texts that people type have limits of their own.
const MAX_VALUE: usize = 4_000;

/// Checks every value of a query or form against the one rule for texts.
pub(crate) fn check_texts(pairs: &[u8]) -> Result<(), (String, TextError)> {
    // The handler refuses what cannot be parsed at all.
    let pairs: Vec<(String, String)> = serde_html_form::from_bytes(pairs).unwrap_or_default();
    for (name, value) in pairs {
        let most = if name == "note" { MAX_NOTE } else { MAX_VALUE };
        check_text(&name, MAX_NAME).map_err(|error| (fit_text(&name, MAX_NAME), error))?;
        check_text(&value, most).map_err(|error| (name, error))?;
    }
    Ok(())
}

fn read<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Failure> {
    check_texts(bytes).map_err(|(field, error)| Failure::Text(field, error))?;
    serde_html_form::from_bytes(bytes).map_err(|error| Failure::Form(error.to_string()))
}

/// Refuses a request that, by the browser's headers, another site has sent. Without those headers the client is not
/// a browser that holds a cookie of ours.
pub(crate) fn same_origin(headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let foreign = match (text(header::HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => site != "same-origin" && site != "none",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_none() || host != text(header::HOST)
        }
        (None, None) => false,
    };
    if foreign { Err(Failure::Form("another site has sent it".to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn forms_of_other_sites_are_refused() {
        let allowed = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            same_origin(&headers.collect()).is_ok()
        };
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[("sec-fetch-site", "none")]));
        assert!(!allowed(&[("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://p.example"),
            ("host", "p.example")
        ]));
        assert!(allowed(&[("origin", "https://p.example"), ("host", "p.example")]));
        assert!(!allowed(&[("origin", "https://evil.example"), ("host", "p.example")]));
        assert!(!allowed(&[("origin", "null"), ("host", "p.example")]));
        assert!(allowed(&[]));
    }
}
