//! Sign-in by the identity provider: to the provider and back.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use axum_extra::extract::{CookieJar, cookie::Cookie};
use domain::SecurityEventKind;
use jiff::{SignedDuration, Timestamp};
use operations::acting::Kept;
use serde::Deserialize;
use serde_json::json;
use store::{
    StoreError,
    access::{
        Identity,
        attempts::{self, Attempt, Limit},
        members, sessions,
    },
};

use crate::{
    Portal,
    client_address::ClientAddress,
    failure::Failure,
    frame::Frame,
    identity_provider::{IdentityProvider, Named, NobodyNamed, OLDEST_SIGN_IN},
    language::Spoken,
    pages::{
        confirm,
        plain::Plain,
        sign_in::{LIMIT, failed_from, in_trouble},
        start::own_path,
    },
    pending_sign_in::{self, PendingSignIn},
    refusals::{self, NOBODY_KNOWN},
    session::{self, Arrival, Person},
    words::{self, fill},
};

/// The query that begins a sign-in.
#[derive(Deserialize)]
pub(crate) struct Begin {
    #[serde(default)]
    next: String,
    /// Whether a signed-in person confirms their identity.
    #[serde(default)]
    confirm: bool,
}

/// Redirects to the provider.
pub(crate) async fn begin(
    State(portal): State<Portal>,
    client: ClientAddress,
    Spoken(language): Spoken,
    jar: CookieJar,
    Query(Begin { next, confirm }): Query<Begin>,
) -> Result<Response, Failure> {
    let (provider, words) = (provider(&portal)?, words::SignIn::of(language));
    let refused =
        |status, trouble| Ok((status, in_trouble(&portal, language, &next, trouble)).into_response());
    if !may_begin(&portal, client).await? {
        return refused(StatusCode::TOO_MANY_REQUESTS, words.too_often.to_owned());
    }
    let (entropy, now) = (&portal.operations.entropy, portal.operations.clock.now());
    let pending = PendingSignIn::begin(|bytes| entropy.fill(bytes), own_path(&next), confirm, now);
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

/// The parameters that a browser brings back.
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// The outcome.
enum Came {
    In(Cookie<'static>),
    NotCompleted,
    Unnamed(NobodyNamed),
    Unverified,
    /// The provider relied on a sign-in that is too old.
    NotFresh,
    /// No person is signed in whose identity could be confirmed.
    NobodyToConfirm,
    /// A different person than the signed-in one.
    AnotherPerson,
    /// The identity is confirmed.
    Confirmed,
    /// With the email address that the provider named.
    MemberOfNothing(String),
}

/// Handles the return from the provider.
pub(crate) async fn back(
    State(portal): State<Portal>,
    arrival: Arrival,
    headers: HeaderMap,
    Spoken(language): Spoken,
    jar: CookieJar,
    Query(answer): Query<Answer>,
) -> Result<Response, Failure> {
    let (provider, words) = (provider(&portal)?, words::SignIn::of(language));
    let plain_http = portal.settings.plain_http;
    let pending = PendingSignIn::of(&jar, plain_http, portal.operations.clock.now());
    // Another sign-in of this browser may be in progress: its cookie stays.
    let Some(pending) = pending.filter(|pending| pending.is_state(&answer.state)) else {
        let stale = in_trouble(&portal, language, "/", words.stale.to_owned());
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, stale).into_response());
    };
    let jar = jar.add(pending_sign_in::forgotten(plain_http));
    let person = if pending.confirms { session::find(&portal, &headers).await? } else { None };
    let refused = |status, trouble: &str| {
        let trouble = fill(trouble, &[("provider", &provider.name())]);
        let again = match &person {
            Some(person) => confirm::in_trouble(&portal, language, person, &pending.next, trouble),
            None => in_trouble(&portal, language, &pending.next, trouble),
        };
        Ok((status, jar.clone(), again).into_response())
    };
    let address = arrival.address;
    if !may_fail(&portal, ClientAddress(address)).await? {
        tracing::warn!(%address, "too many sign-ins from one address");
        return refused(StatusCode::TOO_MANY_REQUESTS, words.too_often);
    }
    let came = match answer.code.filter(|_| answer.error.is_none()) {
        None => Came::NotCompleted,
        Some(code) => match provider.named(&pending, code).await {
            Ok(named) if !is_fresh(&named, &pending, portal.operations.clock.now()) => Came::NotFresh,
            Ok(named) if pending.confirms => match &person {
                Some(person) => confirm_person(&portal, &named, person, &arrival).await?,
                None => Came::NobodyToConfirm,
            },
            Ok(named) => come_in(&portal, &named, &arrival).await?,
            Err(error) => Came::Unnamed(error),
        },
    };
    if let Some(reason) = came.refusal() {
        failed(&portal, &arrival, person.as_ref(), &came, reason).await?;
    }
    match came {
        Came::In(cookie) => Ok((jar.add(cookie), Redirect::to(own_path(&pending.next))).into_response()),
        Came::Confirmed => Ok((jar, Redirect::to(own_path(&pending.next))).into_response()),
        Came::NotFresh => refused(StatusCode::FORBIDDEN, words.not_fresh),
        Came::NobodyToConfirm => refused(StatusCode::FORBIDDEN, words.stale),
        Came::AnotherPerson => refused(StatusCode::FORBIDDEN, words.another_person),
        Came::NotCompleted => refused(StatusCode::UNPROCESSABLE_ENTITY, words.not_completed),
        Came::Unnamed(error) => {
            tracing::error!(%address, %error, "a sign-in failed");
            refused(StatusCode::BAD_GATEWAY, words.provider_failed)
        }
        Came::Unverified => refused(StatusCode::FORBIDDEN, words.unverified),
        Came::MemberOfNothing(email) => {
            let text = fill(words.no_member_text, &[("provider", &provider.name()), ("email", &email)]);
            let frame = Frame::around(language, "/sign-in".to_owned(), None);
            Ok((StatusCode::FORBIDDEN, jar, Plain::saying(frame, words.no_member, text)).into_response())
        }
    }
}

