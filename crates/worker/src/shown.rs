//! Whether a contract can be billed on, by what Kaseya shows of it beside its lines.

use domain::{ErrorCode, ShownContract, is_recurring_services};

use crate::content::Contract;

/// Why a contract cannot be billed on, if it cannot.
pub(crate) fn out_of_use(contract: &Contract, shown: &ShownContract) -> Option<(ErrorCode, String)> {
    let name = &contract.name;
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
