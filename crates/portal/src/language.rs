//! The language of a request: the one chosen with the switch, else the browser's first choice that we support.

use advice::Language;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use axum_extra::extract::CookieJar;

/// The cookie set by the language switch.
pub(crate) const COOKIE: &str = "language";

pub(crate) fn of(headers: &HeaderMap) -> Language {
    let chosen = CookieJar::from_headers(headers).get(COOKIE).and_then(|cookie| cookie.value().parse().ok());
    chosen.or_else(|| accepted(headers)).unwrap_or(Language::English)
}

/// The browser's preferred language among those that we support.
pub(crate) fn accepted(headers: &HeaderMap) -> Option<Language> {
    let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Language)> = None;
    for choice in text.split(',') {
        let mut parts = choice.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
        let language = name.split('-').next().and_then(|name| name.parse().ok());
        // Of two equal weights, the first wins.
        if let Some(language) = language
            && weight > best.map_or(0.0, |(weight, _)| weight)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// The language, as an extractor for handlers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoken(pub Language);

impl<S: Sync> FromRequestParts<S> for Spoken {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(of(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn spoken(accepts: &str, cookie: Option<&str>) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accepts).expect("a header"));
        if let Some(cookie) = cookie {
            headers.insert(header::COOKIE, HeaderValue::from_str(cookie).expect("a header"));
        }
        of(&headers)
    }

    #[test]
    fn the_browsers_first_that_we_speak_counts_and_the_switch_more() {
        for (accepts, cookie, language) in [
            ("it-IT,it;q=0.9,en;q=0.8", None, Language::Italian),
            ("de,fr;q=0.9", None, Language::English),
            ("de,it;q=0.2", None, Language::Italian),
            ("it;q=0.5,en;q=0.7", None, Language::English),
            ("it;q=0", None, Language::English),
            ("en", Some("language=it"), Language::Italian),
            ("it", Some("language=xx"), Language::Italian),
            ("", None, Language::English),
        ] {
            assert_eq!(spoken(accepts, cookie), language, "{accepts} {cookie:?}");
        }
    }
}
