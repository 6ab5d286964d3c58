//! No files import one another in a circle.
//!
//! A file imports what its `use` items and the paths in its code name, in macros and attributes too. A module that only hands a
//! name on is passed through to the file that defines the name; one that defines what its children take, and takes something from
//! them, is in a circle with them. Calls of methods and associated functions lead to the file that defines the type, and code that
//! is compiled for tests alone is not read.

mod arrows;
mod made_up;
mod tree;

use std::{fs, path::Path, thread};

use anyhow::{Context as _, Result, anyhow};

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
    fn read(folder: &Path, root: &Path, files: &mut Files) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                read(&path, root, files)?;
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root)?.to_str().context("a path that is text")?.to_owned();
                files.insert(name, fs::read_to_string(&path)?);
            }
        }
        Ok(())
    }
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut files = Files::new();
    for entry in fs::read_dir(root.join("crates"))? {
        read(&entry?.path().join("src"), root, &mut files)?;
    }
    Ok(files)
}

#[test]
fn no_files_import_one_another_in_a_circle() -> Result<()> {
    let found: Vec<String> = circles_of(&sources()?)?.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "move what both sides take to a file of its own:\n{}", found.join("\n"));
    Ok(())
}
