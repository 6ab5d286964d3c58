//! Ids of the mappings that Kaseya has never shown (A23).

use serde::Serialize;
use store::kaseya::never_shown::NeverShown;
use utoipa::ToSchema;

/// Ids in mappings that Kaseya has never shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NotYetKnown {
    /// Number of these ids.
    number: usize,
    /// The first 100 of them.
    first: Vec<UnknownId>,
}

/// An id that Kaseya has never shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UnknownId {
    /// `service`, `contract` or `account`.
    kind: &'static str,
    id: i32,
    /// Name as saved.
    name: String,
}

/// Maximum number of unknown ids in a response.
const UNKNOWN: usize = 100;

impl NotYetKnown {
    /// These ids, not too many of them.
    pub fn of(unknown: Vec<NeverShown>) -> Self {
        let number = unknown.len();
        let first = unknown.into_iter().take(UNKNOWN).map(|unknown| UnknownId {
            kind: unknown.of.as_str(),
            id: unknown.id,
            name: unknown.name,
        });
        Self { number, first: first.collect() }
    }
}
