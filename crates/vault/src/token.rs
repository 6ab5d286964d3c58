//! Tokens: anyone who knows one gets access. Only their hash is stored.

use aws_lc_rs::{digest, hmac};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// Makes a token recognizable wherever it is left: in a file, in a log.
const PREFIX: &str = "ks_";
const BYTES: usize = 32;

/// 256 random bits, as text: `ks_` and 43 characters of base64url.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

impl Token {
    /// Generates a token.
    pub fn generate(fill: impl FnOnce(&mut [u8])) -> Self {
        let mut bytes = Zeroizing::new([0_u8; BYTES]);
        fill(bytes.as_mut_slice());
        Self(SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// Parses a token from a request; `None` if the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?);
        (bytes.len() == BYTES).then(|| Self(SecretString::from(text)))
    }

    /// The stored form. A plain hash is enough: 256 random bits cannot be guessed.
    pub fn hash(&self) -> [u8; BYTES] {
        let hash = digest::digest(&digest::SHA256, self.expose_secret().as_bytes());
        hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    /// The text, shown once to the token's owner.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// The value in a page's forms that proves they are ours: only a holder of the token can make it, and it is not
    /// stored. Each page has another one, masked by random bytes: a constant could be guessed from the length of
    /// compressed pages (BREACH).
    pub fn csrf(&self, fill: impl FnOnce(&mut [u8])) -> String {
        let tag = hmac::sign(&self.key(), CSRF.as_bytes());
        let mut mask = [0_u8; BYTES];
        fill(&mut mask);
        URL_SAFE_NO_PAD.encode([mask, masked(tag.as_ref(), mask)].concat())
    }

    /// Whether the text is a CSRF value of this token.
    pub fn is_csrf(&self, text: &str) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let Some((mask, tag)) = bytes.split_first_chunk::<BYTES>() else { return false };
        tag.len() == BYTES && hmac::verify(&self.key(), CSRF.as_bytes(), &masked(tag, *mask)).is_ok()
    }

    /// Derives a secret for one purpose that only a holder of the token can make: 43 characters of base64url that
    /// reveal nothing about the token or about secrets for other purposes.
    pub fn derived(&self, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key(), purpose.as_bytes()))
    }

    /// Whether the text is this token's secret for the purpose, compared in constant time.
    pub fn is_derived(&self, purpose: &str, text: &str) -> bool {
        let tag = URL_SAFE_NO_PAD.decode(text);
        tag.is_ok_and(|tag| hmac::verify(&self.key(), purpose.as_bytes(), &tag).is_ok())
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.expose_secret().as_bytes())
    }
}

fn masked(bytes: &[u8], mut mask: [u8; BYTES]) -> [u8; BYTES] {
    mask.iter_mut().zip(bytes).for_each(|(mask, byte)| *mask ^= byte);
    mask
}

const CSRF: &str = "forms of this session";

#[cfg(test)]
mod tests {
    use super::*;

    fn token(byte: u8) -> Token {
        Token::generate(|bytes| bytes.fill(byte))
    }

    #[test]
    fn a_token_is_read_back_and_has_one_hash() {
        let text = token(7).expose_secret().to_owned();
        assert_eq!(text.len(), 46);
        let read = Token::parse(&text).expect("it is a token");
        assert_eq!(read.hash(), token(7).hash());
        assert_ne!(read.hash(), token(8).hash());
    }

    #[test]
    fn what_is_no_token_is_told_before_anything_is_looked_up() {
        let text = token(7).expose_secret().to_owned();
        for wrong in ["", "ks_", &text[..45], &text[3..], &format!("{text}A"), &text.replace("ks_", "kx_")] {
            assert!(Token::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn it_does_not_show_itself() {
        assert!(!format!("{:?}", token(7)).contains(&token(7).expose_secret()[3..]));
    }

    #[test]
    fn the_forms_of_one_session_are_none_of_anothers() {
        let csrf = |token: Token, mask: u8| token.csrf(|bytes| bytes.fill(mask));
        assert!(token(7).is_csrf(&csrf(token(7), 1)));
        assert!(!token(8).is_csrf(&csrf(token(7), 1)));
        for wrong in ["", "AAAA", &csrf(token(7), 1)[..85], &format!("{}AAAA", csrf(token(7), 1))] {
            assert!(!token(7).is_csrf(wrong), "{wrong}");
        }
    }

    #[test]
    fn case_f14_each_page_carries_another_form_token() {
        let csrf = |mask: u8| token(7).csrf(|bytes| bytes.fill(mask));
        // Every bit of the mask differs here, so no character of either half may be the same on both pages.
        assert!(csrf(0x5a).bytes().zip(csrf(0xa5).bytes()).all(|(one, other)| one != other));
        assert!(token(7).is_csrf(&csrf(0x5a)) && token(7).is_csrf(&csrf(0xa5)));
    }

    #[test]
    fn what_is_made_for_one_purpose_is_for_no_other() {
        let state = token(7).derived("state");
        assert_eq!(state.len(), 43);
        assert!(token(7).is_derived("state", &state));
        assert!(!token(7).is_derived("nonce", &state));
        assert!(!token(8).is_derived("state", &state));
    }
}
