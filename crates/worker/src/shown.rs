//! Whether a contract can still be billed, from what Kaseya shows apart from its lines.

use domain::{ErrorCode, Remark, ShownContract, is_recurring_services};
use messages::job_content::Contract;

/// Why a contract can no longer be billed, if that is so.
pub(crate) fn out_of_use(contract: &Contract, shown: &ShownContract) -> Option<(ErrorCode, Remark)> {
    let name = || contract.name.clone();
    if shown.active == Some(false) {
        return Some((ErrorCode::Con02, Remark::ContractNotActive { contract: name() }));
    }
    if let Some(kind) = shown.contract_type.as_ref().filter(|kind| !is_recurring_services(kind)) {
        let remark = Remark::ContractOfType { contract: name(), contract_type: kind.clone() };
        return Some((ErrorCode::Con03, remark));
    }
    let newest_count = contract
        .targets
        .iter()
        .flat_map(|target| &target.addends)
        .filter_map(|addend| addend.count.map(|count| count.day))
        .max();
    match (shown.end, newest_count) {
        (Some(end), Some(count_day)) if end < count_day => {
            Some((ErrorCode::Con01, Remark::ContractEnded { contract: name(), end, count_day }))
        }
        _ => None,
    }
}
