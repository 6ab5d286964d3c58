//! The parts of a code's text.

use crate::Language;

/// One text in both languages, in the syntax of `template.rs`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bilingual {
    pub(crate) english: &'static str,
    pub(crate) italian: &'static str,
}

impl Bilingual {
    pub(crate) fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Italian => self.italian,
        }
    }
}

const NOTHING: Bilingual = both("", "");

/// English, Italian.
pub(crate) const fn both(english: &'static str, italian: &'static str) -> Bilingual {
    Bilingual { english, italian }
}

/// One part of the help: the text for a row, and the addition for the opened case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) brief: Bilingual,
    pub(crate) more: Bilingual,
}

/// Text that a row shows too.
pub(crate) const fn brief(english: &'static str, italian: &'static str) -> Part {
    Part { brief: both(english, italian), more: NOTHING }
}

/// Text that only the opened case shows.
pub(crate) const fn detail(english: &'static str, italian: &'static str) -> Part {
    Part { brief: NOTHING, more: both(english, italian) }
}

impl Part {
    /// Adds text for the opened case.
    pub(crate) const fn more(self, english: &'static str, italian: &'static str) -> Self {
        Self { more: both(english, italian), ..self }
    }
}

/// A code's text.
///
/// If `happened` ends without a full stop, `invoice` continues it in the brief form: "Company not mapped: 14 users
/// are not billed."
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    pub(crate) title: Bilingual,
    /// What happened.
    pub(crate) happened: Part,
    /// What it means for this company's next invoice.
    pub(crate) invoice: Part,
    /// What we did: retry, hold, stop.
    pub(crate) done: Part,
    /// What to do, with the click path in Kaseya.
    pub(crate) to_do: Part,
}
