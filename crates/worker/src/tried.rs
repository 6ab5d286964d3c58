//! One write that was to be made, and what became of it.

use domain::{ErrorCode, IntentId, Remark};
use jiff::{Timestamp, civil::Date};
use kaseya::ContractLine;
use messages::v1::ChangeResult;

use crate::{content::Contract, planned::PlannedWrite};

/// One write that was to be made.
pub(crate) struct Tried {
    /// Its contract's place, and its own among that one's planned writes.
    pub(crate) place: (usize, usize),
    pub(crate) intent: IntentId,
    pub(crate) result: ChangeResult,
    pub(crate) code: Option<ErrorCode>,
    /// What was found when the contract was read again.
    pub(crate) remark: Option<Remark>,
    /// What of the line is another than before the change beside units and date, its price first.
    pub(crate) beside: Vec<Remark>,
    pub(crate) kaseya_says: Option<String>,
    /// The effective date that the line held when it was read again with our units.
    pub(crate) dated: Option<Date>,
    pub(crate) at: Timestamp,
}

impl Tried {
    pub(crate) fn not_begun(place: (usize, usize), intent: IntentId, at: Timestamp) -> Self {
        Self {
            place,
            intent,
            result: ChangeResult::NotBegun,
            code: None,
            remark: None,
            beside: Vec::new(),
            kaseya_says: None,
            dated: None,
            at,
        }
    }

    /// Whether the answer said that there is no such call.
    pub(crate) fn is_not_served(&self) -> bool {
        self.result == ChangeResult::Refused && self.code == Some(ErrorCode::Lin01)
    }

    /// Where the line has gone since it was read, the call for it is not at fault.
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

    /// Whether the answer spoke of the call limit.
    pub(crate) fn is_limited(&self) -> bool {
        self.code == Some(ErrorCode::Lim01)
    }

    /// A change that was answered with the call limit, and that the second reading does not show, was turned away.
    pub(crate) fn take_for_turned_away(&mut self, write: &PlannedWrite, shown: Option<&[ContractLine]>) {
        let as_before = |line: &ContractLine| line.id == write.change.line && line.units == write.change.from;
        let is_as_before = shown.is_some_and(|lines| lines.iter().any(as_before));
        if self.is_limited() && self.result == ChangeResult::Unsure && is_as_before {
            self.result = ChangeResult::Refused;
        }
    }
}
