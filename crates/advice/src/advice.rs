//! A code's text, filled with the facts of a case.

use domain::{ErrorCode, Level};

use crate::{
    Button, Facts, Reader,
    template::fill,
    text::{Bilingual, Part},
    texts, vocabulary,
};

/// The help for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The code.
    pub code: ErrorCode,
    /// The severity of the code.
    pub level: Level,
    /// A title of a few words.
    pub title: String,
    /// One paragraph, short enough for a row.
    pub brief: String,
    /// What happened.
    pub happened: String,
    /// What it means for this company's next invoice.
    pub next_invoice: String,
    /// What we did: retry, hold, stop.
    pub done: String,
    /// What to do, with the click path in Kaseya.
    pub to_do: String,
    /// The label of the button that checks again.
    pub check_again: &'static str,
}

/// The text of a code for a case and a reader.
pub fn advise(code: ErrorCode, facts: &Facts, reader: &Reader) -> Advice {
    let text = texts::of(code, facts);
    let say = |both: Bilingual| {
        fill(both.in_language(reader.language), |name| vocabulary::words(name, facts, reader))
            .trim()
            .to_owned()
    };
    let part = |part: Part| opened(&say(part.brief), &say(part.more));
    let mut brief = say(text.happened.brief);
    for next in [text.invoice, text.done, text.to_do].map(|part| say(part.brief)) {
        if !brief.is_empty() && !next.is_empty() {
            brief.push_str(if is_ended(&brief) { " " } else { ": " });
        }
        brief.push_str(&next);
    }
    Advice {
        code,
        level: code.level(),
        title: say(text.title),
        brief: sentence(&brief),
        happened: part(text.happened),
        next_invoice: part(text.invoice),
        done: part(text.done),
        to_do: part(text.to_do),
        check_again: Button::CheckAgain.label(reader.language),
    }
}

/// A part in the opened case: whole sentences from either or both texts.
fn opened(brief: &str, more: &str) -> String {
    let sentences = [sentence(brief), sentence(more)];
    sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Adds a capital at the start and a full stop at the end.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let stop = if is_ended(text) { "" } else { "." };
    first.to_uppercase().chain(chars).chain(stop.chars()).collect()
}

fn is_ended(text: &str) -> bool {
    text.ends_with(['.', '?', '!', '»'])
}