/// The allowed clock skew.
const SKEW: SignedDuration = SignedDuration::from_mins(1);

/// Whether the provider authenticated the person recently enough. Some providers never say when they did: their
/// people can sign in, but not confirm their identity.
fn is_fresh(named: &Named, pending: &PendingSignIn, now: Timestamp) -> bool {
    let oldest = if pending.confirms {
        pending.begun_at()
    } else {
        let age = SignedDuration::try_from(OLDEST_SIGN_IN).unwrap_or_default();
        now.saturating_sub(age).unwrap_or(Timestamp::MIN)
    };
    let oldest = oldest.saturating_sub(SKEW).unwrap_or(Timestamp::MIN);
    named.asked_at.map_or(!pending.confirms, |at| at >= oldest)
}

impl Came {
    /// The reason of a refusal, as recorded.
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::In(_) | Self::Confirmed => None,
            Self::NotCompleted => Some("not completed at the provider"),
            Self::Unnamed(_) => Some("the provider named nobody"),
            Self::Unverified => Some("the address is not verified"),
            Self::NotFresh => Some("the sign-in at the provider is too old"),
            Self::NobodyToConfirm => Some("nobody is signed in"),
            Self::AnotherPerson => Some("another person than who is signed in"),
            Self::MemberOfNothing(_) => Some("a member of nothing"),
        }
    }
}

/// Redirects to the provider's sign-out.
pub(crate) async fn sign_out(
    State(portal): State<Portal>,
    client: ClientAddress,
    Spoken(language): Spoken,
) -> Result<Response, Failure> {
    let (provider, words) = (provider(&portal)?, words::SignIn::of(language));
    let trouble = |status, text: &str| {
        let text = fill(text, &[("provider", &provider.name())]);
        Ok((status, in_trouble(&portal, language, "/", text)).into_response())
    };
    if !may_begin(&portal, client).await? {
        return trouble(StatusCode::TOO_MANY_REQUESTS, words.too_often);
    }
    match provider.signs_out_at().await {
        Ok(Some(url)) => Ok(Redirect::to(url.as_str()).into_response()),
        Ok(None) => trouble(StatusCode::OK, words.out_unknown),
        Err(error) => {
            tracing::error!(%error, "a sign-out at the provider could not begin");
            trouble(StatusCode::BAD_GATEWAY, words.out_unknown)
        }
    }
}

