//! One planned write and its result.

use domain::{ErrorCode, FieldChange, IntentId, IntentResult, Remark};
use jiff::{Timestamp, civil::Date};
use kaseya::ContractLine;
use messages::job_content::Contract;

use crate::planned::PlannedWrite;

/// One planned write and its result.
pub(crate) struct Tried {
    /// The contract's place, and the write's place among that contract's planned writes.
    pub(crate) place: (usize, usize),
    pub(crate) intent: IntentId,
    pub(crate) result: IntentResult,
    pub(crate) code: Option<ErrorCode>,
    /// What the second reading of the contract found.
    pub(crate) remark: Option<Remark>,
    /// Differences of the line from before the change, other than units and date; the price comes first.
    pub(crate) beside: Vec<Remark>,
    /// The line's fields behind `beside` that this change has changed.
    pub(crate) fields_changed: Vec<FieldChange>,
    pub(crate) kaseya_says: Option<String>,
    /// Effective date of the line when it was read again with our units.
    pub(crate) dated: Option<Date>,
    pub(crate) at: Timestamp,
}

impl Tried {
    pub(crate) fn not_begun(place: (usize, usize), intent: IntentId, at: Timestamp) -> Self {
        Self {
            place,
            intent,
            result: IntentResult::NotBegun,
            code: None,
            remark: None,
            beside: Vec::new(),
            fields_changed: Vec::new(),
            kaseya_says: None,
            dated: None,
            at,
        }
    }

    /// Whether the response said that the endpoint does not exist.
    pub(crate) fn is_not_served(&self) -> bool {
        self.result == IntentResult::Refused && self.code == Some(ErrorCode::Lin01)
    }

    /// If the line has gone since it was read, the endpoint is not at fault.
    pub(crate) fn find_line_gone(
        &mut self,
        contract: &Contract,
        write: &PlannedWrite,
        shown: Option<&[ContractLine]>,
    ) {
        let is_gone = shown.is_some_and(|lines| lines.iter().all(|line| line.id != write.change.line));
        if self.is_not_served() && is_gone {
            let service = contract.targets[write.target].service_name.clone();
            self.code = Some(ErrorCode::Svc01);
            self.remark = Some(Remark::LineMissing { service, contract: contract.name.clone() });
        }
    }

    /// Whether the response reported the call limit.
    pub(crate) fn is_limited(&self) -> bool {
        self.code == Some(ErrorCode::Lim01)
    }

    /// A change was rejected if its response reported the call limit and the second reading does not show it.
    pub(crate) fn take_for_turned_away(&mut self, write: &PlannedWrite, shown: Option<&[ContractLine]>) {
        let as_before = |line: &ContractLine| line.id == write.change.line && line.units == write.change.from;
        let is_as_before = shown.is_some_and(|lines| lines.iter().any(as_before));
        if self.is_limited() && self.result == IntentResult::Unsure && is_as_before {
            self.result = IntentResult::Refused;
        }
    }
}
