//! Kaseya's own words, safe to show and store.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

const LONGEST: usize = 300;

/// Kaseya's words: one line, cut, without control characters, and without any secret that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// `None` when nothing is left.
    pub(crate) fn new(said: &str, secrets: &[&SecretString]) -> Option<Self> {
        let mut text = said.to_owned();
        // First, so that no secret survives by being cut or joined.
        for secret in secrets.iter().map(|secret| secret.expose_secret()).filter(|secret| !secret.is_empty())
        {
            text = text.replace(secret, "…");
        }
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let words: Vec<&str> = plain.split_whitespace().collect();
        let line: String = words.join(" ").chars().take(LONGEST).collect();
        (!line.is_empty()).then_some(Self(line))
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_one_short_line_without_secrets(
            before in ".{0,400}", secret in "[a-z0-9]{8,20}", after in "\\PC{0,40}",
        ) {
            let canary = SecretString::from(secret.clone());
            let words = Words::new(&format!("{before}{secret}{after}"), &[&canary]);
            let text = words.as_ref().map_or("", Words::as_str);
            prop_assert!(!text.contains(&secret));
            prop_assert!(text.chars().count() <= LONGEST && !text.chars().any(char::is_control));
        }
    }

    #[test]
    fn nothing_said_is_no_words() {
        assert_eq!(Words::new(" \r\n\t\u{0}", &[]), None);
        assert_eq!(Words::new("", &[]), None);
    }
}
