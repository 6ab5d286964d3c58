//! The start page, and the language switch.

use askama::Template;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use serde::Deserialize;

use crate::{
    Portal,
    addresses::partner_path,
    failure::Failure,
    forms::OpenForm,
    frame::Frame,
    language::{self, Spoken},
    pages::page,
    session, words,
};

#[derive(Template)]
#[template(path = "choose.html")]
struct Choose {
    frame: Frame,
    words: &'static words::SignIn,
    partners: Vec<(String, String)>,
}

/// Redirects to the partner's first page; a person with several partners chooses one.
pub(crate) async fn show(
    State(portal): State<Portal>,
    Spoken(language): Spoken,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let person = session::find(&portal, &headers).await?;
    let person = person.ok_or_else(|| Failure::NotSignedIn { next: "/".to_owned() })?;
    if let [only] = &*person.partners {
        return Ok(Redirect::to(&partner_path(&only.partner, "")).into_response());
    }
    let partners = person.partners.iter();
    let partners = partners.map(|access| (partner_path(&access.partner, ""), access.name.clone())).collect();
    let frame = Frame::around(language, "/".to_owned(), Some(&person));
    Ok(page(&Choose { frame, words: words::SignIn::of(language), partners }))
}

/// The posted language.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    language: String,
    back: String,
}

/// Remembers the language and redirects back.
pub(crate) async fn speak(
    State(portal): State<Portal>,
    jar: CookieJar,
    OpenForm(chosen): OpenForm<Chosen>,
) -> Result<Response, Failure> {
    let language: advice::Language =
        chosen.language.parse().map_err(|error: advice::UnknownLanguage| Failure::Form(error.to_string()))?;
    let cookie = Cookie::build((language::COOKIE, language.as_str()))
        .path("/")
        .permanent()
        .http_only(true)
        .secure(!portal.settings.plain_http)
        .same_site(SameSite::Lax)
        .build();
    Ok((jar.add(cookie), Redirect::to(own_path(&chosen.back))).into_response())
}

/// A path of ours; anything else becomes the start page.
pub(crate) fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
    if is_own { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_led_elsewhere() {
        for (path, own) in [
            ("/partners/msp?x=1", "/partners/msp?x=1"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("", "/"),
            ("/\t/evil.example", "/"),
        ] {
            assert_eq!(own_path(path), own, "{path}");
        }
    }
}
