//! What Kaseya shows of a contract beside its lines, and whether it can be billed on.

use domain::{ContractId, ErrorCode, is_recurring_services};
use jiff::{Timestamp, civil::Date};
use kaseya::SurveyedContract;
use messages::{
    FieldError,
    field::{self, required, wire_instant},
    v1,
};

use crate::content::Contract;

/// A contract as a survey or a look-up showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The contract.
    pub id: ContractId,
    /// Its name.
    pub name: String,
    /// The name of its account; `None` where it was only looked up.
    pub account_name: Option<String>,
    /// Its type in Kaseya's words; `None` where it was only looked up.
    pub contract_type: Option<String>,
    /// Whether it is active; `None` where Kaseya's words do not tell.
    pub active: Option<bool>,
    /// How often it bills in Kaseya's words; `None` where it was only looked up.
    pub billing_cycle: Option<String>,
    /// Its first day.
    pub start: Option<Date>,
    /// Its last day, if it has one.
    pub end: Option<Date>,
    /// The total of all its lines; `None` where it was only looked up.
    pub total: Option<f64>,
}

impl From<kaseya::Contract> for Shown {
    fn from(contract: kaseya::Contract) -> Self {
        Self {
            id: contract.id,
            name: contract.name,
            account_name: None,
            contract_type: None,
            active: Some(contract.is_active),
            billing_cycle: None,
            start: None,
            end: contract.end_date,
            total: None,
        }
    }
}

impl From<SurveyedContract> for Shown {
    fn from(contract: SurveyedContract) -> Self {
        // No list of Kaseya's words for a status is published: what is not this one is asked of the look-up.
        let active = contract.status.trim().eq_ignore_ascii_case("active").then_some(true);
        Self {
            id: contract.id,
            name: contract.name,
            account_name: Some(contract.account_name),
            contract_type: Some(contract.contract_type),
            active,
            billing_cycle: Some(contract.billing_cycle),
            start: contract.start_date,
            end: contract.end_date,
            total: contract.total,
        }
    }
}

/// What a run's survey said of a contract: what it showed, or that Kaseya does not show it.
pub(crate) fn read_seen(seen: v1::ContractSeen) -> Result<Option<Shown>, FieldError> {
    if !required("shown", seen.shown)? {
        return Ok(None);
    }
    Ok(Some(Shown {
        id: ContractId(required("contract_id", seen.contract_id)?),
        name: seen.name,
        account_name: seen.account_name,
        contract_type: seen.contract_type,
        active: seen.active,
        billing_cycle: seen.billing_cycle,
        start: field::optional_day("start_date", seen.start_date.as_deref())?,
        end: field::optional_day("end_date", seen.end_date.as_deref())?,
        total: seen.total.map(|total| field::decimal("total", Some(total))).transpose()?,
    }))
}

/// The same as a field; without `shown`, that Kaseya does not show it.
pub(crate) fn wire_seen(id: ContractId, shown: Option<&Shown>, at: Timestamp) -> v1::ContractSeen {
    let not_shown = v1::ContractSeen {
        contract_id: Some(id.0),
        shown: Some(shown.is_some()),
        seen_at: Some(wire_instant(at)),
        ..v1::ContractSeen::default()
    };
    let Some(shown) = shown else { return not_shown };
    v1::ContractSeen {
        name: shown.name.clone(),
        account_name: shown.account_name.clone(),
        contract_type: shown.contract_type.clone(),
        active: shown.active,
        billing_cycle: shown.billing_cycle.clone(),
        start_date: shown.start.map(|day| day.to_string()),
        end_date: shown.end.map(|day| day.to_string()),
        total: shown.total,
        ..not_shown
    }
}

/// Why a contract cannot be billed on, if it cannot.
pub(crate) fn out_of_use(contract: &Contract, shown: Option<&Shown>) -> Option<(ErrorCode, String)> {
    let name = &contract.name;
    let Some(shown) = shown else {
        return Some((ErrorCode::Con02, format!("Kaseya no longer shows the contract \"{name}\".")));
    };
    if shown.active == Some(false) {
        return Some((ErrorCode::Con02, format!("The contract \"{name}\" is not active in Kaseya.")));
    }
    if let Some(kind) = shown.contract_type.as_ref().filter(|kind| !is_recurring_services(kind)) {
        return Some((
            ErrorCode::Con03,
            format!("The contract \"{name}\" is of type \"{kind}\", and units live on Recurring Services."),
        ));
    }
    let newest_count = contract
        .targets
        .iter()
        .flat_map(|target| &target.addends)
        .filter_map(|addend| addend.count.map(|count| count.day))
        .max();
    match (shown.end, newest_count) {
        (Some(end), Some(day)) if end < day => Some((
            ErrorCode::Con01,
            format!("The contract \"{name}\" ended on {end}, before the count of {day}."),
        )),
        _ => None,
    }
}
