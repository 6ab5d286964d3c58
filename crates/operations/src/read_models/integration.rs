//! How the integration stands.

use domain::IntegrationState;
use jiff::Timestamp;
use serde::Serialize;
use store::settings::RefusedCredentials;
use utoipa::ToSchema;

/// The state of the switch as a word: `not_set_up`, `on`, `switching_off` or `off`.
pub fn state_word(state: Option<IntegrationState>) -> &'static str {
    state.map_or("not_set_up", IntegrationState::as_str)
}

/// Kaseya's refusal of the stored credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refused {
    /// Code of the error catalogue.
    code: &'static str,
    /// When Kaseya refused them.
    at: Timestamp,
}

impl From<RefusedCredentials> for Refused {
    fn from(refused: RefusedCredentials) -> Self {
        Self { code: refused.code.as_str(), at: refused.at }
    }
}
