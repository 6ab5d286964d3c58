//! The reference of all settings, made from the defaults that the programs compile in.

use std::fmt::Write as _;

/// Each file of defaults with its title, the programs that read it, and its text, in the order of the page.
const FILES: &[(&str, &str, &str)] = &[
    ("All programs", "all programs", include_str!("../../../crates/runtime/src/defaults.toml")),
    (
        "Postgres",
        "`kaseya-sync-scheduler`, `kaseya-sync-results`, `kaseya-sync-portal`, `kaseya-sync`",
        include_str!("../../../crates/store/src/defaults.toml"),
    ),
    (
        "Kaseya",
        "`kaseya-sync-worker`, `kaseya-sync-portal`, `kaseya-sync`",
        include_str!("../../../crates/kaseya/src/defaults.toml"),
    ),
    ("Scheduler", "`kaseya-sync-scheduler`", include_str!("../../../crates/scheduler/src/defaults.toml")),
    ("Worker", "`kaseya-sync-worker`", include_str!("../../../crates/worker/src/defaults.toml")),
    ("Results", "`kaseya-sync-results`", include_str!("../../../crates/results/src/defaults.toml")),
    ("Portal", "`kaseya-sync-portal`", include_str!("../../../crates/portal/src/defaults.toml")),
    (
        "Operator's program, standalone and demo",
        "`kaseya-sync`",
        include_str!("../../../crates/kaseya-sync/src/defaults.toml"),
    ),
];

const INTRODUCTION: &str = "\
# Configuration

<!-- Generated from the defaults: cargo run -q -p workspace-tests --example configuration > deploy/configuration.md -->

Each program merges three layers; the later layer wins, key by key:

1. the defaults on this page, compiled into the program;
2. a TOML file, if `--config FILE` is given;
3. environment variables `KASEYA_SYNC_SECTION__KEY`, such as `KASEYA_SYNC_BUS__URI_FILE`.

A program that finds an unknown section or key refuses to start and names it. Durations are numbers with a unit: `30s`, `15m`.
In an environment variable a list is written as in TOML: `KASEYA_SYNC_KASEYA__ALLOWED_HOSTS='[\"psa.example.net\"]'`.

**Secrets come from files only.** A key marked *secret file* holds a path. The file holds the secret and nothing else; one line
end at its end is ignored. Secrets cannot be given in the TOML file, in the environment or on the command line.

A partner's settings (connection, mappings, schedule, brakes) are not configuration: they are in the portal, in its API, and in
the file of `kaseya-sync apply`, which [`sample-partner.toml`](sample-partner.toml) explains.
";

const EXCEPTIONS: &str = "
Sections that are not listed here have the services' defaults above. Two defaults depend on the command: `log.filter` is `warn`
and `log.format` is `text` for all commands but `standalone`; `health.listen` is `127.0.0.1:9090` for `standalone`, and a free
port of `127.0.0.1` for `demo`.
";

/// One key of a section, as its defaults describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    name: String,
    value: String,
    /// Whether the value is an example: the key has no default.
    is_example: bool,
    help: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    name: String,
    help: String,
    keys: Vec<Key>,
}

/// The whole page.
#[must_use]
pub fn document() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut listed: Vec<Section> = Vec::new();
    for (title, programs, text) in FILES {
        let _ = write!(page, "\n## {title}\n\nRead by {programs}.\n");
        let repeats_others = *title == FILES[FILES.len() - 1].0;
        for section in sections(text) {
            let is_listed =
                listed.iter().any(|other| other.name == section.name && other.keys == section.keys);
            if !(repeats_others && is_listed) {
                page.push_str(&table(&section));
            }
            listed.push(section);
        }
    }
    page + EXCEPTIONS
}

/// The sections of a file of defaults. A key or section that stands in a comment has no default.
fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut help = String::new();
    for line in text.lines() {
        let (content, is_comment) = match line.strip_prefix("# ") {
            Some(content) => (content, true),
            None => (line, false),
        };
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push(Section {
                name: name.to_owned(),
                help: std::mem::take(&mut help),
                keys: Vec::new(),
            });
        } else if let Some((name, value)) = content.split_once(" = ").filter(|(name, _)| is_key(name)) {
            let key = Key {
                name: name.to_owned(),
                value: value.to_owned(),
                is_example: is_comment,
                help: std::mem::take(&mut help),
            };
            if let Some(section) = sections.last_mut() {
                section.keys.push(key);
            }
        } else if content.is_empty() {
            help.clear();
        } else {
            help.push_str(if help.is_empty() { "" } else { " " });
            help.push_str(content);
        }
    }
    sections
}

fn is_key(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

fn table(section: &Section) -> String {
    let mut text = format!("\n### `[{}]`\n", section.name);
    if !section.help.is_empty() {
        let _ = write!(text, "\n{}\n", section.help);
    }
    text.push_str("\n| key | default | environment variable | meaning |\n|---|---|---|---|\n");
    for Key { name, value, is_example, help } in &section.keys {
        let default = if *is_example { format!("none (e.g. `{value}`)") } else { format!("`{value}`") };
        let variable =
            format!("KASEYA_SYNC_{}__{name}", section.name.replace('.', "__")).to_ascii_uppercase();
        let mark = if is_secret(name) { "*Secret file.* " } else { "" };
        let _ = writeln!(text, "| `{name}` | {default} | `{variable}` | {mark}{help} |");
    }
    text
}

/// Every path in the defaults whose name ends so leads to a secret.
fn is_secret(name: &str) -> bool {
    name.ends_with("_file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_and_without_a_default_are_read_with_their_comments() {
        let text = "[a]\n# One,\n# two.\nx = 1\n\n# Left alone.\n\n# Optional.\n# y_file = \"/z\"\n# Nested.\n# [a.b]\n# Third.\n# z = 2\n";
        let [first, second] = &sections(text)[..] else { panic!("two sections") };
        assert_eq!(
            (first.name.as_str(), second.name.as_str(), second.help.as_str()),
            ("a", "a.b", "Nested.")
        );
        let told: Vec<_> =
            first.keys.iter().map(|key| (key.name.as_str(), key.is_example, key.help.as_str())).collect();
        assert_eq!(told, [("x", false, "One, two."), ("y_file", true, "Optional.")]);
        assert!(table(first).contains("| `KASEYA_SYNC_A__Y_FILE` | *Secret file.* Optional. |"));
        assert!(table(second).contains("`KASEYA_SYNC_A__B__Z`"));
    }
}
