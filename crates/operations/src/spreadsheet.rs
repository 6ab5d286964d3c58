//! Files that people open in a spreadsheet. A text in them that would be read as a formula is marked as text.

const SIGNS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// A text, marked with `'` where it begins as a formula does or with the mark itself.
pub fn marked(text: &str) -> String {
    if text.starts_with(SIGNS) { format!("'{text}") } else { text.to_owned() }
}

/// A marked text as it was. An apostrophe that marks nothing is a part of it.
pub fn unmarked(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(SIGNS)).unwrap_or(text)
}

/// A file of rows below their columns' names.
pub(crate) fn file<const COLUMNS: usize>(
    columns: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> Vec<u8> {
    let mut file = csv::Writer::from_writer(Vec::new());
    let records = std::iter::once(columns.map(str::to_owned)).chain(rows);
    for record in records {
        file.write_record(record).expect("memory takes what is written, and all rows have the same columns");
    }
    file.into_inner().expect("memory takes what is written")
}
