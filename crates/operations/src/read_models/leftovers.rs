//! What an edit of mappings leaves behind.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::leftovers::Leftover;

/// A line that an edit has left behind.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Left {
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
