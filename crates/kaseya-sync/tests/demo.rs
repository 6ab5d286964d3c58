//! The demo as a person starts it: the real program, twice on one directory.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

fn demo(directory: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_kaseya-sync"))
        .args(["demo", "--once", "--json", "--data-dir"])
        .arg(directory)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"))
}

fn fields(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is no list: {value}"))
}

/// The companies with this state and code.
fn with_code<'a>(document: &'a Value, state: &str, code: &str) -> Vec<&'a Value> {
    list(document, "companies").iter().filter(|row| row["state"] == state && row["code"] == code).collect()
}

fn check_shape(document: &Value) {
    assert_eq!(fields(document), ["calls", "companies", "runs"]);
    let runs = list(document, "runs");
    let triggers: Vec<&str> = runs.iter().filter_map(|run| run["trigger"].as_str()).collect();
    assert_eq!(triggers, ["schedule", "request"]);
    let mut names = vec![
        "run_id",
        "number",
        "trigger",
        "mode",
        "state",
        "requested_by",
        "started_at",
        "finished_at",
        "companies",
        "changed",
        "unchanged",
        "held",
        "failed",
        "skipped",
        "wait",
    ];
    names.sort_unstable();
    for run in runs {
        assert_eq!(fields(run), names);
        let part = |name: &str| run[name].as_u64().expect("a number");
        let parts: u64 = ["changed", "unchanged", "held", "failed", "skipped"].into_iter().map(part).sum();
        assert_eq!(part("companies"), parts, "{run}");
        assert!(run["started_at"].as_str() <= run["finished_at"].as_str());
    }
    for (endpoint, calls) in document["calls"].as_object().expect("an object") {
        assert!(endpoint.contains(" /") && calls.as_u64() > Some(0), "{endpoint}: {calls}");
    }
    let names = ["name", "account", "contract", "state", "code", "last_sync", "last_change", "changes"];
    for company in list(document, "companies") {
        assert!(names.iter().all(|name| fields(company).contains(name)), "{company}");
        let names = ["effective_date", "from_units", "service", "to_units"];
        for change in list(company, "changes") {
            assert!(names.iter().all(|name| fields(change).contains(name)), "{change}");
        }
    }
}

/// Each special case, where a person looks for it.
fn check_cases(document: &Value) {
    let only = |state, code| {
        let found = with_code(document, state, code);
        assert_eq!(found.len(), 1, "{state} {code}: {found:?}");
        found[0].clone()
    };
    only("not_sent", "CON-01");
    only("not_sent", "SVC-01");
    only("not_sent", "SVC-03");
    only("not_sent", "QTY-02");
    only("unchanged", "MAP-02");
    let unmapped = only("not_mapped", "MAP-01");
    assert!(
        unmapped["account"].is_null() && unmapped["contract"].is_null() && unmapped["last_sync"].is_null()
    );
    assert!(only("held", "QTY-01")["last_sync"].is_null(), "held is not synced (S-39)");

    let names: std::collections::BTreeSet<&str> =
        list(document, "companies").iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names.len(), 40);
    // Several contracts of one account.
    let mut contracts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in list(document, "companies").iter().filter(|row| row["state"] == "unchanged") {
        assert!(row["last_sync"].is_string(), "{row}");
        *contracts.entry(row["name"].as_str().expect("a name")).or_default() += 1;
    }
    assert!(contracts.values().any(|contracts| *contracts > 1));
}

#[test]
fn the_demo_shows_every_case_and_a_second_start_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = demo(directory.path());
    check_shape(&first);
    check_cases(&first);
    let changes: usize = list(&first, "companies").iter().map(|row| list(row, "changes").len()).sum();
    assert!(changes > 20, "the first run writes: {changes}");
    assert!(list(&first, "runs")[0]["changed"].as_u64() > Some(20));
    assert_eq!(list(&first, "runs")[1]["changed"], 0, "the second run finds its own work");
    // Two companies on one line: both rows show the same change.
    let shared: Vec<&Value> = list(&first, "companies")
        .iter()
        .filter(|row| row["account"] == "Whitby & Scarborough Estate Agents")
        .collect();
    assert_eq!(shared.len(), 2);
    assert_eq!((&shared[0]["changes"], list(shared[0], "changes").len()), (&shared[1]["changes"], 1));

    let second = demo(directory.path());
    check_shape(&second);
    check_cases(&second);
    for row in list(&second, "companies") {
        assert!(list(row, "changes").is_empty(), "{row}");
    }
    let ids = |document: &Value| -> Vec<String> {
        list(document, "runs").iter().map(|run| run["run_id"].to_string()).collect()
    };
    assert!(ids(&second).iter().all(|id| !ids(&first).contains(id)));
    let calls = second["calls"].as_object().expect("an object");
    assert!(
        calls.iter().any(|(endpoint, _)| endpoint.starts_with("GET /api/finance/contracts/")),
        "lines are read"
    );
    assert!(calls.keys().all(|endpoint| !endpoint.starts_with("PUT")), "nothing is written: {calls:?}");
}
