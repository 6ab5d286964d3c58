//! Compares the table of switches in the crate's README with the existing switches and tests.

use std::{fs, path::Path};

use kaseya_simulator::Behaviour;
use serde_json::{Value, json};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The text between backquotes in a row of a table, cell by cell.
fn quoted(row: &str) -> Vec<Vec<&str>> {
    row.split('|').map(|cell| cell.split('`').skip(1).step_by(2).collect()).collect()
}

fn rows_under<'a>(readme: &'a str, heading: &str) -> Vec<Vec<Vec<&'a str>>> {
    let (_, after) = readme.split_once(&format!("\n# {heading}\n")).unwrap();
    let section = after.split("\n# ").next().unwrap();
    section.lines().filter(|line| line.starts_with('|')).skip(2).map(quoted).collect()
}

/// The fields of an object, with nested objects replaced by their fields.
fn leaves(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                leaves(value, &place, found);
            }
        }
        _ => found.push(place.to_owned()),
    }
}

#[test]
fn the_readme_names_every_switch_and_no_other() {
    let readme = readme();
    let mut named: Vec<&str> =
        rows_under(&readme, "Switches").iter().flat_map(|row| row[1].clone()).collect();
    named.sort_unstable();
    let mut switches = Vec::new();
    leaves(&json!(Behaviour::default()), "", &mut switches);
    switches.sort_unstable();
    assert_eq!(named, switches);
}

#[test]
fn every_test_that_the_readme_names_exists() {
    let readme = readme();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let sources: String = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let mut named = 0;
    for heading in ["Switches", "Faults", "What the state itself can be"] {
        for row in rows_under(&readme, heading) {
            let tests = &row[row.len() - 2];
            assert!(!tests.is_empty(), "a row without a test: {row:?}");
            for test in tests {
                assert!(sources.contains(&format!("fn {test}(")), "there is no test {test}");
                named += 1;
            }
        }
    }
    assert!(named > 40, "{named} tests named");
}
