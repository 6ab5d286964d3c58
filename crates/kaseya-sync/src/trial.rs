//! New credentials are tried next to the stored ones, and replace them only if they work (B-03).

use connection::{Authenticator, Checked, Finding};
use domain::NextTry;

/// What happens to credentials that differ from the stored ones.
#[derive(Clone, Copy)]
pub enum Trial<'a> {
    /// They are tried, and stored only if they work.
    Beside(&'a Authenticator),
    /// They are stored untried: Kaseya cannot be reached from here.
    Without,
}

/// What another refusal would lead to, if anything.
pub(crate) fn next_try(next: NextTry) -> Option<String> {
    match next {
        NextTry::Free => None,
        NextTry::Last(until) => Some(format!(
            "one try is left: if it is refused too, new values can be tried again from {until} on (AUTH-08), because Kaseya \
             locks a user after 5 refusals"
        )),
        NextTry::NotBefore(until) => Some(format!(
            "no try is left: new values can be tried again from {until} on (AUTH-08), because Kaseya locks a user after 5 \
             refusals"
        )),
    }
}

/// A check as one line, with a tick or what to do.
pub(crate) fn line(checked: &Checked) -> String {
    let check = checked.check;
    match &checked.finding {
        Finding::Passed => format!("✓ {check}"),
        Finding::Untold(why) => format!("? {check}: {why}"),
        Finding::NotReached => format!("- {check}: not tried"),
        Finding::Failed { code, words, fault } => {
            let said = words.as_ref().map_or_else(String::new, |words| format!("; Kaseya said: {words}"));
            let fault = fault.map_or_else(String::new, |fault| format!("; {fault}"));
            let right = checked.right().map_or_else(String::new, |menu| format!("; the right is {menu}"));
            format!("✗ {check}: {code}{said}{fault}{right}")
        }
    }
}
