//! A sign-in that was begun here and goes on at the identity provider: kept by the browser alone, in a cookie.
//!
//! The cookie holds one secret. What the provider is told to send back, what it is to put into its token, and what proves that
//! whoever brings a code has begun, are made of it: nothing is stored here, and what belongs to one browser fits no other.

use std::borrow::Cow;

use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vault::Token;

/// Time enough to find the telephone that shows a second factor.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

const STATE: &str = "state of a sign-in";
const NONCE: &str = "nonce of a sign-in";
const VERIFIER: &str = "code verifier of a sign-in";

/// A sign-in that goes on elsewhere.
#[derive(Debug)]
pub(crate) struct PendingSignIn {
    secret: Token,
    begun_at: Timestamp,
    /// Where to go once signed in.
    pub next: String,
    /// Whether somebody who is signed in proves once more who it is.
    pub confirms: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    secret: Cow<'a, str>,
    begun_at: Timestamp,
    next: Cow<'a, str>,
    #[serde(default)]
    confirms: bool,
}

impl PendingSignIn {
    /// A new one.
    pub fn begin(fill: impl FnOnce(&mut [u8]), next: &str, confirms: bool, now: Timestamp) -> Self {
        Self { secret: Token::generate(fill), begun_at: now, next: next.to_owned(), confirms }
    }

    /// The one that this browser keeps, unless it was begun too long ago.
    pub fn of(jar: &CookieJar, plain_http: bool, now: Timestamp) -> Option<Self> {
        let Kept { secret, begun_at, next, confirms } =
            serde_html_form::from_str(jar.get(name(plain_http))?.value()).ok()?;
        let secret = Token::parse(&secret)?;
        let next = next.into_owned();
        (now.duration_since(begun_at) <= LONGEST).then_some(Self { secret, begun_at, next, confirms })
    }

    /// For the browser to keep.
    pub fn cookie(&self, plain_http: bool) -> Cookie<'static> {
        let (secret, next) = (self.secret.expose_secret().into(), self.next.as_str().into());
        let kept = Kept { secret, begun_at: self.begun_at, next, confirms: self.confirms };
        let text = serde_html_form::to_string(kept).expect("four plain fields can be written as a form");
        cookie(plain_http, text)
    }

    /// Whoever changes in the cookie when it was begun, or what for, has another state, to which no answer belongs.
    fn purpose(&self, of: &str) -> String {
        format!("{of}, begun at {}{}", self.begun_at, if self.confirms { ", to confirm" } else { "" })
    }

    /// When it was begun.
    pub fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// What the provider sends back with its answer.
    pub fn state(&self) -> String {
        self.secret.derived(&self.purpose(STATE))
    }

    /// Whether an answer is one to this sign-in.
    pub fn is_state(&self, text: &str) -> bool {
        self.secret.is_derived(&self.purpose(STATE), text)
    }

    /// What the provider puts into its token, so that one of another sign-in is none of this.
    pub fn nonce(&self) -> String {
        self.secret.derived(&self.purpose(NONCE))
    }

    /// What proves to the provider that who brings its code is who has begun.
    pub fn verifier(&self) -> String {
        self.secret.derived(&self.purpose(VERIFIER))
    }
}

/// Lets the browser forget: a sign-in is gone through with once.
pub(crate) fn forgotten(plain_http: bool) -> Cookie<'static> {
    let mut cookie = cookie(plain_http, String::new());
    cookie.make_removal();
    cookie
}

fn name(plain_http: bool) -> &'static str {
    if plain_http { "sign-in" } else { "__Host-sign-in" }
}

fn cookie(plain_http: bool, value: String) -> Cookie<'static> {
    // Lax: it is another site that leads back here.
    Cookie::build((name(plain_http), value))
        .path("/")
        .http_only(true)
        .secure(!plain_http)
        .same_site(SameSite::Lax)
        .build()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_795_694_400, 0);

    fn begun(byte: u8) -> PendingSignIn {
        PendingSignIn::begin(|bytes| bytes.fill(byte), "/partners/msp?q=caff\u{e8}&said=on", byte == 9, NOON)
    }

    fn kept(cookie: &str, plain_http: bool, minutes: i64) -> Option<PendingSignIn> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(cookie).expect("a header"));
        let now = NOON + SignedDuration::from_mins(minutes);
        PendingSignIn::of(&CookieJar::from_headers(&headers), plain_http, now)
    }

    fn brought(cookie: &Cookie<'_>) -> String {
        // As it goes over the wire.
        cookie.encoded().stripped().to_string()
    }

    #[test]
    fn a_browser_brings_back_what_it_has_begun_for_ten_minutes() {
        let cookie = brought(&begun(7).cookie(false));
        let pending = kept(&cookie, false, 10).expect("it is in time");
        assert_eq!(pending.next, begun(7).next);
        assert!(pending.is_state(&begun(7).state()) && !pending.confirms);
        assert!(kept(&brought(&begun(9).cookie(false)), false, 0).is_some_and(|pending| pending.confirms));
        assert_eq!((pending.nonce(), pending.verifier()), (begun(7).nonce(), begun(7).verifier()));
        assert!(kept(&cookie, false, 11).is_none());
        for (honest, changed) in [("confirms%3Dfalse", "confirms%3Dtrue"), ("2026-11-26T12", "2026-11-26T11")]
        {
            assert!(cookie.contains(honest), "{cookie}");
            let tampered = kept(&cookie.replace(honest, changed), false, -55).expect("a cookie");
            assert!(!tampered.is_state(&begun(7).state()), "{changed}");
        }
        assert!(kept(&cookie, true, 0).is_none(), "a cookie of another name");
        assert!(kept("__Host-sign-in=secret=ks_AA", false, 0).is_none());
        assert!(kept(&brought(&forgotten(false)), false, 0).is_none());
    }

    #[test]
    fn the_state_of_another_browser_is_refused_and_tells_nothing_else() {
        let pending = begun(7);
        assert!(!pending.is_state(&begun(8).state()));
        for other in [pending.nonce(), pending.verifier(), String::new()] {
            assert!(!pending.is_state(&other));
        }
        assert_ne!(pending.nonce(), pending.verifier());
    }

    #[test]
    fn scripts_do_not_read_it_and_other_sites_do_not_set_it() {
        let cookie = begun(7).cookie(false);
        assert!(cookie.name().starts_with("__Host-"));
        assert_eq!((cookie.http_only(), cookie.secure(), cookie.path()), (Some(true), Some(true), Some("/")));
        assert_eq!(cookie.same_site(), Some(SameSite::Lax));
    }
}
