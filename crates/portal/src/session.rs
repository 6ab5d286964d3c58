//! Sessions: a random token in a cookie, of which only the hash is stored.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use domain::{MAX_NAME, PartnerId, SecurityEventKind, fit_text};
use jiff::{SignedDuration, Timestamp};
use operations::acting::Kept;
use serde_json::json;
use store::{
    StoreError, Transaction,
    access::{
        Access, Actor, Identity,
        security_events::SecurityEvent,
        sessions::{self, NewSession, Oldest, Session},
    },
};
use tracing::Span;
use vault::Token;

use crate::Portal;

/// A session expires after this time without use.
const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// A session expires after this time in any case.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A person who confirmed their identity longer ago than this must confirm it again to see the forms for
/// credentials, tokens and members.
const PROOF_TO_SEE: SignedDuration = SignedDuration::from_mins(15);
/// The time limit to submit such a form, counted from the confirmation.
const PROOF_TO_SEND: SignedDuration = SignedDuration::from_mins(60);

/// A person who arrives: from which address, with which browser.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub address: IpAddr,
    /// The user agent.
    browser: Option<String>,
    /// The session that the browser already holds.
    before: Option<[u8; 32]>,
}

impl Arrival {
    /// The arrival of a request from this address.
    pub fn of(portal: &Portal, address: IpAddr, headers: &HeaderMap) -> Self {
        let browser = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let before = token(portal, headers).map(|token| token.hash());
        Self { address, browser: browser.map(|agent| fit_text(agent, MAX_NAME)), before }
    }

    /// An actor without an identity: only the given name and the address are known.
    pub fn actor(&self, name: &str) -> Actor {
        actor(name.to_owned(), None, self.address)
    }
}

/// The actor of the current request.
pub(crate) fn actor(name: String, identity: Option<Identity>, address: IpAddr) -> Actor {
    Actor { name, identity, address: Some(address), trace_id: runtime::trace::trace_id(&Span::current()) }
}

/// A signed-in person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// As pages show it, and as changes name it.
    pub name: String,
    /// The token or the person at the provider that signed in.
    pub identity: Identity,
    /// When the person last confirmed their identity.
    confirmed_at: Timestamp,
    /// The partners that the person may see, sorted by name.
    pub partners: Vec<Access>,
    /// The CSRF token of this page's forms.
    csrf: String,
    token: Token,
}

impl Person {
    /// The CSRF token of this page's forms.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The session's hash, to count its open streams.
    pub fn session(&self) -> [u8; 32] {
        self.token.hash()
    }

    /// Whether the confirmation is recent enough to see the forms for credentials, tokens and members.
    pub fn may_see_keys(&self, now: Timestamp) -> bool {
        now.duration_since(self.confirmed_at) <= PROOF_TO_SEE
    }

    /// The same for submitting a form that was filled in since.
    pub fn may_send_keys(&self, now: Timestamp) -> bool {
        now.duration_since(self.confirmed_at) <= PROOF_TO_SEND
    }

    /// The person as an actor from this address.
    pub fn actor(&self, address: IpAddr) -> Actor {
        actor(self.name.clone(), Some(self.identity.clone()), address)
    }

    /// Whether a form belongs to this session.
    pub fn is_csrf(&self, text: &str) -> bool {
        self.token.is_csrf(text)
    }
}

fn token(portal: &Portal, headers: &HeaderMap) -> Option<Token> {
    Token::parse(CookieJar::from_headers(headers).get(cookie_name(portal))?.value())
}

/// The caller; `None` if not signed in, or no longer.
pub(crate) async fn find(portal: &Portal, headers: &HeaderMap) -> Result<Option<Person>, StoreError> {
    let Some(token) = token(portal, headers) else { return Ok(None) };
    let now = portal.operations.clock.now();
    let hash = &token.hash();
    let found = portal
        .operations
        .store
        .transaction("find_session", |tx| {
            Box::pin(async move {
                let Some(session) = sessions::find(tx, hash, oldest(now)).await? else { return Ok(None) };
                sessions::seen(tx, hash, now).await?;
                let partners = sessions::partners(tx, &session.identity, now).await?;
                Ok::<_, StoreError>(Some((session, partners)))
            })
        })
        .await?;
    // A revoked token, or a person without any membership, is not signed in.
    Ok(found.filter(|(_, partners)| !partners.is_empty()).map(|(session, partners)| Person {
        name: session.name,
        identity: session.identity,
        confirmed_at: session.confirmed_at,
        partners,
        csrf: token.csrf(|bytes| portal.operations.entropy.fill(bytes)),
        token,
    }))
}

