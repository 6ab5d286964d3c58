//! The state machines of jobs, runs and holds, checked in every test database: a statement with a transition that
//! the domain does not know fails, and so does its test.

use domain::{HoldState, JobState, RunState};

/// The application name of connections with which a test sets up its initial state.
pub(crate) const BY_HAND: &str = "by hand";

/// Triggers that refuse all transitions except the domain's.
pub(crate) fn watched() -> String {
    [
        watch("jobs", JobState::ALL, JobState::as_str, JobState::may_become),
        watch("runs", RunState::ALL, RunState::as_str, RunState::may_become),
        watch("holds", HoldState::ALL, HoldState::as_str, HoldState::may_become),
    ]
    .concat()
}

fn watch<S: Copy>(
    table: &str,
    all: &[S],
    word: fn(S) -> &'static str,
    may_become: fn(S, S) -> bool,
) -> String {
    let from_to = all.iter().flat_map(|from| all.iter().map(move |to| (*from, *to)));
    let known: Vec<String> = from_to
        .filter(|(from, to)| may_become(*from, *to))
        .map(|(from, to)| format!("('{}', '{}')", word(from), word(to)))
        .collect();
    format!(
        "create function watched_{table}() returns trigger language plpgsql as $$ begin
             raise exception '{table} may not go from % to %', old.state, new.state;
         end $$;
         create trigger watched before update of state on {table} for each row
             when (old.state <> new.state and (old.state, new.state) not in ({})
                   and current_setting('application_name') <> '{BY_HAND}')
             execute function watched_{table}();",
        known.join(", ")
    )
}
