//! Prepares every statement that is a single string in the store's source against the migrated tables, as the driver
//! does before its first use. An ambiguous or missing column fails here, and not in production.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// The first words of a statement; a comment before it says why it crosses partners.
const BEGINNINGS: [&str; 6] =
    ["select ", "insert into ", "update ", "delete from ", "with ", "-- all partners"];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The string literals of a source, each with its line number. Comments and character literals hold no statements: a
/// quote in one is skipped.
fn literals(source: &str) -> Vec<(usize, String)> {
    let mut literals = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        line += rest[..at].matches('\n').count();
        let after = &rest[at + 1..];
        rest = match rest.as_bytes()[at] {
            b'/' if after.starts_with('/') => &after[after.find('\n').unwrap_or(after.len())..],
            b'\'' if after.starts_with("\"'") => &after[2..],
            b'"' => {
                let mut escaped = false;
                let end = after.find(|char| {
                    let ends = char == '"' && !escaped;
                    escaped = char == '\\' && !escaped;
                    ends
                });
                let text = &after[..end.expect("the literal ends")];
                literals.push((line, unescaped(text)));
                line += text.matches('\n').count();
                &after[text.len() + 1..]
            }
            _ => after,
        };
    }
    literals
}

/// A backslash at a line's end removes the whitespace after it.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split("\\\n");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.trim_start()).replace("\\\"", "\"")
}

fn is_statement(text: &str) -> bool {
    let whole = BEGINNINGS.iter().any(|begins| text.starts_with(begins));
    // A statement built from parts is tested where it is built.
    whole && !text.contains('{')
}

#[tokio::test]
async fn every_statement_can_be_prepared_against_the_tables() -> Result<()> {
    let database = testkit::database().await;
    let client = database.client().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut prepared, mut refused) = (0, Vec::new());
    for file in sources(&root) {
        let source = std::fs::read_to_string(&file)?;
        let own = source.split("#[cfg(test)]").next().unwrap_or_default();
        for (line, text) in literals(own).into_iter().filter(|(_, text)| is_statement(text)) {
            match client.prepare(&text).await {
                Ok(_) => prepared += 1,
                Err(error) => {
                    let reason = error
                        .as_db_error()
                        .map_or_else(|| error.to_string(), |told| told.message().to_owned());
                    refused.push(format!("{}:{line}: {reason}", file.strip_prefix(&root)?.display()));
                }
            }
        }
    }
    ensure!(refused.is_empty(), "{}", refused.join("\n"));
    ensure!(prepared >= 200, "only {prepared} statements were found");
    Ok(())
}

#[test]
fn a_statement_is_found_among_other_texts() {
    let source = "// \"select 1\"\nlet a = '\"'; let b = \"x \\\"y\";\nlet c = \"select \\\n    2\";\n";
    assert_eq!(literals(source), [(2, "x \"y".to_owned()), (3, "select 2".to_owned())]);
    assert!(is_statement("select 2") && !is_statement("select {columns}") && !is_statement("where a"));
}
