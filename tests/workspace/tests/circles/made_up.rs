//! The finder on small trees.

use anyhow::Result;

use crate::{circles_of, tree::Files};

/// The circles of a crate with these files, as the test tells them.
fn told(files: &[(&str, &str)]) -> Result<Vec<String>> {
    let files: Files = files.iter().map(|(path, text)| (format!("src/{path}"), (*text).to_owned())).collect();
    Ok(circles_of(&files)?.iter().map(ToString::to_string).collect())
}

#[test]
fn a_circle_is_told_with_its_files_and_names() -> Result<()> {
    let found = told(&[
        ("lib.rs", "mod bill; mod line; mod unit;"),
        ("bill.rs", "use crate::line::{self, Line}; pub fn total() { line::read() } pub struct Bill(Line);"),
        ("line.rs", "pub struct Line(crate::unit::Unit); pub fn read() {}"),
        ("unit.rs", "use super::bill; pub struct Unit; pub fn of() { bill::total() }"),
    ])?;
    let ties = "  src/bill.rs -> src/line.rs: Line, read\n  src/line.rs -> src/unit.rs: Unit\n  src/unit.rs -> src/bill.rs: total\n";
    assert_eq!(found, [format!("a circle of 3 files:\n{ties}")]);
    Ok(())
}

#[test]
fn a_parent_that_hands_names_on_is_passed_through() -> Result<()> {
    let found = told(&[
        ("lib.rs", "mod bill; pub use bill::{Bill, Line}; pub use bill::line::*;"),
        ("bill.rs", "pub mod line; mod reading; pub use line::Line; pub use reading::{Bill, read};"),
        ("bill/line.rs", "pub struct Line; pub const MOST: u8 = 1;"),
        (
            "bill/reading.rs",
            "use super::Line; use crate::MOST; pub struct Bill(Line); pub fn read() -> u8 { MOST }",
        ),
    ])?;
    assert_eq!(found, [""; 0]);
    Ok(())
}

#[test]
fn a_parent_and_a_child_that_use_each_other_are_a_circle() -> Result<()> {
    let found = told(&[
        ("lib.rs", "mod bill;"),
        ("bill.rs", "mod reading; pub struct Bill; pub fn all() { reading::read() }"),
        ("bill/reading.rs", "use super::*; pub fn read() {} pub fn one() -> Bill { Bill }"),
    ])?;
    let ties = "  src/bill.rs -> src/bill/reading.rs: read\n  src/bill/reading.rs -> src/bill.rs: Bill\n";
    assert_eq!(found, [format!("a circle of 2 files:\n{ties}")]);
    Ok(())
}

#[test]
fn macros_and_attributes_name_files_too() -> Result<()> {
    let found = told(&[
        ("lib.rs", "mod bill; mod line;"),
        ("bill.rs", "pub fn text() -> String { format!(\"{}\", crate::line::name()) }"),
        (
            "line.rs",
            "#[derive(Row)] struct Line { #[row(with = \"crate::bill::text\")] name: u8 } pub fn name() {}",
        ),
    ])?;
    let ties = "  src/bill.rs -> src/line.rs: name\n  src/line.rs -> src/bill.rs: text\n";
    assert_eq!(found, [format!("a circle of 2 files:\n{ties}")]);
    Ok(())
}

#[test]
fn tests_within_a_file_are_not_read() -> Result<()> {
    let found = told(&[
        ("lib.rs", "mod bill; mod line;"),
        ("bill.rs", "use crate::line::Line; pub struct Bill(Line);"),
        ("line.rs", "pub struct Line; #[cfg(test)] mod tests { use crate::bill::Bill; fn f(_: Bill) {} }"),
    ])?;
    assert_eq!(found, [""; 0]);
    Ok(())
}
