//! Help with a code of the error catalogue.

use serde::Serialize;
use utoipa::ToSchema;

/// Help with a code of the error catalogue, in the language of `Accept-Language`: `en` or `it`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Advice {
    /// Code of the error catalogue, e.g. `AUTH-01`.
    code: &'static str,
    /// Severity, in words.
    level: &'static str,
    /// Title of a few words.
    title: String,
    /// Summary in one paragraph, short enough for a table row.
    brief: String,
    what_happened: String,
    /// Effect on the next invoice.
    next_invoice: String,
    what_we_did: String,
    /// What to do, with the click path in Kaseya.
    what_to_do: String,
}

impl Advice {
    /// Advice in the reader's language.
    pub fn of(advice: advice::Advice, language: advice::Language) -> Self {
        Self {
            code: advice.code.as_str(),
            level: language.level(advice.level),
            title: advice.title,
            brief: advice.brief,
            what_happened: advice.happened,
            next_invoice: advice.next_invoice,
            what_we_did: advice.done,
            what_to_do: advice.to_do,
        }
    }
}
