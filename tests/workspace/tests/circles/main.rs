//! No files import one another in a circle.
//!
//! A file imports what its `use` items and the paths in its code name, in macros and attributes too. A module that only hands a
//! name on is passed through to the file that defines the name; one that defines what its children take, and takes something from
//! them, is in a circle with them. Calls of methods and associated functions lead to the file that defines the type, and code that
//! is compiled for tests alone is not read.

mod arrows;
mod made_up;
mod tree;

use std::{fs, thread};

use anyhow::{Context as _, Result, anyhow};
use workspace_tests::tree::{files, root};

use arrows::{Arrows, Circle, arrows, circles};
use tree::{Files, Tree};

fn circles_of(files: &Files) -> Result<Vec<Circle>> {
    let roots = files.keys().filter(|path| path.ends_with("src/lib.rs") || path.ends_with("src/main.rs"));
    // Each crate on a thread of its own: parsing them all takes seconds.
    let found: Result<Vec<Arrows>> = thread::scope(|scope| {
        let reading: Vec<_> =
            roots.map(|root| scope.spawn(move || Ok(arrows(&Tree::read(root, files)?)))).collect();
        reading.into_iter().map(|reader| reader.join().map_err(|_| anyhow!("a reader failed"))?).collect()
    });
    Ok(circles(&found?.into_iter().flatten().collect()))
}

/// The source files of the workspace's crates.
fn sources() -> Result<Files> {
    let root = root();
    let mut sources = Files::new();
    for entry in fs::read_dir(root.join("crates"))? {
        for path in files(&entry?.path().join("src"), &[".rs"])? {
            let name = path.strip_prefix(&root)?.to_str().context("a path that is text")?.to_owned();
            sources.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(sources)
}

#[test]
fn no_files_import_one_another_in_a_circle() -> Result<()> {
    let found: Vec<String> = circles_of(&sources()?)?.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "move what both sides take to a file of its own:\n{}", found.join("\n"));
    Ok(())
}
