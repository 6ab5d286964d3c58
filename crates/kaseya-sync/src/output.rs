//! What people read: tables and sentences on stdout, progress and complaints on stderr.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
};

use comfy_table::{ContentArrangement, Table, presets};
use domain::{CompanyState, ErrorCode, shown_text};
use jiff::{Timestamp, tz::TimeZone};

/// Longer texts are wrapped inside their column.
const WIDTH: u16 = 160;

/// A line on stdout. A terminal gets no character that people do not see, and a program all of them.
pub(crate) fn say(line: &dyn Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        writeln!(stdout, "{}", shown_text(&line.to_string()))
    } else {
        writeln!(stdout, "{line}")
    }
}

/// A line on stderr, which says nothing that stdout's reader needs.
pub(crate) fn tell(line: &dyn Display) {
    // With nobody to read it, nothing is lost.
    let _ = writeln!(io::stderr().lock(), "{}", shown_text(&line.to_string()));
}

/// What went wrong.
pub(crate) fn complain(error: &dyn Display) {
    tell(&format_args!("{}: {error}", crate::ended::NAME));
}

/// A table with these columns.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(columns);
    table
}

/// An instant in a zone, to the minute; "never" where there is none.
pub(crate) fn instant(at: Option<Timestamp>, zone: &TimeZone) -> String {
    at.map_or_else(|| "never".to_owned(), |at| zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string())
}

/// A code, or nothing.
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
