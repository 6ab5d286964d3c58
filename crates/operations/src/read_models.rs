//! Read models: what is shown of a partner, with one name per field.
//!
//! The portal's API, `--json` of the operator's program, the demo's document and the spreadsheet files all use these
//! types, so a field that one of them shows has the same name and meaning in the others. The doc comments are the
//! descriptions in the API's document.

mod advice;
mod check;
mod company;
mod hold;
mod integration;
mod journal;
mod leftovers;
mod mapping;
mod never_shown;
mod numbers;
mod run;
mod security_event;
mod status;
mod token;
mod waiting;

pub use advice::Advice;
pub use check::{Check, last_try_until, not_before};
pub use company::{Company, Counted};
pub use hold::Hold;
pub use integration::{Refused, state_word};
pub use journal::{Added, JournalEntry};
pub use leftovers::Left;
pub use mapping::{ContractName, Mapping};
pub use never_shown::{NotYetKnown, UnknownId};
pub use numbers::{NotReadyCompanies, Numbers};
pub use run::{CompanyOfRun, Planned, Run, Waits};
pub use security_event::SecurityEvent;
pub use status::{AdvisedStatus, ProductStatus, Status, StatusRow};
pub use token::Token;
pub use waiting::Waiting;

/// The fields of a read model, as its schema names them.
#[cfg(test)]
pub(crate) fn fields<M: utoipa::ToSchema>() -> Vec<String> {
    let schema = serde_json::to_value(M::schema()).expect("a schema is JSON");
    let parts = schema["allOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    let of_part = |part: &serde_json::Value| part["properties"].as_object().cloned().unwrap_or_default();
    parts.iter().flat_map(|part| of_part(part).into_iter().map(|(name, _)| name)).collect()
}
