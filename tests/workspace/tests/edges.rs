//! Which crate may import which, read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;
use workspace_tests::tree::metadata;

/// For each crate of the workspace: the crates of the workspace that it may import. Who is not here may import none.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("advice", &["domain"]),
    ("messages", &["domain"]),
    ("bus", &["domain", "messages"]),
    ("bus-rabbitmq", &["bus", "domain", "messages"]),
    ("store", &["domain"]),
    ("egress", &["domain"]),
    ("kaseya", &["domain", "egress"]),
    ("connection", &["domain", "kaseya", "store", "vault"]),
    ("operations", &["advice", "bus", "connection", "domain", "kaseya", "messages", "store", "vault"]),
    ("runtime", &["bus", "bus-rabbitmq", "domain", "store"]),
    ("scheduler", &["bus", "domain", "messages", "runtime", "store"]),
    ("worker", &["bus", "domain", "egress", "kaseya", "messages", "runtime", "vault"]),
    ("results", &["bus", "domain", "messages", "runtime", "store"]),
    (
        "portal",
        &[
            "advice",
            "bus",
            "connection",
            "domain",
            "egress",
            "kaseya",
            "messages",
            "operations",
            "runtime",
            "store",
            "vault",
        ],
    ),
];

/// The operator's program and the tests' own crates may import all.
const MAY_IMPORT_ALL: &[&str] = &[
    "kaseya-sync",
    "testkit",
    "fuzz",
    "browser-tests",
    "end-to-end-tests",
    "histories-tests",
    "workspace-tests",
];

/// Libraries that one crate of ours alone may name, in what it is made of.
const OWNED: &[(&str, &[&str])] = &[
    ("lapin", &["bus-rabbitmq"]),
    ("tokio-postgres", &["store"]),
    ("deadpool-postgres", &["store"]),
    ("reqwest", &["egress"]),
];

struct Package {
    name: String,
    /// What it is made of: normal and build dependencies.
    made_of: BTreeSet<String>,
}

fn workspace() -> Result<Vec<Package>> {
    let metadata = metadata(&["--no-deps"])?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a name");
    metadata["packages"]
        .as_array()
        .context("packages")?
        .iter()
        .map(|package| {
            let made_of = package["dependencies"]
                .as_array()
                .context("dependencies")?
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| text(&dependency["name"]))
                .collect::<Result<_>>()?;
            Ok(Package { name: text(&package["name"])?, made_of })
        })
        .collect()
}

#[test]
fn crates_import_only_what_the_picture_allows() -> Result<()> {
    let packages = workspace()?;
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    assert!(ours.len() > 15, "the workspace was not read: {ours:?}");
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in packages.iter().filter(|package| !MAY_IMPORT_ALL.contains(&package.name.as_str())) {
        let may = allowed.get(package.name.as_str()).copied().unwrap_or_default();
        for import in package.made_of.iter().filter(|import| ours.contains(import.as_str())) {
            if !may.contains(&import.as_str()) {
                wrong.push(format!("{} imports {import}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "not in the picture: {wrong:#?}");
    Ok(())
}

#[test]
fn every_rule_names_crates_that_exist() -> Result<()> {
    let packages = workspace()?;
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let named = MAY_IMPORT
        .iter()
        .flat_map(|(name, imports)| imports.iter().chain(std::iter::once(name)))
        .chain(MAY_IMPORT_ALL)
        .chain(OWNED.iter().flat_map(|(_, owners)| owners.iter()));
    for name in named {
        assert!(ours.contains(name), "{name} is named by a rule and is no crate of the workspace");
    }
    Ok(())
}

#[test]
fn a_library_with_an_owner_is_named_by_no_other_crate() -> Result<()> {
    for package in workspace()?.iter().filter(|package| package.name != "testkit") {
        for (library, owners) in OWNED {
            let named = package.made_of.contains(*library);
            let owner = owners.contains(&package.name.as_str());
            assert!(!named || owner, "{} names {library}; only {owners:?} may", package.name);
            assert!(named || !owner, "{} is said to own {library} and does not name it", package.name);
        }
    }
    Ok(())
}

#[test]
fn the_simulator_shares_nothing_with_the_client() -> Result<()> {
    let packages = workspace()?;
    let simulator =
        packages.iter().find(|package| package.name == "kaseya-simulator").context("kaseya-simulator")?;
    for ours in ["kaseya", "egress", "domain"] {
        assert!(!simulator.made_of.contains(ours), "the simulator must not share {ours}'s mistakes");
    }
    Ok(())
}
