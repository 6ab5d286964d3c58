//! Output for people: tables and sentences on stdout, progress and errors on stderr.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
};

use comfy_table::{ContentArrangement, Table, presets};
use domain::{CompanyState, ErrorCode, shown_text};
use jiff::{Timestamp, tz::TimeZone};

/// Width of a table; longer texts wrap within their column.
const WIDTH: u16 = 160;

/// Prints a line on stdout. On a terminal invisible characters appear as codes; a program gets them unchanged.
pub(crate) fn say(line: &dyn Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        writeln!(stdout, "{}", shown_text(&line.to_string()))
    } else {
        writeln!(stdout, "{line}")
    }
}

/// Prints a line on stderr; it holds nothing that a reader of stdout needs.
pub(crate) fn tell(line: &dyn Display) {
    // If nobody can read it, nothing is lost.
    let _ = writeln!(io::stderr().lock(), "{}", shown_text(&line.to_string()));
}

/// Prints an error.
pub(crate) fn complain(error: &dyn Display) {
    tell(&format_args!("{}: {error}", crate::ended::NAME));
}

pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(columns);
    table
}

/// An instant in a zone, to the minute; "never" if absent.
pub(crate) fn instant(at: Option<Timestamp>, zone: &TimeZone) -> String {
    at.map_or_else(|| "never".to_owned(), |at| zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string())
}

/// A code, or an empty text.
pub(crate) fn code(code: Option<ErrorCode>) -> &'static str {
    code.map_or("", ErrorCode::as_str)
}

/// A state in the requirements' words.
pub(crate) fn state(state: CompanyState) -> String {
    match state {
        CompanyState::Sent => "sent, to be confirmed".to_owned(),
        other => other.as_str().replace('_', " "),
    }
}
