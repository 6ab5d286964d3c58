//! Files that people open in a spreadsheet: every download is written here, by one convention.
//!
//! The separator and the decimal sign are those of the reader's language, instants are in the partner's zone, every cell is
//! quoted, and a mark before the first row says that the file is UTF-8. A text that could be read as a formula is marked as text.

use advice::Language;
use jiff::{Timestamp, tz::TimeZone};

/// Signs that a formula begins with, in some spreadsheet; the wide ones too.
const SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\'', '＝', '＋', '－', '＠'];

/// Prefixes text with `'` if it could be read as a formula, blanks before it or not, or already starts with `'`.
pub fn marked(text: &str) -> String {
    if is_sign(text) { format!("'{text}") } else { text.to_owned() }
}

/// A marked text as it was. An apostrophe that marks nothing is a part of it.
pub fn unmarked(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_sign(rest)).unwrap_or(text)
}

fn is_sign(text: &str) -> bool {
    let blank = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '\u{feff}';
    text.starts_with(SIGNS) || text.trim_start_matches(blank).starts_with(SIGNS)
}

/// What stands between the cells. A spreadsheet takes the one that its language goes by; both are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
}

impl Separator {
    /// The one of a language.
    pub fn of(language: Language) -> Self {
        match language {
            Language::English => Self::Comma,
            Language::Italian => Self::Semicolon,
        }
    }
}

/// How the cells of a file are written.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    /// The reader's language.
    pub language: Language,
    /// The partner's zone.
    pub zone: TimeZone,
}

impl Cells {
    /// A decimal number; `digits` are as programs write it.
    pub fn number(&self, digits: impl ToString) -> String {
        let digits = digits.to_string();
        match self.language {
            Language::English => digits,
            Language::Italian => digits.replace('.', ","),
        }
    }

    /// An instant to the second, as every spreadsheet reads it.
    pub fn instant(&self, instant: Timestamp) -> String {
        instant.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// A file of rows below their columns' names.
    pub fn file<const COLUMNS: usize>(
        &self,
        columns: [&str; COLUMNS],
        rows: impl IntoIterator<Item = [String; COLUMNS]>,
    ) -> Vec<u8> {
        file(Separator::of(self.language), std::iter::once(columns.map(str::to_owned)).chain(rows))
    }
}

/// A file of these rows.
pub(crate) fn file<const COLUMNS: usize>(
    separator: Separator,
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> Vec<u8> {
    let between = match separator {
        Separator::Comma => ",",
        Separator::Semicolon => ";",
    };
    // The mark before the first row tells a spreadsheet that names are UTF-8.
    let mut text = "\u{feff}".to_owned();
    for row in rows {
        let quoted = row.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        text.push_str(&quoted.join(between));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_f9_no_cell_is_read_as_a_formula_whatever_separates_them() {
        for (text, is_marked) in [
            ("=1+1", true),
            (" =1+1", true),
            ("\u{a0}\t@SUM(A1)", true),
            ("＝1+1", true),
            ("a;=cmd|' /C calc'!A0", false),
            ("Caffè", false),
        ] {
            assert_eq!(marked(text) != text, is_marked, "{text:?}");
            assert_eq!(unmarked(&marked(text)), text);
        }
        let file = file(Separator::Comma, [["a;=cmd".to_owned(), "b\"c".to_owned()]]);
        assert_eq!(String::from_utf8(file).expect("UTF-8"), "\u{feff}\"a;=cmd\",\"b\"\"c\"\r\n");
    }

    #[test]
    fn case_b6_numbers_and_instants_are_written_for_the_reader() {
        let cells = |language| Cells { language, zone: TimeZone::get("Europe/Rome").expect("a zone") };
        let instant: Timestamp = "2026-11-20T12:00:00.123456789Z".parse().expect("an instant");
        assert_eq!(cells(Language::Italian).number(3.5), "3,5");
        assert_eq!(cells(Language::English).number(3.5), "3.5");
        assert_eq!(cells(Language::Italian).instant(instant), "2026-11-20 13:00:00");
    }
}
