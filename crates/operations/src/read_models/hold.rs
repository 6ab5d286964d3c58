//! A change that waits for a person.

use advice::Language;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::holds::HoldRow;
use utoipa::ToSchema;

use super::Advice;
use crate::Advising;

/// A held change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hold {
    hold_id: String,
    /// open, approved or dismissed.
    state: String,
    /// Which brake holds it.
    brake: &'static str,
    /// The companies whose users are in the number.
    company_ids: Vec<String>,
    contract_id: i32,
    service_id: i32,
    /// What Kaseya shows.
    from_units: f64,
    /// What waits.
    to_units: u32,
    effective_date: Date,
    opened_at: Timestamp,
    /// What the two halves of a plan switch have in common: they are decided together.
    pair_id: Option<String>,
    /// The difference each month at the line's price, in hundredths.
    money_cents: Option<i64>,
    advice: Advice,
}

impl Hold {
    /// A hold with its advice in the reader's language.
    pub fn of(row: &HoldRow, advising: &Advising<'_>, language: Language) -> Self {
        Self {
            hold_id: row.hold.to_string(),
            state: row.state.clone(),
            brake: row.brake.as_str(),
            company_ids: row.companies.iter().map(ToString::to_string).collect(),
            contract_id: row.contract.0,
            service_id: row.service.0,
            from_units: row.from_units,
            to_units: row.to_units,
            effective_date: row.effective_date,
            opened_at: row.opened_at,
            pair_id: row.pair.map(|pair| pair.to_string()),
            money_cents: advising.money_of(row).map(|money| money.cents),
            advice: Advice::of(advising.of_hold(row, language), language),
        }
    }
}
