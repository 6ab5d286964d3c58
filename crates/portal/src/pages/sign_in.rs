//! Sign-in by an access token, and sign-out.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use domain::SecurityEventKind;
use jiff::SignedDuration;
use operations::acting::Kept;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use store::{
    StoreError,
    access::{
        Actor, Identity,
        attempts::{self, Attempt, Limit},
        security_events::SecurityEvent,
        sessions,
        tokens::{self, Brought},
    },
};
use vault::Token;

use crate::{
    Portal,
    addresses::percent_encoded,
    client_address::ClientAddress,
    failure::Failure,
    forms::{OpenForm, Posted},
    frame::Frame,
    language::Spoken,
    pages::{page, start::own_path},
    refusals::{self, NOBODY_KNOWN},
    session::{self, Arrival},
    words::{self, fill},
};

/// Failed sign-ins from one network. A person mistypes a few times; a program that guesses is stopped. Successful
/// sign-ins do not count: a whole office may share one address.
pub(super) const LIMIT: Limit = Limit { most: 10, within: SignedDuration::from_mins(1) };

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    words: &'static words::SignIn,
    next: String,
    mistake: Option<&'static str>,
    /// The identity provider, as another way to sign in.
    provider: Option<String>,
    /// The outcome of trying it.
    trouble: Option<String>,
    /// For a person who has just signed out here, but not at the provider.
    out: Option<Out>,
}

/// The message after sign-out.
struct Out {
    text: String,
    link: String,
}

/// The page to open after sign-in.
#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    pub(super) next: String,
}

/// The same, and whether the person has just signed out here while the provider still knows them.
#[derive(Deserialize)]
pub(crate) struct SignInQuery {
    #[serde(default)]
    next: String,
    #[serde(default)]
    out: bool,
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    Spoken(language): Spoken,
    Query(SignInQuery { next, out }): Query<SignInQuery>,
) -> Response {
    let mut shown = sign_in_page(&portal, language, &next);
    if let Some(provider) = portal.identity_provider.as_ref().filter(|_| out) {
        let name: &dyn std::fmt::Display = &provider.name();
        shown.out = Some(Out {
            text: fill(shown.words.out_here, &[("provider", name)]),
            link: fill(shown.words.out_there, &[("provider", name)]),
        });
    }
    page(&shown)
}

/// The page again, with the outcome of signing in at the provider.
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
        out: None,
    }
}

/// The form with the token.
#[derive(Deserialize)]
pub(crate) struct SignInForm {
    token: SecretString,
    #[serde(default)]
    next: String,
}

/// The outcome for a token.
enum Came {
    In(axum_extra::extract::cookie::Cookie<'static>),
    /// An unknown caller, with the event to record.
    Unknown(Actor, SecurityEvent),
    TooOften,
}

pub(crate) async fn sign_in(
    State(portal): State<Portal>,
    arrival: Arrival,
    Spoken(language): Spoken,
    jar: CookieJar,
    OpenForm(typed): OpenForm<SignInForm>,
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
    let (came, kept) = come_in(&portal, &arrival, Token::parse(text)).await?;
    kept.log();
    match came {
        Came::In(cookie) => Ok((jar.add(cookie), Redirect::to(own_path(&typed.next))).into_response()),
        Came::Unknown(by, event) => {
            refusals::keep(&portal, &by, event).await?;
            refused(StatusCode::UNPROCESSABLE_ENTITY, words.unknown)
        }
        Came::TooOften => {
            tracing::warn!(address = %arrival.address, "too many sign-ins from one address");
            refused(StatusCode::TOO_MANY_REQUESTS, words.too_often)
        }
    }
}

async fn come_in(
    portal: &Portal,
    arrival: &Arrival,
    token: Option<Token>,
) -> Result<(Came, Kept), StoreError> {
    let now = portal.operations.clock.now();
    let (subject, token) = (&failed_from(ClientAddress(arrival.address)), &token);
    portal
        .operations
        .store
        .transaction("sign_in", |tx| {
            Box::pin(async move {
                if let Attempt::NotBefore(_) = attempts::allowed(tx, subject, LIMIT, now).await? {
                    return Ok((Came::TooOften, Kept::NOTHING));
                }
                let brought = match token {
                    Some(token) => tokens::by_hash(tx, &token.hash(), now).await?,
                    None => Brought::Unknown,
                };
                let (reason, of) = match brought {
                    // The provider's tokens are for programs: they may not see any page.
                    Brought::Good(known) if known.role.may_see() => {
                        let identity = Identity::Token(known.token);
                        let partners = sessions::partners(tx, &identity, now).await?;
                        let begun =
                            session::begin(portal, tx, (&identity, &known.name, now), arrival, &partners);
                        let (cookie, kept) = begun.await?;
                        return Ok((Came::In(cookie), kept));
                    }
                    Brought::Good(known) => ("the provider's", Some(known)),
                    Brought::Over(known) => ("over", Some(known)),
                    Brought::Unknown => ("unknown", None),
                };
                attempts::count(tx, subject, now).await?;
                let event = SecurityEvent {
                    kind: SecurityEventKind::SignInRefused,
                    partner: of.as_ref().map(|known| known.partner.clone()),
                    object: of.as_ref().map_or_else(|| "token".to_owned(), |known| known.token.to_string()),
                    details: json!({ "reason": reason }),
                };
                let by = arrival.actor(of.as_ref().map_or(NOBODY_KNOWN, |known| &known.name));
                Ok::<_, StoreError>((Came::Unknown(by, event), Kept::NOTHING))
            })
        })
        .await
}

/// The key that counts a client's failed sign-ins, by token or by provider.
pub(super) fn failed_from(client: ClientAddress) -> String {
    format!("failed sign-in from {}", client.network())
}

/// An empty form.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

pub(crate) async fn sign_out(
    State(portal): State<Portal>,
    client: ClientAddress,
    jar: CookieJar,
    headers: HeaderMap,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Response, Failure> {
    let (gone, identity) = session::end(&portal, &headers, client.0).await?;
    let is_known_there = matches!(identity, Some(Identity::Person { .. }));
    let to = if is_known_there { "/sign-in?out=true" } else { "/sign-in" };
    Ok((jar.add(gone), Redirect::to(to)).into_response())
}
