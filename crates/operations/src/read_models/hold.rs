//! A change that waits for a person.

use advice::Language;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::holds::HoldRow;
use utoipa::ToSchema;

use super::Advice;
use crate::Advising;

/// A change that waits for a person, or a decision that is still in effect.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hold {
    hold_id: String,
    /// `open`, `approved` or `dismissed`.
    state: String,
    /// The brake that holds it: `fall_to_zero`, `large_change`, `many_companies`, `plan_switch`, `drift`,
    /// `billing_cycle`, `set_elsewhere`, `leftover` or `later_final`.
    brake: &'static str,
    /// Companies whose users are in the number.
    company_ids: Vec<String>,
    /// Contract id in Kaseya.
    contract_id: i32,
    /// Service id in Kaseya.
    service_id: i32,
    /// Units that Kaseya shows for the line.
    from_units: f64,
    /// Units that are held.
    to_units: u32,
    /// First day with the new units.
    effective_date: Date,
    opened_at: Timestamp,
    /// Id shared by the two halves of a plan switch, which are decided together. Null outside a plan switch.
    pair_id: Option<String>,
    /// Monthly price difference at the line's price, in hundredths of the currency of Kaseya's prices. Null if the
    /// price is unknown.
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
