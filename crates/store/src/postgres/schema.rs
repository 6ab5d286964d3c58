//! The schema as this program knows it: the numbered migrations, and the definitions that may be edited.

use std::{collections::BTreeSet, sync::OnceLock};

mod embedded {
    refinery::embed_migrations!("migrations");
}

pub(crate) use embedded::migrations;

/// Views, functions and triggers. All run again whenever one of them has changed, after the numbered migrations. Later
/// files may use earlier ones. They belong to the newest migration: a change of one comes with a new migration, so that an
/// older program, which knows fewer, leaves newer definitions alone.
pub(crate) const DEFINITIONS: &[&str] = &[
    include_str!("partner_changes.sql"),
    include_str!("../settings/mapped_targets.sql"),
    include_str!("../settings/must_reread.sql"),
    include_str!("../targets/edits.sql"),
    include_str!("../counts/provider_is_final.sql"),
    include_str!("../counts/frozen_counts.sql"),
    include_str!("../kaseya/places.sql"),
    include_str!("../kaseya/zones.sql"),
    include_str!("../statuses/standings.sql"),
    include_str!("../statuses/waiting_for_sync.sql"),
    include_str!("owner_rights.sql"),
];

/// The tables and views that a statement names after `from`, `join`, `into` or `update`, in that order, or `no table`.
pub(crate) fn tables_of(sql: &str) -> String {
    static KNOWN: OnceLock<BTreeSet<String>> = OnceLock::new();
    let known = KNOWN.get_or_init(known_tables);
    let mut found: Vec<&str> = Vec::new();
    for (before, word) in pairs(sql) {
        let names_table = matches!(before, "from" | "join" | "into" | "update");
        if names_table && known.contains(word) && !found.contains(&word) {
            found.push(word);
        }
    }
    if found.is_empty() { "no table".to_owned() } else { found.join(", ") }
}

/// All that was ever created: a table that a later migration drops is in no statement.
fn known_tables() -> BTreeSet<String> {
    let migrations = migrations::runner();
    let migrations = migrations.get_migrations().iter().filter_map(|migration| migration.sql());
    let mut known = BTreeSet::new();
    for sql in migrations.chain(DEFINITIONS.iter().copied()) {
        let created = pairs(sql).filter(|(before, _)| matches!(*before, "table" | "view"));
        known.extend(created.map(|(_, name)| name.to_owned()));
    }
    known
}

/// Each word of a statement with the word before it, without comments.
fn pairs(sql: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = sql.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    let words = lines.flat_map(words).filter(|word| !word.is_empty());
    words.clone().zip(words.skip(1))
}

fn words(code: &str) -> impl Iterator<Item = &str> + Clone {
    code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::tables_of;

    #[test]
    fn a_statement_names_its_tables_once_and_no_columns_functions_or_comments() {
        let sql = "-- all partners: read from partners
                   with newest as (select company_id from statuses where updated_at > $1)
                   select extract(epoch from opened_at) as at, companies.name from companies
                       join newest using (company_id) left join holds on holds.state is distinct from companies.name
                       cross join unnest($2::text[]) as wanted where exists (select from statuses)";
        assert_eq!(tables_of(sql), "statuses, companies, holds");
        // In two parts: it is no statement of this folder.
        let update = ["update", "jobs set state = $1 where job_id = $2 returning attempt"].join(" ");
        assert_eq!(tables_of(&update), "jobs");
        assert_eq!(tables_of("select pg_notify($1, '')"), "no table");
    }
}
