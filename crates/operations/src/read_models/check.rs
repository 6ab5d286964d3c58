//! What came of trying credentials.

use connection::{Authenticated, Checked, Finding};
use domain::NextTry;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A check, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// Which: log_in_v2, api_access, view_accounts, view_contracts, view_services, log_in_v1, view_lines or modify_contracts.
    check: &'static str,
    /// passed, failed, untold or not_reached.
    finding: &'static str,
    /// The code of the error catalogue.
    code: Option<&'static str>,
    /// What Kaseya said.
    kaseya_said: Option<String>,
    /// What was wrong with Kaseya's answer, in English, where Kaseya itself said nothing about it.
    fault: Option<String>,
    /// Why it is untold, in English.
    why: Option<&'static str>,
    /// Where the right is given, in the words of Kaseya's menus, where its lack is the cause or may be.
    menu: Option<&'static str>,
}

impl From<&Checked> for Check {
    fn from(checked: &Checked) -> Self {
        let (finding, code, kaseya_said) = match &checked.finding {
            Finding::Passed => ("passed", None, None),
            Finding::Untold(_) => ("untold", None, None),
            Finding::NotReached => ("not_reached", None, None),
            Finding::Failed { code, words, .. } => {
                ("failed", Some(code.as_str()), words.as_ref().map(ToString::to_string))
            }
        };
        let fault = match &checked.finding {
            Finding::Failed { fault, .. } => fault.map(|fault| fault.to_string()),
            _ => None,
        };
        let why = match &checked.finding {
            Finding::Untold(why) => Some(*why),
            _ => None,
        };
        Self { check: checked.check.as_str(), finding, code, kaseya_said, fault, why, menu: checked.right() }
    }
}

/// Set when another refusal is the last one.
pub fn last_try_until(tried: &Authenticated) -> Option<Timestamp> {
    match tried.next_try {
        NextTry::Last(until) => Some(until),
        NextTry::Free | NextTry::NotBefore(_) => None,
    }
}

/// From when on new values can be tried.
pub fn not_before(tried: &Authenticated) -> Option<Timestamp> {
    match tried.next_try {
        NextTry::NotBefore(until) => Some(until),
        NextTry::Free | NextTry::Last(_) => None,
    }
}
