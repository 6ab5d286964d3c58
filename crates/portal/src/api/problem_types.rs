//! The status, name and title of refusals that say more than one thing.

use axum::http::StatusCode;
use connection::{NotRead, NotTried};
use operations::not_saved::NotSaved;

pub(crate) fn not_saved(refusal: &NotSaved) -> (StatusCode, &'static str, &'static str) {
    let conflict = StatusCode::CONFLICT;
    match refusal {
        NotSaved::NotConnected => (conflict, "not-connected", "Save the connection first"),
        NotSaved::Stale { .. } => (StatusCode::PRECONDITION_FAILED, "stale", "Changed meanwhile"),
        NotSaved::AddCompaniesTogether(_) => (conflict, "add-companies-together", "Add users together?"),
        NotSaved::AddProductsTogether(_) => (conflict, "add-products-together", "Add users together?"),
        NotSaved::SharedTenant => (conflict, "shared-tenant", "Use the same Kaseya company?"),
        NotSaved::NotTried(NotTried::RefusedBefore { .. }) => (conflict, "refused-before", "Refused before"),
        NotSaved::NotTried(NotTried::NotBefore { .. } | NotTried::TooOften { .. }) => {
            (StatusCode::TOO_MANY_REQUESTS, "too-many-logins", "Too many logins")
        }
        NotSaved::NotTried(NotTried::CallLimit) => {
            (StatusCode::TOO_MANY_REQUESTS, "call-limit", "Calls are used up")
        }
        NotSaved::NotProven(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not-proven", "Credentials not proven"),
        NotSaved::UnknownPartner
        | NotSaved::Mistakes(_)
        | NotSaved::NotTried(NotTried::NoAddress(_) | NotTried::Store(_))
        | NotSaved::NeverDue
        | NotSaved::Store(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not-saved", "Not saved"),
    }
}

/// The status, name and title of a look-up that found out nothing.
pub(crate) fn not_read(error: &NotRead) -> (StatusCode, &'static str, &'static str) {
    match error {
        NotRead::NotConnected => (StatusCode::CONFLICT, "not-connected", "Save the connection first"),
        NotRead::NotTried(NotTried::NotBefore { .. }) => {
            (StatusCode::TOO_MANY_REQUESTS, "too-many-logins", "Too many logins")
        }
        NotRead::NotTried(NotTried::TooOften { .. }) => {
            (StatusCode::TOO_MANY_REQUESTS, "too-many-look-ups", "Too many look-ups")
        }
        NotRead::NotTried(NotTried::CallLimit) => {
            (StatusCode::TOO_MANY_REQUESTS, "call-limit", "Calls are used up")
        }
        NotRead::Refused { .. } | NotRead::NotOpened | NotRead::NotAllowed | NotRead::NotTried(_) => {
            (StatusCode::CONFLICT, "credentials", "The stored credentials do not open Kaseya")
        }
        NotRead::Call(_) => (StatusCode::BAD_GATEWAY, "kaseya", "Kaseya did not answer as it should"),
        NotRead::Ending | NotRead::Store(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "ending", "The portal is ending")
        }
    }
}
