//! Texts in files that people open in a spreadsheet: one that would be read as a formula is marked as text.

const SIGNS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// A text, marked with `'` where it begins as a formula does or with the mark itself.
pub fn marked(text: &str) -> String {
    if text.starts_with(SIGNS) { format!("'{text}") } else { text.to_owned() }
}

/// A marked text as it was. An apostrophe that marks nothing is a part of it.
pub fn unmarked(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(SIGNS)).unwrap_or(text)
}
