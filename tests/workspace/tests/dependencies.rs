//! What the tree is made of: licences, sources, one version each (`.deny.toml`), and no dependency that nobody uses.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use workspace_tests::tree::{self, files, root};

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    rename: Option<String>,
    /// `None` for what the package itself is made of.
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
    sources: Sources,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Bans {
    skip: Vec<Exception>,
    skip_tree: Vec<Exception>,
}

/// `name@version`, where the version may end early, and why.
#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    of: String,
    reason: String,
}

impl Exception {
    fn is(&self, name: &str, version: &str) -> bool {
        self.of.split_once('@').is_some_and(|(known, begins)| {
            known == name
                && version.strip_prefix(begins).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

fn metadata() -> Result<Metadata> {
    let metadata: Metadata = serde_json::from_value(tree::metadata(&[])?)?;
    ensure!(metadata.packages.len() > 100, "only {} packages", metadata.packages.len());
    Ok(metadata)
}

fn rules() -> Result<Rules> {
    Ok(toml::from_str(&fs::read_to_string(root().join(".deny.toml"))?)?)
}

#[test]
fn every_licence_is_allowed() -> Result<()> {
    let allowed = rules()?.licenses.allow;
    let allowed: Vec<spdx::Licensee> = allowed
        .iter()
        .map(|text| spdx::Licensee::parse(text).context(text.clone()))
        .collect::<Result<_>>()?;
    for package in metadata()?.packages.iter().filter(|package| package.source.is_some()) {
        let license =
            package.license.as_deref().with_context(|| format!("{} names no licence", package.name))?;
        let expression = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX)?;
        let allows = expression.evaluate(|asked| allowed.iter().any(|licensee| licensee.satisfies(asked)));
        assert!(allows, "{} {} has the licence {license}", package.name, package.version);
    }
    Ok(())
}

#[test]
fn every_source_is_allowed() -> Result<()> {
    let allowed: BTreeSet<String> =
        rules()?.sources.allow_registry.iter().map(|registry| format!("registry+{registry}")).collect();
    for package in metadata()?.packages {
        if let Some(source) = package.source {
            assert!(allowed.contains(&source), "{} comes from {source}", package.name);
        }
    }
    Ok(())
}

/// The versions of each package that are reached without the trees that are skipped.
fn versions<'a>(metadata: &'a Metadata, skipped: &[Exception]) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let packages: BTreeMap<&str, &Package> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let needs: BTreeMap<&str, &[String]> =
        metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node.dependencies.as_slice())).collect();
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = metadata.workspace_members.iter().map(String::as_str).collect();
    while let Some(id) = open.pop() {
        let package = packages[id];
        if !seen.insert(id) || skipped.iter().any(|skip| skip.is(&package.name, &package.version)) {
            continue;
        }
        found.entry(&package.name).or_default().insert(&package.version);
        open.extend(needs.get(id).copied().unwrap_or_default().iter().map(String::as_str));
    }
    found
}

#[test]
fn a_package_has_one_version_or_a_reason_for_more() -> Result<()> {
    let (metadata, bans) = (metadata()?, rules()?.bans);
    let mut wrong = Vec::new();
    for exception in bans.skip.iter().chain(&bans.skip_tree) {
        let stands = metadata.packages.iter().any(|package| exception.is(&package.name, &package.version));
        if exception.reason.is_empty() || !stands {
            wrong.push(format!("{} is skipped without a reason, or nothing needs it any more", exception.of));
        }
    }
    for (name, versions) in versions(&metadata, &bans.skip_tree) {
        let left = versions.iter().filter(|version| !bans.skip.iter().any(|skip| skip.is(name, version)));
        if left.count() > 1 {
            wrong.push(format!("{name} has several versions: {versions:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// All Rust below a folder, as one text; empty where the crate has no such folder.
fn rust(folder: &Path) -> Result<String> {
    if !folder.exists() {
        return Ok(String::new());
    }
    files(folder, &[".rs"])?.iter().map(|file| Ok(fs::read_to_string(file)?)).collect()
}

/// Named nowhere in a crate, and needed all the same: by code that its build writes.
const UNNAMED: &[(&str, &str)] = &[("messages", "pbjson")];

#[test]
fn no_dependency_is_unused() -> Result<()> {
    let metadata = metadata()?;
    let mut unused = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.source.is_none()) {
        let folder = package.manifest_path.parent().context("a folder")?;
        let made_of = rust(&folder.join("src"))?;
        let built_by = fs::read_to_string(folder.join("build.rs")).unwrap_or_default();
        let tested_by = ["tests", "benches", "examples"]
            .iter()
            .map(|part| rust(&folder.join(part)))
            .collect::<Result<String>>()?;
        for dependency in &package.dependencies {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
            let is_named = |text: &str| {
                text.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .any(|word| word == name.replace('-', "_"))
            };
            let is_used = match dependency.kind.as_deref() {
                None => is_named(&made_of),
                Some("build") => is_named(&built_by),
                Some(_) => is_named(&tested_by) || is_named(&made_of),
            };
            if !is_used && !UNNAMED.contains(&(package.name.as_str(), name)) {
                unused.push(format!("{} needs {name}", package.name));
            }
        }
    }
    assert!(unused.is_empty(), "{unused:#?}");
    Ok(())
}
