//! `tests/requirements.md` against the tree: every path, test and id that it names exists, and every id that a test or a
//! comment names has a row.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result};
use workspace_tests::tree::{files, root};

/// The module of a requirement that nothing in the tree meets yet.
const NOT_BUILT: &str = "not built";

/// The families of ids that are no error codes; DEATH: what happens when something dies or is cut off.
const REQUIREMENTS: [&str; 5] = ["S", "D", "B", "G", "DEATH"];

/// A row of the table.
struct Row {
    id: String,
    text: String,
    /// Paths, or [`NOT_BUILT`].
    module: String,
    /// As written: `package name`, where a name that ends in `…` stands for all that begin so.
    tests: Vec<String>,
}

impl Row {
    fn modules(&self) -> Vec<&str> {
        quoted(&self.module)
    }

    fn names(&self, package: &str, test: &str) -> bool {
        self.tests.iter().any(|entry| is_named(entry, package, test))
    }
}

/// Whether an entry such as `scheduler d_04_…` names this test.
fn is_named(entry: &str, package: &str, test: &str) -> bool {
    entry.split_once(' ').is_some_and(|(of, name)| {
        of == package && name.strip_suffix('…').map_or(name == test, |start| test.starts_with(start))
    })
}

/// What stands between backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Whether a text is an id, such as `S-16` or `AUTH-01`.
fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(family, number)| {
        !family.is_empty()
            && family.chars().all(|letter| letter.is_ascii_uppercase())
            && number.len() == 2
            && number.chars().all(|digit| digit.is_ascii_digit())
    })
}

fn rows() -> Result<Vec<Row>> {
    let table = fs::read_to_string(root().join("tests/requirements.md"))?;
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, text, module, tests] = cells[..] else { anyhow::bail!("four cells are needed: {line}") };
        if id == "id" || id.starts_with("---") {
            continue;
        }
        anyhow::ensure!(is_id(id), "{id} is no id: {line}");
        rows.push(Row {
            id: id.to_owned(),
            text: text.to_owned(),
            module: module.to_owned(),
            tests: quoted(tests).into_iter().map(str::to_owned).collect(),
        });
    }
    Ok(rows)
}

/// The name of the package in a folder.
fn package(folder: &Path) -> Result<String> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
    Ok(name.with_context(|| folder.display().to_string())?.trim_matches('"').to_owned())
}

/// The names of the functions in a source that are tests.
fn tests_of(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        }
        let function = line.strip_prefix("pub ").unwrap_or(line);
        let function = function.strip_prefix("async ").unwrap_or(function);
        if let Some(rest) = function.strip_prefix("fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            // Of a macro's pattern, the test's name is not known here.
            if is_test && !name.starts_with('$') {
                found.push(name.to_owned());
            }
            is_test = false;
        }
    }
    found
}

/// The tests of each package.
fn tests() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for parent in ["crates", "tests"] {
        for entry in fs::read_dir(root().join(parent))? {
            let folder = entry?.path();
            if !folder.join("Cargo.toml").exists() {
                continue;
            }
            let names = all.entry(package(&folder)?).or_default();
            for file in files(&folder, &[".rs"])? {
                names.extend(tests_of(&fs::read_to_string(file)?));
            }
        }
    }
    let count: usize = all.values().map(BTreeSet::len).sum();
    anyhow::ensure!(count > 1000, "only {count} tests were found");
    Ok(all)
}

/// The ids that a test's name begins with: `s_06_to_s_08_…` names S-06 and S-08.
fn leading_ids(test: &str, families: &BTreeSet<String>) -> Vec<String> {
    let words: Vec<&str> = test.split('_').collect();
    let mut ids = Vec::new();
    let mut at = 0;
    while let Some([family, number]) = words.get(at..at + 2) {
        let id = format!("{}-{number}", family.to_uppercase());
        if !is_id(&id) || !families.contains(&family.to_uppercase()) {
            break;
        }
        ids.push(id);
        at += 2;
        if words.get(at) == Some(&"to") {
            at += 1;
        }
    }
    ids
}

/// The ids of these families in a text.
fn ids_in(text: &str, families: &BTreeSet<String>) -> Vec<String> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        .filter(|word| is_id(word))
        .filter(|word| word.split('-').next().is_some_and(|family| families.contains(family)))
        .map(str::to_owned)
        .collect()
}

/// The comments of a source.
fn comments(file: &Path) -> Result<String> {
    let name = file.to_string_lossy();
    let mark = match name.rsplit('.').next() {
        Some("sql") => "--",
        Some("toml" | "yaml" | "yml") => "#",
        _ => "//",
    };
    let source = fs::read_to_string(file)?;
    let found: Vec<&str> =
        source.lines().filter_map(|line| line.split_once(mark)).map(|(_, comment)| comment).collect();
    Ok(found.join("\n"))
}

/// The codes of the error catalogue, as the domain lists them.
fn codes() -> Result<BTreeSet<String>> {
    let source = fs::read_to_string(root().join("crates/domain/src/error_code.rs"))?;
    let codes: BTreeSet<String> = source
        .lines()
        .filter_map(|line| line.trim().split_once(" = \""))
        .filter_map(|(_, rest)| rest.split_once("\", "))
        .map(|(code, _)| code.to_owned())
        .filter(|code| is_id(code))
        .collect();
    anyhow::ensure!(codes.len() > 30, "only {} codes were found", codes.len());
    Ok(codes)
}

