//! New credentials are tried beside those in force, and take their place only if they prove right (B-03).

use connection::{Authenticator, Checked, Finding, Values};
use domain::PartnerId;
use store::settings::Integration;
use vault::KeyRing;

use crate::{apply::ApplyError, settings_file::IntegrationSettings};

/// What becomes of other credentials than those in force.
#[derive(Clone, Copy)]
pub enum Trial<'a> {
    /// They are tried, and stored only if they prove right.
    Beside(&'a Authenticator),
    /// They are stored as they are: from here Kaseya cannot be reached.
    Without,
}

/// The values of a document as they are tried.
pub(crate) fn values(integration: &IntegrationSettings) -> Values {
    Values {
        host: integration.host.clone(),
        v2_base: integration.v2_base.clone(),
        v1_base: integration.v1_base.clone(),
        tenant: integration.tenant.clone(),
        user_name: integration.user_name.clone(),
        password: integration.password.clone(),
    }
}

/// Whether there is something to lose: credentials are in force that Kaseya takes, as far as is known, and these are
/// others. A first save needs no trial.
pub(crate) fn is_a_swap(new: &Values, stored: Option<&Integration>, keys: &KeyRing) -> bool {
    stored.is_some_and(|stored| stored.credentials_refused.is_none() && !new.are_stored(keys, stored))
}

/// Tries values; an error that says which check failed where they do not prove right.
pub(crate) async fn prove(
    authenticator: &Authenticator,
    partner: &PartnerId,
    values: &Values,
) -> Result<(), ApplyError> {
    let authenticated = authenticator.authenticate(partner, values, false).await?;
    if authenticated.is_proven() { Ok(()) } else { Err(ApplyError::NotProven(authenticated.checks)) }
}

/// A check in a line, with a tick or what to do.
pub(crate) fn line(checked: &Checked) -> String {
    let check = checked.check;
    match &checked.finding {
        Finding::Passed => format!("✓ {check}"),
        Finding::Untold(why) => format!("? {check}: {why}"),
        Finding::NotReached => format!("- {check}: not tried"),
        Finding::Failed { code, words } => {
            let said = words.as_ref().map_or_else(String::new, |words| format!("; Kaseya said: {words}"));
            let mend = check.menu().map_or_else(String::new, |menu| format!("; the right is {menu}"));
            format!("✗ {check}: {code}{said}{mend}")
        }
    }
}
