//! Who is signed in: a random token in a cookie, of which only the hash is stored.

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

/// Unused for so long, a session is over.
const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// However busy, a session is over after this.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Who has proven who it is so long ago is asked once more before it sees the forms for credentials, tokens and members.
const PROOF_TO_SEE: SignedDuration = SignedDuration::from_mins(15);
/// So long the form may be filled in then.
const PROOF_TO_SEND: SignedDuration = SignedDuration::from_mins(60);

/// Somebody who comes in: from where, with what.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub address: IpAddr,
    /// As what the browser describes itself.
    browser: Option<String>,
    /// The session that the browser has so far.
    before: Option<[u8; 32]>,
}

impl Arrival {
    /// By a request from this address.
    pub fn of(portal: &Portal, address: IpAddr, headers: &HeaderMap) -> Self {
        let browser = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let before = token(portal, headers).map(|token| token.hash());
        Self { address, browser: browser.map(|agent| fit_text(agent, MAX_NAME)), before }
    }

    /// Somebody of whom no more is known than what it brings.
    pub fn actor(&self, name: &str) -> Actor {
        actor(name.to_owned(), None, self.address)
    }
}

/// Somebody who does something in the call that is being answered.
pub(crate) fn actor(name: String, identity: Option<Identity>, address: IpAddr) -> Actor {
    Actor { name, identity, address: Some(address), trace_id: runtime::trace::trace_id(&Span::current()) }
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// As pages show it, and as changes name it.
    pub name: String,
    /// By what it came in.
    pub identity: Identity,
    /// When it last proved who it is.
    confirmed_at: Timestamp,
    /// The partners that may be seen, by their names.
    pub partners: Vec<Access>,
    /// What the forms of this page carry.
    csrf: String,
    token: Token,
}

impl Person {
    /// What the forms of this page carry.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The session, for counting what it keeps open.
    pub fn session(&self) -> [u8; 32] {
        self.token.hash()
    }

    /// Whether it has proven who it is just now: it sees forms for credentials, tokens and members.
    pub fn may_see_keys(&self, now: Timestamp) -> bool {
        now.duration_since(self.confirmed_at) <= PROOF_TO_SEE
    }

    /// The same for a form that was filled in since.
    pub fn may_send_keys(&self, now: Timestamp) -> bool {
        now.duration_since(self.confirmed_at) <= PROOF_TO_SEND
    }

    /// Who acts, from this address.
    pub fn actor(&self, address: IpAddr) -> Actor {
        actor(self.name.clone(), Some(self.identity.clone()), address)
    }

    /// Whether a form is one of this session's.
    pub fn is_csrf(&self, text: &str) -> bool {
        self.token.is_csrf(text)
    }
}

fn token(portal: &Portal, headers: &HeaderMap) -> Option<Token> {
    Token::parse(CookieJar::from_headers(headers).get(cookie_name(portal))?.value())
}

/// Who asks; `None` where nobody is signed in, or not any more.
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
    // Whose token was revoked, or who is a member of nothing any more, is not signed in.
    Ok(found.filter(|(_, partners)| !partners.is_empty()).map(|(session, partners)| Person {
        name: session.name,
        identity: session.identity,
        confirmed_at: session.confirmed_at,
        partners,
        csrf: token.csrf(|bytes| portal.operations.entropy.fill(bytes)),
        token,
    }))
}

/// Whether somebody is still signed in and may still see a partner. Asking does not make the session last.
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

/// Every session of somebody that goes on, the newest first.
pub(crate) async fn all_of(portal: &Portal, person: &Person) -> Result<Vec<Session>, StoreError> {
    let (identity, oldest) = (&person.identity, oldest(portal.operations.clock.now()));
    let store = &portal.operations.store;
    store.transaction("list_sessions", |tx| Box::pin(sessions::list(tx, identity, oldest))).await
}

/// Signs somebody in, and answers with the cookie. What the browser had before ends.
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

/// Whoever uses the session has proven once more who it is.
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

/// An event of somebody who comes or goes: a partner's, where it sees one alone.
pub(crate) fn came(kind: SecurityEventKind, partners: &[Access]) -> SecurityEvent {
    let partner = if let [only] = partners { Some(only.partner.clone()) } else { None };
    SecurityEvent { kind, partner, object: "session".to_owned(), details: json!({}) }
}

/// Signs whoever asks out; nobody signed in is no error. Answers who it was, too.
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

/// A `__Host-` cookie is this host's alone, and goes over TLS alone.
fn cookie_name(portal: &Portal) -> &'static str {
    if portal.settings.plain_http { "session" } else { "__Host-session" }
}

fn cookie(portal: &Portal, value: String) -> Cookie<'static> {
    // Lax: who follows a link from a mail is signed in; forms of other sites are refused by `forms`.
    Cookie::build((cookie_name(portal), value))
        .path("/")
        .http_only(true)
        .secure(!portal.settings.plain_http)
        .same_site(SameSite::Lax)
        .build()
}
