//! A sign-in that began here and continues at the identity provider. Only the browser keeps it, in a cookie.
//!
//! The cookie holds one secret. The state, the nonce and the PKCE verifier are derived from it. So nothing is
//! stored here, and the values of one browser are useless in another.

use std::borrow::Cow;

use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vault::Token;

/// Enough time to find the phone for a second factor.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

const STATE: &str = "state of a sign-in";
const NONCE: &str = "nonce of a sign-in";
const VERIFIER: &str = "code verifier of a sign-in";

/// A sign-in that continues at the provider.
#[derive(Debug)]
pub(crate) struct PendingSignIn {
    secret: Token,
    begun_at: Timestamp,
    /// The page to open after sign-in.
    pub next: String,
    /// Whether a signed-in person confirms their identity.
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
    /// Begins a sign-in.
    pub fn begin(fill: impl FnOnce(&mut [u8]), next: &str, confirms: bool, now: Timestamp) -> Self {
        Self { secret: Token::generate(fill), begun_at: now, next: next.to_owned(), confirms }
    }

    /// The sign-in that this browser keeps, unless it began too long ago.
    pub fn of(jar: &CookieJar, plain_http: bool, now: Timestamp) -> Option<Self> {
        let Kept { secret, begun_at, next, confirms } =
            serde_html_form::from_str(jar.get(name(plain_http))?.value()).ok()?;
        let secret = Token::parse(&secret)?;
        let next = next.into_owned();
        (now.duration_since(begun_at) <= LONGEST).then_some(Self { secret, begun_at, next, confirms })
    }

    /// The cookie for the browser.
    pub fn cookie(&self, plain_http: bool) -> Cookie<'static> {
        let (secret, next) = (self.secret.expose_secret().into(), self.next.as_str().into());
        let kept = Kept { secret, begun_at: self.begun_at, next, confirms: self.confirms };
        let text = serde_html_form::to_string(kept).expect("four plain fields can be written as a form");
        cookie(plain_http, text)
    }

    /// The derived values include the start time and the purpose: a browser that changes either in its cookie gets
    /// another state, which no response matches.
    fn purpose(&self, of: &str) -> String {
        format!("{of}, begun at {}{}", self.begun_at, if self.confirms { ", to confirm" } else { "" })
    }

    pub fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// The state, which the provider returns with its response.
    pub fn state(&self) -> String {
        self.secret.derived(&self.purpose(STATE))
    }

    /// Whether a response belongs to this sign-in.
    pub fn is_state(&self, text: &str) -> bool {
        self.secret.is_derived(&self.purpose(STATE), text)
    }

    /// The nonce, which the provider puts into its token, so that a token of another sign-in is not accepted.
    pub fn nonce(&self) -> String {
        self.secret.derived(&self.purpose(NONCE))
    }

    /// The PKCE verifier: it proves to the provider that the client with the code is the one that began the
    /// sign-in.
    pub fn verifier(&self) -> String {
        self.secret.derived(&self.purpose(VERIFIER))
    }
}

/// Deletes the cookie: each sign-in is used once.
pub(crate) fn forgotten(plain_http: bool) -> Cookie<'static> {
    let mut cookie = cookie(plain_http, String::new());
    cookie.make_removal();
    cookie
}

fn name(plain_http: bool) -> &'static str {
    if plain_http { "sign-in" } else { "__Host-sign-in" }
}

fn cookie(plain_http: bool, value: String) -> Cookie<'static> {
    // Lax: another site redirects back here.
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
        // As the cookie header carries it.
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
