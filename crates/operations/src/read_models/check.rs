//! What came of trying credentials.

use connection::{Authenticated, Checked, Finding};
use domain::NextTry;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A check of the credentials and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// `log_in_v2`, `api_access`, `view_accounts`, `view_contracts`, `view_services`, `log_in_v1`, `view_lines` or
    /// `modify_contracts`.
    check: &'static str,
    /// `passed`, `failed`, `untold` (not known; see `why`) or `not_reached` (not tried after an earlier failure).
    finding: &'static str,
    /// Code of the error catalogue. Null unless the check failed.
    code: Option<&'static str>,
    /// Kaseya's own message. Null without one.
    kaseya_said: Option<String>,
    /// What was wrong with Kaseya's response, in English, if Kaseya itself sent no message about it.
    fault: Option<String>,
    /// Why the finding is `untold`, in English. Null for any other finding.
    why: Option<&'static str>,
    /// Where the right is granted, as a path in Kaseya's menus. Null unless a missing right is or may be the cause.
    menu: Option<&'static str>,
}

impl From<&Checked> for Check {
    fn from(checked: &Checked) -> Self {
        let (finding, code, kaseya_said) = match &checked.finding {
            Finding::Passed => ("passed", None, None),
            Finding::Unknown(_) => ("untold", None, None),
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
            Finding::Unknown(why) => Some(*why),
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
