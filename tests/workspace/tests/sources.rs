//! What no source file may say, and what each statement must.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use workspace_tests::tree::{files, root};

/// The string literals of a Rust source that look like SQL, as written.
fn statements(source: &str) -> Vec<&str> {
    const BEGINNINGS: [&str; 6] = ["select ", "insert ", "update ", "delete ", "with ", "-- "];
    source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| {
            BEGINNINGS.iter().any(|beginning| text.trim_start().to_lowercase().starts_with(beginning))
        })
        .collect()
}

fn store_statements() -> Result<Vec<(PathBuf, String)>> {
    let mut all = Vec::new();
    for file in files(&root().join("crates/store/src"), &[".rs"])? {
        let source = fs::read_to_string(&file)?;
        // Escaped quotes would shift the pairs; the store's statements have none.
        all.extend(statements(&source).into_iter().map(|statement| (file.clone(), statement.to_owned())));
    }
    anyhow::ensure!(all.len() > 40, "only {} statements were found in the store", all.len());
    Ok(all)
}

/// Asking the time of the database is the calibrated clock's business alone.
#[test]
fn no_statement_asks_the_database_for_the_time() -> Result<()> {
    let mut texts = store_statements()?;
    for folder in ["crates/store/migrations", "crates/store/src"] {
        for file in files(&root().join(folder), &[".sql"])? {
            texts.push((file.clone(), fs::read_to_string(&file)?));
        }
    }
    for (file, text) in texts.iter().filter(|(file, _)| !file.ends_with("clock.rs")) {
        for forbidden in [
            "now()",
            "current_timestamp",
            "current_date",
            "localtime",
            "clock_timestamp",
            "statement_timestamp",
        ] {
            assert!(!text.to_lowercase().contains(forbidden), "{} says {forbidden}: {text}", file.display());
        }
    }
    Ok(())
}

/// The tables whose rows belong to a partner, read from the migrations.
fn partners_tables() -> Result<Vec<String>> {
    let mut tables = Vec::new();
    for file in files(&root().join("crates/store/migrations"), &[".sql"])? {
        let text = fs::read_to_string(&file)?;
        for definition in text.split("create table ").skip(1) {
            let (name, columns) = definition.split_once(" (").context("a table's name")?;
            let columns = columns.split(";").next().unwrap_or_default();
            if columns.lines().any(|line| line.trim_start().starts_with("partner_id ")) {
                tables.push(name.to_owned());
            }
        }
    }
    anyhow::ensure!(tables.len() > 20, "only {} tables of partners were found", tables.len());
    Ok(tables)
}

/// Whether one of these words stands before the table's name in a statement.
fn touches(statement: &str, words: &[&str], table: &str) -> bool {
    let all: Vec<&str> =
        statement.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    all.windows(2).any(|pair| words.contains(&pair[0]) && pair[1] == table)
}

/// What stands before a table whose rows are chosen.
const CHOOSES: &[&str] = &["from", "join", "update", "using"];

/// A statement on a partner's rows is bound to the partner, or says why it is for all of them.
#[test]
fn every_statement_is_bound_to_a_partner_or_says_why_not() -> Result<()> {
    let tables = partners_tables()?;
    let mut unbound = Vec::new();
    for (file, statement) in store_statements()? {
        let chooses = tables.iter().any(|table| touches(&statement, CHOOSES, table));
        let inserts = tables.iter().any(|table| touches(&statement, &["into"], table));
        let bound = statement.contains("partner_id = $") || statement.contains("partner_id = any($");
        let named = statement.contains("partner_id");
        if (chooses && !bound || inserts && !named) && !statement.contains("-- all partners:") {
            unbound.push(format!("{}: {statement}", file.display()));
        }
    }
    assert!(
        unbound.is_empty(),
        "{} statements without their partner:\n{}",
        unbound.len(),
        unbound.join("\n\n")
    );
    Ok(())
}

#[test]
fn what_touches_a_table_is_seen() {
    for (statement, seen) in [
        ("select * from runs where run_id = $1", true),
        ("insert into runs (run_id) values ($1)", false),
        ("delete from jobs using runs where true", true),
        ("select runs from jobs", false),
        ("select * from runs_of_old", false),
    ] {
        assert_eq!(touches(statement, CHOOSES, "runs"), seen, "{statement}");
    }
}