/// The families of all ids.
fn families() -> Result<BTreeSet<String>> {
    let codes = codes()?;
    let of_codes = codes.iter().filter_map(|code| code.split('-').next()).map(str::to_owned);
    Ok(of_codes.chain(REQUIREMENTS.map(str::to_owned)).collect())
}

fn assert_none(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what} (tests/requirements.md):\n{}", wrong.join("\n"));
}

#[test]
fn each_row_is_a_sentence_with_a_module_and_a_test_or_says_that_it_is_not_built() -> Result<()> {
    let rows = rows()?;
    assert!(rows.len() > 130, "only {} rows were found", rows.len());
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for row in &rows {
        if !seen.insert(&row.id) {
            wrong.push(format!("{} has two rows", row.id));
        }
        if !row.text.ends_with('.') || row.text.contains(". ") {
            wrong.push(format!("{}: its text is one sentence", row.id));
        }
        let is_built = row.module != NOT_BUILT;
        if row.modules().is_empty() == is_built || row.tests.is_empty() == is_built {
            wrong.push(format!("{} needs a module and a test, or \"{NOT_BUILT}\" and neither", row.id));
        }
    }
    assert_none(&wrong, "rows that are not whole");
    Ok(())
}

#[test]
fn every_module_that_a_row_names_is_there() -> Result<()> {
    let mut wrong = Vec::new();
    for row in rows()? {
        for path in row.modules().into_iter().filter(|path| !root().join(path).exists()) {
            wrong.push(format!("{}: {path}", row.id));
        }
    }
    assert_none(&wrong, "there is no such file");
    Ok(())
}

#[test]
fn every_test_that_a_row_names_is_there() -> Result<()> {
    let tests = tests()?;
    let mut wrong = Vec::new();
    for row in rows()? {
        for entry in &row.tests {
            let is_there =
                tests.iter().any(|(package, names)| names.iter().any(|name| is_named(entry, package, name)));
            if !is_there {
                wrong.push(format!("{}: {entry}", row.id));
            }
        }
    }
    assert_none(&wrong, "there is no such test");
    Ok(())
}

#[test]
fn every_test_that_is_named_by_a_requirement_stands_in_its_row() -> Result<()> {
    let families = families()?;
    let rows = rows()?;
    let mut wrong = Vec::new();
    for (package, names) in tests()? {
        for name in names {
            for id in leading_ids(&name, &families) {
                if !rows.iter().any(|row| row.id == id && row.names(&package, &name)) {
                    wrong.push(format!("{id}: {package} {name}"));
                }
            }
        }
    }
    assert_none(&wrong, "the row of the id does not name the test");
    Ok(())
}

#[test]
fn every_code_has_a_row_and_every_row_of_a_code_its_code() -> Result<()> {
    let codes = codes()?;
    let rows: BTreeSet<String> = rows()?
        .into_iter()
        .map(|row| row.id)
        .filter(|id| !REQUIREMENTS.contains(&id.split('-').next().unwrap_or_default()))
        .collect();
    assert_none(&Vec::from_iter(codes.difference(&rows).cloned()), "codes without a row");
    assert_none(&Vec::from_iter(rows.difference(&codes).cloned()), "rows without a code in the domain");
    Ok(())
}

#[test]
fn every_id_that_a_comment_names_has_a_row() -> Result<()> {
    let families = families()?;
    let rows: BTreeSet<String> = rows()?.into_iter().map(|row| row.id).collect();
    let mut named = 0;
    let mut wrong = Vec::new();
    for folder in ["crates", "proto-schemas", "deploy", "tests"] {
        for file in files(&root().join(folder), &[".rs", ".sql", ".proto", ".toml", ".yaml", ".yml", ".js"])?
        {
            for id in ids_in(&comments(&file)?, &families) {
                named += 1;
                if !rows.contains(&id) {
                    wrong.push(format!("{id}: {}", file.display()));
                }
            }
        }
    }
    assert!(named > 200, "only {named} ids were found");
    assert_none(&wrong, "ids without a row");
    Ok(())
}

#[test]
fn names_and_ids_are_read_as_they_are_written() {
    let families: BTreeSet<String> = ["S", "B", "LIN"].map(str::to_owned).into();
    let leading = |test: &str| leading_ids(test, &families).join(" ");
    assert_eq!(leading("s_06_to_s_08_what_is_typed"), "S-06 S-08");
    assert_eq!(leading("s_34_b_08_users_are_added"), "S-34 B-08");
    assert_eq!(leading("lin_01_three_odd_contracts"), "LIN-01");
    assert_eq!(leading("case_a4_a_month"), "");
    assert_eq!(leading("a_24_hour_day"), "");
    assert_eq!(ids_in("S-12 to B-14, (LIN-01); S-1 D-01 XS-12", &families), ["S-12", "B-14", "LIN-01"]);
    let source =
        "#[test]\n#[ignore]\nfn one() {}\nfn two() {}\n#[tokio::test(flavor = \"x\")]\nasync fn three() {}";
    assert_eq!(tests_of(source), ["one", "three"]);
}
