//! Files that people open in a spreadsheet: every download is written here, by one convention.
//!
//! Separator and decimal sign are those of the reader's language, instants are in the partner's zone, every cell is
//! quoted, and a byte order mark says that the file is UTF-8. Text that could be read as a formula is marked as
//! text.

use advice::Language;
use jiff::{Timestamp, tz::TimeZone};

/// Signs that start a formula in some spreadsheet, full-width signs included.
const SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\'', '＝', '＋', '－', '＠'];

/// Prefixes text with `'` if it could be read as a formula, with or without leading blanks, or already starts with
/// `'`.
pub fn marked(text: &str) -> String {
    if is_sign(text) { format!("'{text}") } else { text.to_owned() }
}

/// A marked text without its mark. An apostrophe that is not a mark stays.
pub fn unmarked(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_sign(rest)).unwrap_or(text)
}

fn is_sign(text: &str) -> bool {
    let blank = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '\u{feff}';
    text.starts_with(SIGNS) || text.trim_start_matches(blank).starts_with(SIGNS)
}

/// The character between cells. A spreadsheet expects the one of its language; we read both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
}

impl Separator {
    /// The separator of a language.
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
    /// A decimal number; `digits` are as a program writes them.
    pub fn number(&self, digits: impl ToString) -> String {
        let digits = digits.to_string();
        match self.language {
            Language::English => digits,
            Language::Italian => digits.replace('.', ","),
        }
    }

    /// An instant to the second, in a format that every spreadsheet reads.
    pub fn instant(&self, instant: Timestamp) -> String {
        instant.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// A file of a header row and these rows.
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
    // The byte order mark tells a spreadsheet that the file is UTF-8.
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
