//! What to say about values that were tried (S-14): help with the check that failed, and what another time zone
//! means.

use advice::{Advice, Facts, Reader};
use connection::{Authenticated, Checked, Finding};
use jiff::tz::TimeZone;

/// What to do about the first check that failed.
pub fn help(checks: &[Checked], host: &str, reader: &Reader) -> Option<Advice> {
    let (code, said) = checks.iter().find_map(|checked| match &checked.finding {
        Finding::Failed { code, words, .. } => Some((*code, words)),
        Finding::Passed | Finding::Unknown(_) | Finding::NotReached => None,
    })?;
    let kaseya_says = said.as_ref().map(ToString::to_string);
    let facts = Facts { host: Some(host.to_owned()), kaseya_says, ..Facts::default() };
    Some(advice::advise(code, &facts, reader))
}

/// What Kaseya's time zone means for the invoice day, if it differs from the reader's.
pub fn zones(tried: &Authenticated, reader: &Reader) -> Option<String> {
    let kaseya = TimeZone::get(tried.time_zone.as_deref()?).ok()?;
    advice::zones(&kaseya, reader)
}