/// Whether a person is still signed in and may still see a partner. The check does not extend the session.
pub(crate) async fn lasts(portal: &Portal, person: &Person, partner: &PartnerId) -> Result<bool, StoreError> {
    let (hash, now) = (&person.token.hash(), portal.operations.clock.now());
    portal
        .operations
        .store
        .transaction("session_lasts", |tx| {
            Box::pin(async move {
                let Some(session) = sessions::find(tx, hash, oldest(now)).await? else { return Ok(false) };
                let partners = sessions::partners(tx, &session.identity, now).await?;
                Ok(partners.iter().any(|access| access.partner == *partner))
            })
        })
        .await
}

fn oldest(now: Timestamp) -> Oldest {
    let before = |past| now.saturating_sub(past).unwrap_or(Timestamp::MIN);
    Oldest { created: before(LONGEST), seen: before(IDLE) }
}

/// All active sessions of a person, the newest first.
pub(crate) async fn all_of(portal: &Portal, person: &Person) -> Result<Vec<Session>, StoreError> {
    let (identity, oldest) = (&person.identity, oldest(portal.operations.clock.now()));
    let store = &portal.operations.store;
    store.transaction("list_sessions", |tx| Box::pin(sessions::list(tx, identity, oldest))).await
}

/// Signs a person in and returns the cookie. The browser's previous session ends.
pub(crate) async fn begin(
    portal: &Portal,
    tx: &Transaction<'_>,
    (identity, name, confirmed_at): (&Identity, &str, Timestamp),
    arrival: &Arrival,
    partners: &[Access],
) -> Result<(Cookie<'static>, Kept), StoreError> {
    let token = Token::generate(|bytes| portal.operations.entropy.fill(bytes));
    let (hash, address, browser) = (&token.hash(), arrival.address, arrival.browser.as_deref());
    let new = NewSession { hash, identity, name, address, browser, confirmed_at };
    let now = portal.operations.clock.now();
    if let Some(before) = &arrival.before {
        sessions::end(tx, before, now).await?;
    }
    sessions::create(tx, &new, now).await?;
    let by = actor(name.to_owned(), Some(identity.clone()), address);
    let kept = portal.operations.by(&by).keep(tx, came(SecurityEventKind::SignedIn, partners)).await?;
    Ok((cookie(portal, token.expose_secret().to_owned()), kept))
}

/// The session's person has confirmed their identity.
pub(crate) async fn confirm(
    portal: &Portal,
    tx: &Transaction<'_>,
    person: &Person,
    address: IpAddr,
) -> Result<Kept, StoreError> {
    if !sessions::confirm(tx, &person.session(), portal.operations.clock.now()).await? {
        return Ok(Kept::NOTHING);
    }
    let by = &person.actor(address);
    portal.operations.by(by).keep(tx, came(SecurityEventKind::Confirmed, &person.partners)).await
}

/// An event of a sign-in or sign-out. It belongs to a partner only if the person sees just one.
pub(crate) fn came(kind: SecurityEventKind, partners: &[Access]) -> SecurityEvent {
    let partner = if let [only] = partners { Some(only.partner.clone()) } else { None };
    SecurityEvent { kind, partner, object: "session".to_owned(), details: json!({}) }
}

/// Signs the caller out, and returns who it was. It is no error if the caller was not signed in.
pub(crate) async fn end(
    portal: &Portal,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<(Cookie<'static>, Option<Identity>), StoreError> {
    let mut gone = cookie(portal, String::new());
    gone.make_removal();
    let Some(person) = find(portal, headers).await? else { return Ok((gone, None)) };
    let (hash, now) = (&person.session(), portal.operations.clock.now());
    let (by, partners) = (&person.actor(address), &person.partners);
    let kept = portal
        .operations
        .store
        .transaction("end_session", |tx| {
            Box::pin(async move {
                sessions::end(tx, hash, now).await?;
                portal.operations.by(by).keep(tx, came(SecurityEventKind::SignedOut, partners)).await
            })
        })
        .await?;
    kept.log();
    Ok((gone, Some(person.identity)))
}

/// A `__Host-` cookie is bound to this host, and is sent over TLS only.
fn cookie_name(portal: &Portal) -> &'static str {
    if portal.settings.plain_http { "session" } else { "__Host-session" }
}

fn cookie(portal: &Portal, value: String) -> Cookie<'static> {
    // Lax: a link in an email opens signed in; `forms` refuses other sites' forms.
    Cookie::build((cookie_name(portal), value))
        .path("/")
        .http_only(true)
        .secure(!portal.settings.plain_http)
        .same_site(SameSite::Lax)
        .build()
}
