//! Who is signed in: a random token in a cookie, of which only the hash is stored.

use axum::http::HeaderMap;
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use domain::PartnerId;
use jiff::{SignedDuration, Timestamp};
use store::{
    StoreError, Transaction,
    access::{
        Access,
        sessions::{self, Identity, Oldest},
    },
};
use vault::Token;

use crate::Portal;

/// Unused for so long, a session is over.
const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// However busy, a session is over after this.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// As pages show it, and as changes name it.
    pub name: String,
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

    /// Whether a form is one of this session's.
    pub fn is_csrf(&self, text: &str) -> bool {
        self.token.is_csrf(text)
    }
}

/// Who asks; `None` where nobody is signed in, or not any more.
pub(crate) async fn find(portal: &Portal, headers: &HeaderMap) -> Result<Option<Person>, StoreError> {
    let jar = CookieJar::from_headers(headers);
    let Some(token) = jar.get(cookie_name(portal)).and_then(|cookie| Token::parse(cookie.value())) else {
        return Ok(None);
    };
    let now = portal.operations.clock.now();
    let hash = &token.hash();
    let found = portal
        .operations
        .store
        .transaction("find_session", |tx| {
            Box::pin(async move {
                let Some(session) = sessions::find(tx, hash, oldest(now)).await? else { return Ok(None) };
                sessions::seen(tx, hash, now).await?;
                let partners = sessions::partners(tx, &session.identity).await?;
                Ok::<_, StoreError>(Some((session.name, partners)))
            })
        })
        .await?;
    // Whose token was revoked, or who is a member of nothing any more, is not signed in.
    Ok(found.filter(|(_, partners)| !partners.is_empty()).map(|(name, partners)| Person {
        name,
        partners,
        csrf: token.csrf(|bytes| portal.operations.entropy.fill(bytes)),
        token,
    }))
}

/// Whether somebody is still signed in and may still see a partner. Asking does not make the session last.
pub(crate) async fn lasts(portal: &Portal, person: &Person, partner: &PartnerId) -> Result<bool, StoreError> {
    let (hash, oldest) = (&person.token.hash(), oldest(portal.operations.clock.now()));
    portal
        .operations
        .store
        .transaction("session_lasts", |tx| {
            Box::pin(async move {
                let Some(session) = sessions::find(tx, hash, oldest).await? else { return Ok(false) };
                let partners = sessions::partners(tx, &session.identity).await?;
                Ok(partners.iter().any(|access| access.partner == *partner))
            })
        })
        .await
}

fn oldest(now: Timestamp) -> Oldest {
    let before = |past| now.saturating_sub(past).unwrap_or(Timestamp::MIN);
    Oldest { created: before(LONGEST), seen: before(IDLE) }
}

/// Signs somebody in, and answers with the cookie.
pub(crate) async fn begin(
    portal: &Portal,
    tx: &Transaction<'_>,
    identity: &Identity,
    name: &str,
) -> Result<Cookie<'static>, StoreError> {
    let token = Token::generate(|bytes| portal.operations.entropy.fill(bytes));
    sessions::create(tx, &token.hash(), identity, name, portal.operations.clock.now()).await?;
    Ok(cookie(portal, token.expose_secret().to_owned()))
}

/// Signs whoever asks out; nobody signed in is no error.
pub(crate) async fn end(portal: &Portal, headers: &HeaderMap) -> Result<Cookie<'static>, StoreError> {
    let jar = CookieJar::from_headers(headers);
    if let Some(token) = jar.get(cookie_name(portal)).and_then(|cookie| Token::parse(cookie.value())) {
        let (hash, now) = (&token.hash(), portal.operations.clock.now());
        portal
            .operations
            .store
            .transaction("end_session", |tx| Box::pin(sessions::end(tx, hash, now)))
            .await?;
    }
    let mut gone = cookie(portal, String::new());
    gone.make_removal();
    Ok(gone)
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