/// The top level is what was agreed, and nothing else.
#[test]
fn the_top_level_is_as_agreed() -> Result<()> {
    const AGREED: [&str; 9] = [
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE",
        "README.md",
        "crates",
        "deploy",
        "docker-compose.yml",
        "proto-schemas",
        "tests",
    ];
    for entry in fs::read_dir(root())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let ignored = name.starts_with('.') || name.starts_with("target");
        assert!(ignored || AGREED.contains(&name.as_str()), "{name} does not belong on the top level");
    }
    for name in AGREED {
        assert!(root().join(name).exists(), "{name} is missing on the top level");
    }
    Ok(())
}

/// `.github/SECURITY.md` calls a requirement met by the test that holds it, written `crate/target:name`.
#[test]
fn the_tests_that_the_threat_model_names_are_there() -> Result<()> {
    let text = fs::read_to_string(root().join(".github/SECURITY.md"))?;
    let mut named = 0;
    for quoted in text.split('`').skip(1).step_by(2) {
        let Some(((package, target), test)) =
            quoted.split_once(':').and_then(|(place, test)| Some((place.split_once('/')?, test)))
        else {
            continue;
        };
        let is_name = |text: &str, others: &str| {
            !text.is_empty()
                && text.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
        };
        if !is_name(package, "-") || !is_name(target, "_") || !is_name(test, "_") || package == "crate" {
            continue;
        }
        named += 1;
        let crates = [
            root().join("crates").join(package),
            root().join("tests").join(package.trim_end_matches("-tests")),
        ];
        let folder = crates.iter().find(|folder| folder.is_dir()).with_context(|| quoted.to_owned())?;
        let places = if target == "lib" {
            files(&folder.join("src"), &[".rs"])?
        } else {
            let mut places = files(&folder.join("tests").join(target), &[".rs"]).unwrap_or_default();
            places
                .extend(Some(folder.join("tests").join(format!("{target}.rs"))).filter(|file| file.exists()));
            places
        };
        let function = format!("fn {test}(");
        let mut sources = places.iter().map(fs::read_to_string);
        let is_there = sources.any(|source| source.is_ok_and(|source| source.contains(&function)));
        anyhow::ensure!(is_there, "no test is called {quoted}");
    }
    anyhow::ensure!(named > 80, "only {named} names were found");
    Ok(())
}

/// All tables, read from the migrations.
fn tables() -> Result<BTreeSet<String>> {
    let mut tables = BTreeSet::new();
    for file in files(&root().join("crates/store/migrations"), &[".sql"])? {
        let text = fs::read_to_string(&file)?;
        tables.extend(
            text.split("create table ")
                .skip(1)
                .filter_map(|rest| rest.split([' ', '(']).next())
                .map(str::to_owned),
        );
    }
    anyhow::ensure!(tables.len() > 40, "only {} tables were found", tables.len());
    Ok(tables)
}

/// The table that a statement, or a part of one, writes to.
fn written(statement: &str) -> impl Iterator<Item = &str> {
    let words: Vec<&str> =
        statement.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let mut written = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let next = |after: usize| words.get(at + after).copied();
        match (*word, next(1)) {
            ("insert", Some("into")) | ("delete", Some("from")) => written.extend(next(2)),
            ("update", Some(table)) => written.push(table),
            _ => {}
        }
    }
    written.into_iter()
}

/// Whoever looks for all that changes a table's rows looks into one folder.
#[test]
fn each_table_is_written_by_one_folder() -> Result<()> {
    let tables = tables()?;
    let source = root().join("crates/store/src");
    let mut writers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut statements = store_statements()?;
    for file in files(&source, &[".sql"])? {
        statements.push((file.clone(), fs::read_to_string(&file)?));
    }
    for (file, statement) in statements {
        let below = file.strip_prefix(&source)?;
        let folder =
            below.with_extension("").iter().next().context("a folder")?.to_string_lossy().into_owned();
        for table in written(&statement).filter(|table| tables.contains(*table)) {
            writers.entry(table.to_owned()).or_default().insert(folder.clone());
        }
    }
    let shared: Vec<_> = writers.iter().filter(|(_, folders)| folders.len() > 1).collect();
    assert!(shared.is_empty(), "tables with several writing folders: {shared:?}");
    let unwritten: Vec<_> = tables.iter().filter(|table| !writers.contains_key(*table)).collect();
    assert!(unwritten.is_empty(), "tables that nobody writes: {unwritten:?}");
    Ok(())
}

#[test]
fn writes_are_told_from_reads() {
    let statement =
        "with gone as (delete from lines using contracts where a) insert into targets (a) select b from jobs
                     on conflict do update set a = 1 returning (select 1 from runs for update of runs)";
    assert_eq!(written(statement).collect::<Vec<_>>(), ["lines", "targets", "set", "of"]);
    assert_eq!(written("-- all partners\nupdate jobs set a = 1").collect::<Vec<_>>(), ["jobs"]);
}