/// Without a configured provider these paths are not found.
fn provider(portal: &Portal) -> Result<Arc<IdentityProvider>, Failure> {
    portal.identity_provider.clone().ok_or(Failure::NotFound)
}

/// Each start asks the provider; a whole office may start its day within a minute.
const BEGINNINGS: Limit = Limit { most: 100, within: LIMIT.within };

async fn may_begin(portal: &Portal, client: ClientAddress) -> Result<bool, StoreError> {
    let (store, now) = (&portal.operations.store, portal.operations.clock.now());
    let subject = &format!("sign-in begun from {}", client.network());
    let attempt =
        store.transaction("begin_sign_in", |tx| Box::pin(attempts::attempt(tx, subject, BEGINNINGS, now)));
    Ok(attempt.await? == Attempt::Allowed)
}

async fn may_fail(portal: &Portal, client: ClientAddress) -> Result<bool, StoreError> {
    let (store, now, subject) =
        (&portal.operations.store, portal.operations.clock.now(), &failed_from(client));
    let attempt =
        store.transaction("sign_in_allowed", |tx| Box::pin(attempts::allowed(tx, subject, LIMIT, now)));
    Ok(attempt.await? == Attempt::Allowed)
}

/// Counts a failure and records it.
async fn failed(
    portal: &Portal,
    arrival: &Arrival,
    person: Option<&Person>,
    came: &Came,
    reason: &str,
) -> Result<(), StoreError> {
    let (store, now) = (&portal.operations.store, portal.operations.clock.now());
    let subject = &failed_from(ClientAddress(arrival.address));
    let by = &person.map_or_else(
        || arrival.actor(if let Came::MemberOfNothing(email) = came { email } else { NOBODY_KNOWN }),
        |person| person.actor(arrival.address),
    );
    let mut event = match person {
        Some(person) => session::came(SecurityEventKind::ConfirmationRefused, &person.partners),
        None => session::came(SecurityEventKind::SignInRefused, &[]),
    };
    event.details = json!({ "reason": reason });
    store.transaction("sign_in_failed", |tx| Box::pin(attempts::count(tx, subject, now))).await?;
    refusals::keep(portal, by, event).await
}

/// Confirms that the signed-in person is the one that the provider has now named.
async fn confirm_person(
    portal: &Portal,
    named: &Named,
    person: &Person,
    arrival: &Arrival,
) -> Result<Came, StoreError> {
    let Named { issuer, subject, .. } = named;
    let identity = Identity::Person { issuer: issuer.clone(), subject: subject.clone() };
    if person.identity != identity {
        return Ok(Came::AnotherPerson);
    }
    let kept = portal
        .operations
        .store
        .transaction("confirm_person", |tx| Box::pin(session::confirm(portal, tx, person, arrival.address)))
        .await?;
    kept.log();
    Ok(Came::Confirmed)
}

/// Signs in a person who is a member of any partner: by a verified email address, or because this very person was
/// here before, whatever has become of the address.
async fn come_in(portal: &Portal, named: &Named, arrival: &Arrival) -> Result<Came, StoreError> {
    let Named { issuer, subject, verified_email, asked_at } = named;
    // The provider may have let in a known browser without asking the person anything.
    let confirmed_at = asked_at.unwrap_or(Timestamp::UNIX_EPOCH);
    let identity = &Identity::Person { issuer: issuer.clone(), subject: subject.clone() };
    let now = portal.operations.clock.now();
    let (came, kept) = portal
        .operations
        .store
        .transaction("sign_in_person", |tx| {
            Box::pin(async move {
                if let Some(email) = verified_email {
                    members::arrived(tx, issuer, subject, email).await?;
                }
                let partners = sessions::partners(tx, identity, now).await?;
                if partners.is_empty() {
                    let came = verified_email.clone().map_or(Came::Unverified, Came::MemberOfNothing);
                    return Ok((came, Kept::NOTHING));
                }
                // An unverified address must not serve as a name: it may be another person's.
                let name = verified_email.as_ref().unwrap_or(subject);
                let (cookie, kept) =
                    session::begin(portal, tx, (identity, name, confirmed_at), arrival, &partners).await?;
                Ok::<_, StoreError>((Came::In(cookie), kept))
            })
        })
        .await?;
    kept.log();
    Ok(came)
}
