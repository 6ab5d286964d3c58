//! The languages, and the words of the pages that texts mention.

use std::str::FromStr;

use domain::Level;

/// A language of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// Italian.
    Italian,
}

/// A text that is not one of our languages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no language of ours: it is en or it")]
pub struct UnknownLanguage(String);

impl Language {
    /// All of them.
    pub const ALL: &[Self] = &[Self::English, Self::Italian];

    /// The language of a POSIX locale, e.g. `it_IT.UTF-8`; English for languages that we do not have.
    pub fn of_locale(locale: &str) -> Self {
        let name = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
        name.parse().unwrap_or(Self::English)
    }

    /// The language's two-letter code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
        }
    }

    /// The meaning of a level, in a few words.
    pub fn level(self, level: Level) -> &'static str {
        match (level, self) {
            (Level::Error, Self::English) => "error: not sent",
            (Level::Error, Self::Italian) => "errore: non inviata",
            (Level::Warning, Self::English) => "warning: sent, but look",
            (Level::Warning, Self::Italian) => "avviso: inviata, ma da controllare",
            (Level::Held, Self::English) => "held",
            (Level::Held, Self::Italian) => "da approvare",
        }
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .iter()
            .copied()
            .find(|language| text.eq_ignore_ascii_case(language.as_str()))
            .ok_or_else(|| UnknownLanguage(text.to_owned()))
    }
}

/// A button that texts mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// Tries the values on screen.
    Authenticate,
    /// Syncs now.
    SyncNow,
    /// Checks this company again.
    CheckAgain,
    /// Sends a held number.
    Approve,
    /// Leaves Kaseya as it is.
    Dismiss,
}

impl Button {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Authenticate, Self::SyncNow, Self::CheckAgain, Self::Approve, Self::Dismiss];

    /// The button's label.
    pub fn label(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Authenticate, Language::English) => "Authenticate",
            (Self::Authenticate, Language::Italian) => "Autentica",
            (Self::SyncNow, Language::English) => "Sync now",
            (Self::SyncNow, Language::Italian) => "Sincronizza ora",
            (Self::CheckAgain, Language::English) => "Check again",
            (Self::CheckAgain, Language::Italian) => "Verifica di nuovo",
            (Self::Approve, Language::English) => "Approve",
            (Self::Approve, Language::Italian) => "Approva",
            (Self::Dismiss, Language::English) => "Dismiss",
            (Self::Dismiss, Language::Italian) => "Scarta",
        }
    }
}
