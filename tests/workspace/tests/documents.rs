//! What the pages say about the tree: links, paths, runbooks, decisions.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use workspace_tests::tree::{files, root};

/// README is read in one sitting; details stand on the pages of their readers.
const MAX_README_BYTES: usize = 8_192;

/// All pages below a folder, from the root.
fn pages(folder: &Path) -> Result<Vec<PathBuf>> {
    let root = root();
    files(&root.join(folder), &[".md"])?.iter().map(|page| Ok(page.strip_prefix(&root)?.to_owned())).collect()
}

/// The targets of a page's links and pictures, without what stands in code.
fn links(page: &str) -> Vec<String> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        found.extend(
            prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(to, _)| to.to_owned()),
        );
    }
    found
}

/// The anchors that GitHub gives to a page's headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            words
                .chars()
                .filter(|letter| letter.is_alphanumeric() || "-_ ".contains(*letter))
                .collect::<String>()
                .replace(' ', "-")
        })
        .collect()
}

#[test]
fn the_readme_is_short() -> Result<()> {
    let bytes = fs::read(root().join("README.md"))?.len();
    assert!(
        bytes < MAX_README_BYTES,
        "README.md has {bytes} bytes; move details to the page of their reader"
    );
    Ok(())
}

#[test]
fn every_link_leads_to_something() -> Result<()> {
    let mut dead = Vec::new();
    let mut followed = 0;
    for page in pages(Path::new(""))? {
        let text = fs::read_to_string(root().join(&page))?;
        for link in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            followed += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let to = if file.is_empty() {
                root().join(&page)
            } else {
                root().join(&page).parent().context("a folder")?.join(file)
            };
            let is_there =
                to.exists() && (anchor.is_empty() || anchors(&fs::read_to_string(&to)?).contains(anchor));
            if !is_there {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{} links lead nowhere:\n{}", dead.len(), dead.join("\n"));
    assert!(followed > 50, "only {followed} links were found");
    Ok(())
}

#[test]
fn links_in_code_are_none() {
    let page = "[a](b.md) `[c](d)` ![e](f.png)\n```\n[g](h)\n```\n[i](#j-k)";
    assert_eq!(links(page), ["b.md", "f.png", "#j-k"]);
    assert_eq!(
        anchors("# One: `two`, three\ntext\n## J k"),
        ["j-k", "one-two-three"].map(str::to_owned).into()
    );
}

/// The files and folders that a page names in code, without those that stand for many.
fn named_paths(page: &str) -> Vec<&str> {
    const BEGINNINGS: [&str; 5] = ["crates/", "deploy/", "tests/", "proto-schemas/", ".github/"];
    let quoted = page.split('`').skip(1).step_by(2);
    let words = quoted.filter(|text| BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)));
    let paths = words.filter_map(|text| text.split_whitespace().next());
    paths.filter(|path| !path.contains(['*', '{', '…', ':'])).collect()
}

#[test]
fn every_named_path_is_there() -> Result<()> {
    let mut missing = Vec::new();
    let mut looked_at = 0;
    // The paths of `tests/requirements.md` have a test of their own.
    let pages = pages(Path::new(""))?.into_iter().filter(|page| !page.ends_with("requirements.md"));
    for page in pages {
        let text = fs::read_to_string(root().join(&page))?.replace("```", "");
        for path in named_paths(&text) {
            looked_at += 1;
            let beside = root().join(&page).with_file_name(path);
            if !root().join(path).exists() && !beside.exists() {
                missing.push(format!("{}: {path}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{} paths are not there:\n{}", missing.len(), missing.join("\n"));
    assert!(looked_at > 40, "only {looked_at} paths were found");
    Ok(())
}

/// Each alert says which page to open.
#[test]
fn every_alert_leads_to_a_runbook() -> Result<()> {
    let rules =
        fs::read_to_string(root().join("deploy/kubernetes/components/monitoring/prometheus-rule.yaml"))?;
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() > 4, "only {} alerts were found", alerts.len());
    for alert in alerts {
        let name = alert.lines().next().context("a name")?;
        let runbook = alert
            .lines()
            .find_map(|line| line.trim().strip_prefix("runbook: "))
            .with_context(|| format!("{name} names no runbook"))?;
        assert!(
            runbook.starts_with("deploy/runbooks/") && root().join(runbook).is_file(),
            "{name} leads to {runbook}"
        );
    }
    Ok(())
}

/// Whoever looks for a runbook finds it from the list.
#[test]
fn every_runbook_is_listed() -> Result<()> {
    let list = fs::read_to_string(root().join("deploy/runbooks/README.md"))?;
    for page in pages(Path::new("deploy/runbooks"))? {
        let name = page.file_name().context("a name")?.to_string_lossy().into_owned();
        assert!(name == "README.md" || list.contains(&format!("]({name})")), "{name} is not in the list");
    }
    Ok(())
}

/// Whoever looks for a decision finds it from the list.
#[test]
fn every_decision_is_listed() -> Result<()> {
    let list = fs::read_to_string(root().join(".github/decisions/README.md"))?;
    for page in pages(Path::new(".github/decisions"))? {
        let name = page.file_name().context("a name")?.to_string_lossy().into_owned();
        assert!(name == "README.md" || list.contains(&format!("]({name})")), "{name} is not in the list");
    }
    Ok(())
}

/// Listeners bind by routing key, and find each on the page for portal developers.
#[test]
fn every_event_is_listed_with_its_routing_key() -> Result<()> {
    let topology = fs::read_to_string(root().join("crates/bus/src/topology.rs"))?;
    let (_, keys) = topology.split_once("fn routing_key").context("the routing keys")?;
    let list = fs::read_to_string(root().join("proto-schemas/README.md"))?;
    let mut listed = 0;
    for line in keys.lines().take_while(|line| !line.starts_with('}')) {
        let Some((event, key)) = line.trim().strip_prefix("Self::").and_then(|arm| arm.split_once(" => \""))
        else {
            continue;
        };
        let row = format!("| `{event}` | `{}` |", key.trim_end_matches("\","));
        assert!(list.contains(&row), "proto-schemas/README.md lacks the row {row}");
        listed += 1;
    }
    assert!(listed > 8, "only {listed} events were found");
    Ok(())
}
