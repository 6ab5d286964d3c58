//! Texts that pass between people, the provider, Kaseya and our tables: one rule at every entry point.
//!
//! A text has a length limit, and has no control characters, no line or paragraph breaks, and no marks that change
//! the text direction, which make one name look like another. An id, an actor's name, and a name sent to our API also
//! have no zero-width characters. A name from Kaseya is kept as it is, because requests to Kaseya use it; people see
//! it through [`shown_text`]. A name in a message is made to fit: it decides nothing, and the counts next to it are
//! billed.

use std::fmt::Write as _;

/// The maximum length of a name, in characters.
pub const MAX_NAME: usize = 200;
/// The maximum length of a note, an address, or anything else people type, in characters.
pub const MAX_NOTE: usize = 500;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It has only blanks.
    #[error("it is empty; 1 to {most} characters are needed")]
    Empty {
        /// The maximum length, in characters.
        most: usize,
    },
    /// It is too long.
    #[error("it has {length} characters; at most {most} are allowed")]
    TooLong {
        /// Its length, in characters.
        length: usize,
        /// The maximum length, in characters.
        most: usize,
    },
    /// It has a control character or a line break.
    #[error("it has a control character; leave it out")]
    Control,
    /// It has a mark that changes the text direction.
    #[error("it has the mark U+{0:04X}, which turns the direction of writing; leave it out")]
    Direction(u32),
    /// It has a zero-width character.
    #[error("it has the character U+{0:04X}, which is not seen; leave it out")]
    Unseen(u32),
}

/// A text of 1 to `MOST` characters, all visible except for joiners, which some scripts need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MOST: usize>(String);

impl<const MOST: usize> Text<MOST> {
    /// Checks the text.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        check_text(&text, MOST)?;
        if let Some(unseen) = text.chars().find(|letter| is_unseen(*letter) && !is_joiner(*letter)) {
            return Err(TextError::Unseen(unseen.into()));
        }
        if text.trim().is_empty() { Err(TextError::Empty { most: MOST }) } else { Ok(Self(text)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MOST: usize> From<Text<MOST>> for String {
    fn from(text: Text<MOST>) -> Self {
        text.0
    }
}

/// Checks a text that may be empty.
pub fn check_text(text: &str, most: usize) -> Result<(), TextError> {
    // The byte count comes first: few bytes means few characters.
    let length = if text.len() > most { text.chars().count() } else { text.len() };
    if length > most {
        return Err(TextError::TooLong { length, most });
    }
    text.chars().try_for_each(check_letter)
}

fn check_letter(letter: char) -> Result<(), TextError> {
    match letter {
        '\u{2028}' | '\u{2029}' => Err(TextError::Control),
        letter if letter.is_control() => Err(TextError::Control),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Err(TextError::Direction(letter.into()))
        }
        _ => Ok(()),
    }
}

/// Whether a character has no width: two texts that differ only by it look the same.
pub(crate) fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
        || is_joiner(letter)
}

/// Whether a character joins letters or keeps them apart, as some scripts require.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}')
}

/// Whether people see a character's number in its place.
pub fn is_hidden(letter: char) -> bool {
    let breaks = check_letter(letter).is_err() && !matches!(letter, '\n' | '\t');
    breaks || is_unseen(letter) && !is_joiner(letter)
}

/// A text for display: an invisible character, or one that changes the text direction, is replaced by its number,
/// e.g. `[U+202E]`. Line breaks stay.
pub fn shown_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        push_shown(&mut shown, letter);
    }
    shown
}

/// Appends a character to a text for display.
pub fn push_shown(shown: &mut String, letter: char) {
    if is_hidden(letter) {
        // Writing to a String cannot fail.
        let _ = write!(shown, "[U+{:04X}]", u32::from(letter));
    } else {
        shown.push(letter);
    }
}

/// Fits a text from Kaseya or the provider that decides nothing and that we may not refuse: forbidden characters
/// become blanks, and the end is cut.
pub fn fit_text(text: &str, most: usize) -> String {
    text.chars().map(|letter| if check_letter(letter).is_ok() { letter } else { ' ' }).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_b9_a_text_has_a_length_and_no_character_that_is_not_seen() {
        type Name = Text<5>;
        assert_eq!(Name::new("Caffè").map(String::from).as_deref(), Ok("Caffè"));
        assert_eq!(Name::new("Caffèe"), Err(TextError::TooLong { length: 6, most: 5 }));
        assert_eq!(Name::new(" "), Err(TextError::Empty { most: 5 }));
        for control in ["\0", "a\nb", "\u{7f}", "\u{85}", "\u{2028}"] {
            assert_eq!(Name::new(control), Err(TextError::Control), "{control:?}");
        }
        for mark in ['\u{202e}', '\u{200f}', '\u{2066}', '\u{61c}'] {
            assert_eq!(Name::new(format!("a{mark}")), Err(TextError::Direction(mark.into())));
        }
        for unseen in ['\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{180e}'] {
            assert_eq!(Name::new(format!("a{unseen}")), Err(TextError::Unseen(unseen.into())));
        }
        assert!(Name::new("a\u{200d}b").is_ok(), "a joiner is in names");
        assert_eq!(fit_text("a\0b\u{202e}c", 4), "a b ");
    }

    #[test]
    fn case_f14_what_is_not_seen_is_shown_by_its_number() {
        let name = "Ac\u{200b}me \u{202e}dtL\u{1b}[2J\u{feff}";
        assert_eq!(shown_text(name), "Ac[U+200B]me [U+202E]dtL[U+001B][2J[U+FEFF]");
        // Joiners are part of names, and texts for people have lines and letters of all scripts.
        for plain in ["Caffè\n\tشركة", "نامه\u{200c}ای", "\u{a0}\u{202f}", ""] {
            assert_eq!(shown_text(plain), plain);
        }
    }
}
