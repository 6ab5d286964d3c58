//! What an edit of mappings leaves behind, and what of it Kaseya has never shown.

use jiff::civil::Date;
use operations::leftovers::Leftover;
use serde::Serialize;
use store::kaseya::never_shown::NeverShown;
use utoipa::ToSchema;

/// Ids that Kaseya has never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotYetKnown {
    number: usize,
    first: Vec<UnknownId>,
}

/// An id that Kaseya has never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnknownId {
    /// service, contract or account.
    kind: &'static str,
    id: i32,
    /// Its name, as it was saved.
    name: String,
}

/// The most unknown ids in an answer.
const UNKNOWN: usize = 100;

/// A line that an edit has left behind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Left {
    hold_id: String,
    /// The companies whose users were in it.
    company_ids: Vec<String>,
    contract_id: i32,
    contract: String,
    service: String,
    units: f64,
    /// From which day they would be 0.
    from_day: Date,
}

impl From<Leftover> for Left {
    fn from(one: Leftover) -> Self {
        Self {
            hold_id: one.hold.to_string(),
            company_ids: one.companies.iter().map(ToString::to_string).collect(),
            contract_id: one.contract.0.0,
            contract: one.contract.1,
            service: one.service,
            units: one.units,
            from_day: one.from_day,
        }
    }
}

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
