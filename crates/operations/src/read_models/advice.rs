//! Help with a code of the error catalogue.

use serde::Serialize;
use utoipa::ToSchema;

/// Help with a code, in five parts, in the language of `Accept-Language`: en or it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Advice {
    code: &'static str,
    /// How bad it is, in a word.
    level: &'static str,
    title: String,
    /// What a row has room for.
    brief: String,
    what_happened: String,
    /// What it means for the next invoice.
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
