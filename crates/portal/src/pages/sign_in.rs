//! Signing in by an access token, and out.

use std::net::{IpAddr, SocketAddr};

use askama::Template;
use axum::{
    extract::{ConnectInfo, Query, State},
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
    failure::Failure,
    forms::{OpenForm, Posted, percent_encoded},
    frame::Frame,
    language::Spoken,
    pages::{page, start::own_path},
    session,
    words::{self, fill},
};

/// A person mistypes a few times; a program that guesses is stopped.
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
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Spoken(language): Spoken,
    jar: CookieJar,
    headers: HeaderMap,
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
    let address = client(&headers, peer.ip(), portal.settings.proxies);
    match come_in(&portal, address, Token::parse(text)).await? {
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

async fn come_in(portal: &Portal, address: IpAddr, token: Option<Token>) -> Result<Came, StoreError> {
    let now = portal.operations.clock.now();
    let (whose, token) = (&format!("sign-in from {address}"), &token);
    portal
        .operations
        .store
        .transaction("sign_in", |tx| {
            Box::pin(async move {
                if let Attempt::NotBefore(_) = attempts::attempt(tx, whose, LIMIT, now).await? {
                    return Ok(Came::TooOften);
                }
                let Some(token) = token else { return Ok(Came::Unknown) };
                match tokens::by_hash(tx, &token.hash(), now).await? {
                    Some(known) => {
                        let identity = Identity::Token(known.token);
                        session::begin(portal, tx, &identity, &known.name).await.map(Came::In)
                    }
                    None => Ok(Came::Unknown),
                }
            })
        })
        .await
}

/// Who asks: the peer, or where that is one of our own proxies, whom the outermost of them saw.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, proxies: usize) -> IpAddr {
    let Some(before) = proxies.checked_sub(1) else { return peer };
    let seen = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let seen: Vec<&str> = seen.flat_map(|value| value.split(',')).map(str::trim).collect();
    // What stands before the addresses that our own proxies have added, anybody may have made up.
    let ours = seen.iter().rev().nth(before);
    ours.and_then(|address| address.parse().ok()).unwrap_or(peer)
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

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn who_asks_is_whom_our_own_proxies_saw() {
        let peer: IpAddr = [10, 0, 0, 1].into();
        let told = |forwarded: &'static str, proxies| {
            let mut headers = HeaderMap::new();
            let _ = headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            client(&headers, peer, proxies).to_string()
        };
        assert_eq!(told("1.1.1.1, 2.2.2.2", 0), "10.0.0.1");
        assert_eq!(told("1.1.1.1, 2.2.2.2", 1), "2.2.2.2");
        assert_eq!(told("9.9.9.9, 1.1.1.1, 2.2.2.2", 2), "1.1.1.1");
        assert_eq!(told("made up", 1), "10.0.0.1");
        assert_eq!(told("1.1.1.1", 2), "10.0.0.1");
    }
}
