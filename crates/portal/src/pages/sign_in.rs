//! Signing in by an access token, and out.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::{
    StoreError,
    access::{
        attempts::{self, Attempt, Limit},
        sessions::Identity,
        tokens,
    },
};
use vault::Token;

use crate::{
    Portal,
    client_address::ClientAddress,
    failure::Failure,
    forms::{OpenForm, Posted, percent_encoded},
    frame::Frame,
    language::Spoken,
    pages::{page, start::own_path},
    session,
    words::{self, fill},
};

/// Failed sign-ins from one network. A person mistypes a few times; a program that guesses is stopped. Who comes in does not
/// count: an office may have one address.
pub(super) const LIMIT: Limit = Limit { most: 10, within: SignedDuration::from_mins(1) };

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    words: &'static words::SignIn,
    next: String,
    mistake: Option<&'static str>,
    /// By whom else somebody may be let in.
    provider: Option<String>,
    /// What came of trying that.
    trouble: Option<String>,
}

/// Where to go once signed in.
#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    pub(super) next: String,
}

/// The page.
pub(crate) async fn show(
    State(portal): State<Portal>,
    Spoken(language): Spoken,
    Query(Next { next }): Query<Next>,
) -> Response {
    page(&sign_in_page(&portal, language, &next))
}

/// The page again, with what came of trying the other way in.
pub(super) fn in_trouble(
    portal: &Portal,
    language: advice::Language,
    next: &str,
    trouble: String,
) -> Response {
    page(&SignIn { trouble: Some(trouble), ..sign_in_page(portal, language, next) })
}

fn sign_in_page(portal: &Portal, language: advice::Language, next: &str) -> SignIn {
    let (words, next) = (words::SignIn::of(language), own_path(next));
    let provider = portal.identity_provider.as_ref();
    SignIn {
        frame: Frame::around(language, format!("/sign-in?next={}", percent_encoded(next)), None),
        words,
        next: next.to_owned(),
        mistake: None,
        provider: provider.map(|provider| fill(words.with_provider, &[("provider", &provider.name())])),
        trouble: None,
    }
}

/// A typed token.
#[derive(Deserialize)]
pub(crate) struct Typed {
    token: SecretString,
    #[serde(default)]
    next: String,
}

/// What came of a token.
enum Came {
    In(axum_extra::extract::cookie::Cookie<'static>),
    Unknown,
    TooOften,
}

/// Signs in.
pub(crate) async fn sign_in(
    State(portal): State<Portal>,
    client: ClientAddress,
    Spoken(language): Spoken,
    jar: CookieJar,
    OpenForm(typed): OpenForm<Typed>,
) -> Result<Response, Failure> {
    let words = words::SignIn::of(language);
    let text = typed.token.expose_secret().trim();
    let refused = |status, mistake| {
        let again = SignIn { mistake: Some(mistake), ..sign_in_page(&portal, language, &typed.next) };
        Ok((status, page(&again)).into_response())
    };
    if text.is_empty() {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, words.empty);
    }
    let address = client.0;
    match come_in(&portal, client, Token::parse(text)).await? {
        Came::In(cookie) => Ok((jar.add(cookie), Redirect::to(own_path(&typed.next))).into_response()),
        Came::Unknown => {
            tracing::warn!(%address, "a sign-in with a token that lets nobody in");
            refused(StatusCode::UNPROCESSABLE_ENTITY, words.unknown)
        }
        Came::TooOften => {
            tracing::warn!(%address, "too many sign-ins from one address");
            refused(StatusCode::TOO_MANY_REQUESTS, words.too_often)
        }
    }
}

async fn come_in(portal: &Portal, client: ClientAddress, token: Option<Token>) -> Result<Came, StoreError> {
    let now = portal.operations.clock.now();
    let (whose, token) = (&failed_from(client), &token);
    portal
        .operations
        .store
        .transaction("sign_in", |tx| {
            Box::pin(async move {
                if let Attempt::NotBefore(_) = attempts::allowed(tx, whose, LIMIT, now).await? {
                    return Ok(Came::TooOften);
                }
                let known = match token {
                    Some(token) => tokens::by_hash(tx, &token.hash(), now).await?,
                    None => None,
                };
                // The provider's tokens are for programs: no page is theirs to see.
                let Some(known) = known.filter(|known| known.role.may_see()) else {
                    attempts::count(tx, whose, now).await?;
                    return Ok(Came::Unknown);
                };
                let identity = Identity::Token(known.token);
                session::begin(portal, tx, &identity, &known.name).await.map(Came::In)
            })
        })
        .await
}

/// What failed sign-ins of a client are counted by, whichever way they came.
pub(super) fn failed_from(client: ClientAddress) -> String {
    format!("failed sign-in from {}", client.network())
}

/// A form without anything in it.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// Signs out.
pub(crate) async fn sign_out(
    State(portal): State<Portal>,
    jar: CookieJar,
    headers: HeaderMap,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Response, Failure> {
    let gone = session::end(&portal, &headers).await?;
    Ok((jar.add(gone), Redirect::to("/sign-in")).into_response())
}
