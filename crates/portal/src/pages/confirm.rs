//! Confirms a person's identity again, before credentials, tokens or members are changed.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::SecurityEventKind;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::{
    StoreError,
    access::{
        Identity,
        attempts::{self, Attempt},
        tokens::{self, Brought},
    },
};
use vault::Token;

use crate::{
    Portal,
    addresses::percent_encoded,
    client_address::ClientAddress,
    failure::Failure,
    forms::Posted,
    frame::Frame,
    language::Spoken,
    pages::{
        page,
        sign_in::{LIMIT, Next, failed_from},
        start::own_path,
    },
    session::{self, Person},
    visit::Visit,
    words::{self, fill},
};

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    frame: Frame,
    words: &'static words::Confirm,
    next: String,
    /// The means of confirmation.
    by: Proof,
    mistake: Option<&'static str>,
    /// The outcome of asking the provider.
    trouble: Option<String>,
}

/// How a person confirms their identity.
enum Proof {
    /// With the token that they signed in with.
    Token,
    /// At the identity provider.
    Provider(String),
    /// The identity provider is no longer configured.
    Gone,
}

/// The notice that a person must confirm first.
pub(super) struct ConfirmNotice {
    pub text: &'static str,
    pub submit: &'static str,
    pub path: String,
}

impl ConfirmNotice {
    /// Before changes of members and tokens.
    pub fn of_access(visit: &Visit) -> Self {
        let words = words::Confirm::of(visit.language);
        Self { text: words.needed, submit: words.submit, path: path(&visit.here) }
    }

    /// Before changes of credentials.
    pub fn of_credentials(visit: &Visit) -> Self {
        let words = words::Confirm::of(visit.language);
        Self { text: words.needed_for_credentials, submit: words.submit, path: path(&visit.here) }
    }
}

fn path(next: &str) -> String {
    format!("/confirm?next={}", percent_encoded(next))
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    Spoken(language): Spoken,
    headers: HeaderMap,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Failure> {
    let person = signed_in(&portal, &headers, &next).await?;
    Ok(page(&confirm_page(&portal, language, &person, &next)))
}

async fn signed_in(portal: &Portal, headers: &HeaderMap, next: &str) -> Result<Person, Failure> {
    let person = session::find(portal, headers).await?;
    person.ok_or_else(|| Failure::NotSignedIn { next: own_path(next).to_owned() })
}

fn confirm_page(portal: &Portal, language: advice::Language, person: &Person, next: &str) -> Confirm {
    let (words, next) = (words::Confirm::of(language), own_path(next));
    let by = match (&person.identity, &portal.identity_provider) {
        (Identity::Token(_), _) => Proof::Token,
        (Identity::Person { issuer, .. }, Some(provider)) if provider.issuer() == issuer => {
            Proof::Provider(fill(words.with_provider, &[("provider", &provider.name())]))
        }
        (Identity::Person { .. }, _) => Proof::Gone,
    };
    let frame = Frame::around(language, path(next), Some(person));
    Confirm { frame, words, next: next.to_owned(), by, mistake: None, trouble: None }
}

/// The page again, with the outcome of asking the provider.
pub(super) fn in_trouble(
    portal: &Portal,
    language: advice::Language,
    person: &Person,
    next: &str,
    trouble: String,
) -> Response {
    page(&Confirm { trouble: Some(trouble), ..confirm_page(portal, language, person, next) })
}

/// The form with the token.
#[derive(Deserialize)]
pub(crate) struct ConfirmForm {
    token: SecretString,
    #[serde(default)]
    next: String,
}

/// The outcome for a token.
enum Came {
    Right,
    Another,
    TooOften,
}

/// Confirms with the token that the caller signed in with.
pub(crate) async fn confirm(
    State(portal): State<Portal>,
    client: ClientAddress,
    Spoken(language): Spoken,
    headers: HeaderMap,
    Posted(typed): Posted<ConfirmForm>,
) -> Result<Response, Failure> {
    let person = signed_in(&portal, &headers, &typed.next).await?;
    let words = words::Confirm::of(language);
    let refused = |status, mistake| {
        let again =
            Confirm { mistake: Some(mistake), ..confirm_page(&portal, language, &person, &typed.next) };
        Ok((status, page(&again)).into_response())
    };
    let text = typed.token.expose_secret().trim();
    if text.is_empty() {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, words.empty);
    }
    match prove(&portal, client, &person, Token::parse(text)).await? {
        Came::Right => Ok(Redirect::to(own_path(&typed.next)).into_response()),
        Came::Another => refused(StatusCode::UNPROCESSABLE_ENTITY, words.another),
        Came::TooOften => refused(StatusCode::TOO_MANY_REQUESTS, words.too_often),
    }
}

async fn prove(
    portal: &Portal,
    client: ClientAddress,
    person: &Person,
    token: Option<Token>,
) -> Result<Came, StoreError> {
    let now = portal.operations.clock.now();
    let (subject, token, actor) = (&failed_from(client), &token, &person.actor(client.0));
    let (came, kept) = portal
        .operations
        .store
        .transaction("confirm", |tx| {
            Box::pin(async move {
                let acting = portal.operations.by(actor);
                let refusal = || session::came(SecurityEventKind::ConfirmationRefused, &person.partners);
                if let Attempt::NotBefore(_) = attempts::allowed(tx, subject, LIMIT, now).await? {
                    return Ok((Came::TooOften, None));
                }
                let brought = match token {
                    Some(token) => tokens::by_hash(tx, &token.hash(), now).await?,
                    None => Brought::Unknown,
                };
                match brought {
                    Brought::Good(known) if person.identity == Identity::Token(known.token) => {
                        Ok((Came::Right, Some(session::confirm(portal, tx, person, client.0).await?)))
                    }
                    Brought::Good(_) | Brought::Over(_) | Brought::Unknown => {
                        attempts::count(tx, subject, now).await?;
                        Ok::<_, StoreError>((Came::Another, Some(acting.keep(tx, refusal()).await?)))
                    }
                }
            })
        })
        .await?;
    match kept {
        Some(kept) => kept.log(),
        None => tracing::warn!(address = %client.0, "too many sign-ins from one address"),
    }
    Ok(came)
}
