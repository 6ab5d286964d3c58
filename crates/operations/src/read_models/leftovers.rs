//! What an edit of mappings leaves behind.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::leftovers::Leftover;

/// A line left over by an edit: nothing is mapped to it any more.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Left {
    /// Hold for the line.
    hold_id: String,
    /// Companies whose users were on the line.
    company_ids: Vec<String>,
    contract_id: i32,
    /// Contract name.
    contract: String,
    /// Service name.
    service: String,
    /// Units of the line.
    units: f64,
    /// First day with 0 units if the hold is approved.
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
