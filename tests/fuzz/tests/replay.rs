//! Every example and every case that was once found, through its parser.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use fuzz::PARSERS;

fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind)
}

/// What is in a folder; nothing where there is none, as long as nothing was found for it.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let list = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    list.map(|entry| Ok(entry?.path())).collect()
}

#[test]
fn no_example_and_no_case_breaks_its_parser() -> Result<()> {
    for parser in PARSERS {
        let mut files = entries(&folder("corpus").join(parser.name))?;
        assert!(!files.is_empty(), "{} has no example", parser.name);
        files.extend(entries(&folder("found").join(parser.name))?);
        for file in files {
            let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
            // What breaks is named by the test's output.
            println!("{}", file.display());
            (parser.feed)(&bytes);
        }
        (parser.feed)(&[]);
    }
    Ok(())
}

#[test]
fn every_folder_is_that_of_a_parser() -> Result<()> {
    let known: BTreeSet<&str> = PARSERS.iter().map(|parser| parser.name).collect();
    assert_eq!(known.len(), PARSERS.len(), "two parsers of one name");
    for kind in ["corpus", "found"] {
        for entry in entries(&folder(kind))?.iter().filter(|entry| entry.is_dir()) {
            let name = entry.file_name().and_then(|name| name.to_str()).context("a name")?;
            assert!(known.contains(name), "{kind}/{name} belongs to no parser");
        }
    }
    Ok(())
}
