//! Signing in by the identity provider: there, and back.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::{CookieJar, cookie::Cookie};
use serde::Deserialize;
use store::{
    StoreError,
    access::{
        attempts::{self, Attempt, Limit},
        members,
        sessions::{self, Identity},
    },
};

use crate::{
    Portal,
    client_address::ClientAddress,
    failure::Failure,
    frame::Frame,
    identity_provider::{IdentityProvider, Named, NobodyNamed},
    language::Spoken,
    pages::{
        plain::Plain,
        sign_in::{LIMIT, Next, failed_from, in_trouble},
        start::own_path,
    },
    pending_sign_in::{self, PendingSignIn},
    session,
    words::{self, fill},
};

/// Leads to the provider.
pub(crate) async fn begin(
    State(portal): State<Portal>,
    client: ClientAddress,
    Spoken(language): Spoken,
    jar: CookieJar,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Failure> {
    let (provider, words) = (provider(&portal)?, words::SignIn::of(language));
    let refused =
        |status, trouble| Ok((status, in_trouble(&portal, language, &next, trouble)).into_response());
    if !may_begin(&portal, client).await? {
        return refused(StatusCode::TOO_MANY_REQUESTS, words.too_often.to_owned());
    }
    let (entropy, now) = (&portal.operations.entropy, portal.operations.clock.now());
    let pending = PendingSignIn::begin(|bytes| entropy.fill(bytes), own_path(&next), now);
    match provider.asks_at(&pending).await {
        Ok(url) => {
            let jar = jar.add(pending.cookie(portal.settings.plain_http));
            Ok((jar, Redirect::to(url.as_str())).into_response())
        }
        Err(error) => {
            tracing::error!(%error, "a sign-in could not begin");
            let failed = fill(words.provider_failed, &[("provider", &provider.name())]);
            refused(StatusCode::BAD_GATEWAY, failed)
        }
    }
}

/// What a browser brings back.
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// What came of it.
enum Came {
    In(Cookie<'static>),
    NotCompleted,
    Unnamed(NobodyNamed),
    Unverified,
    /// With the address that the provider has named.
    MemberOfNothing(String),
}

/// Comes back from the provider.
pub(crate) async fn back(
    State(portal): State<Portal>,
    client: ClientAddress,
    Spoken(language): Spoken,
    jar: CookieJar,
    Query(answer): Query<Answer>,
) -> Result<Response, Failure> {
    let (provider, words) = (provider(&portal)?, words::SignIn::of(language));
    let plain_http = portal.settings.plain_http;
    let pending = PendingSignIn::of(&jar, plain_http, portal.operations.clock.now());
    // Another sign-in of this browser may be going on: its cookie stays.
    let Some(pending) = pending.filter(|pending| pending.is_state(&answer.state)) else {
        let stale = in_trouble(&portal, language, "/", words.stale.to_owned());
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, stale).into_response());
    };
    let jar = jar.add(pending_sign_in::forgotten(plain_http));
    let refused = |status, trouble: &str| {
        let trouble = fill(trouble, &[("provider", &provider.name())]);
        Ok((status, jar.clone(), in_trouble(&portal, language, &pending.next, trouble)).into_response())
    };
    let address = client.0;
    if !may_fail(&portal, client).await? {
        tracing::warn!(%address, "too many sign-ins from one address");
        return refused(StatusCode::TOO_MANY_REQUESTS, words.too_often);
    }
    let came = match answer.code.filter(|_| answer.error.is_none()) {
        None => Came::NotCompleted,
        Some(code) => match provider.named(&pending, code).await {
            Ok(named) => come_in(&portal, &named).await?,
            Err(error) => Came::Unnamed(error),
        },
    };
    if !matches!(came, Came::In(_)) {
        failed(&portal, client).await?;
    }
    match came {
        Came::In(cookie) => Ok((jar.add(cookie), Redirect::to(own_path(&pending.next))).into_response()),
        Came::NotCompleted => {
            tracing::warn!(%address, error = answer.error, "a sign-in was not completed at the provider");
            refused(StatusCode::UNPROCESSABLE_ENTITY, words.not_completed)
        }
        Came::Unnamed(error) => {
            tracing::error!(%address, %error, "a sign-in failed");
            refused(StatusCode::BAD_GATEWAY, words.provider_failed)
        }
        Came::Unverified => {
            tracing::warn!(%address, "a sign-in of a person whose address is not verified");
            refused(StatusCode::FORBIDDEN, words.unverified)
        }
        Came::MemberOfNothing(email) => {
            tracing::warn!(%address, "a sign-in of a person who is a member of nothing");
            let text = fill(words.no_member_text, &[("provider", &provider.name()), ("email", &email)]);
            let frame = Frame::around(language, "/sign-in".to_owned(), None);
            Ok((StatusCode::FORBIDDEN, jar, Plain::saying(frame, words.no_member, text)).into_response())
        }
    }
}

/// Where none is configured, these addresses are none.
fn provider(portal: &Portal) -> Result<Arc<IdentityProvider>, Failure> {
    portal.identity_provider.clone().ok_or(Failure::NotFound)
}

/// Each beginning asks the provider; a whole office may begin its day within a minute.
const BEGINNINGS: Limit = Limit { most: 100, within: LIMIT.within };

async fn may_begin(portal: &Portal, client: ClientAddress) -> Result<bool, StoreError> {
    let (store, now) = (&portal.operations.store, portal.operations.clock.now());
    let whose = &format!("sign-in begun from {}", client.network());
    let attempt =
        store.transaction("begin_sign_in", |tx| Box::pin(attempts::attempt(tx, whose, BEGINNINGS, now)));
    Ok(attempt.await? == Attempt::Allowed)
}

async fn may_fail(portal: &Portal, client: ClientAddress) -> Result<bool, StoreError> {
    let (store, now, whose) = (&portal.operations.store, portal.operations.clock.now(), &failed_from(client));
    let attempt =
        store.transaction("sign_in_allowed", |tx| Box::pin(attempts::allowed(tx, whose, LIMIT, now)));
    Ok(attempt.await? == Attempt::Allowed)
}

async fn failed(portal: &Portal, client: ClientAddress) -> Result<(), StoreError> {
    let (store, now, whose) = (&portal.operations.store, portal.operations.clock.now(), &failed_from(client));
    store.transaction("sign_in_failed", |tx| Box::pin(attempts::count(tx, whose, now))).await
}

/// Lets in whoever is a member of something: by an address that is verified, or because this very person was here before,
/// whatever has become of the address.
async fn come_in(portal: &Portal, named: &Named) -> Result<Came, StoreError> {
    let Named { issuer, subject, verified_email } = named;
    let identity = &Identity::Person { issuer: issuer.clone(), subject: subject.clone() };
    portal
        .operations
        .store
        .transaction("sign_in_person", |tx| {
            Box::pin(async move {
                if let Some(email) = verified_email {
                    members::arrived(tx, issuer, subject, email).await?;
                }
                if sessions::partners(tx, identity).await?.is_empty() {
                    return Ok(verified_email.clone().map_or(Came::Unverified, Came::MemberOfNothing));
                }
                // An address that nobody has verified is no name: it may be another person's.
                let name = verified_email.as_ref().unwrap_or(subject);
                session::begin(portal, tx, identity, name).await.map(Came::In)
            })
        })
        .await
}
