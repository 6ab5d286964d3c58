//! The plan for one contract.

use std::collections::BTreeMap;

use domain::{
    AccountId, Brake, Change, CompanyState, ContractRead, Decision, ErrorCode, Evidence, ExpectedTotal,
    LeftBehind, PairId, Remark, SeenContract, SeenLine, ServiceId, is_same_total,
};
use jiff::Timestamp;
use kaseya::ContractLine;
use messages::job_content::{Contract, Target};

use crate::{attempt::Attempt, outcome::TargetResult, target_result::result_of};

/// A contract's targets, decided.
#[derive(Default)]
pub(crate) struct Planned {
    /// One decision per target, in their order; empty if nothing can be sent for the contract.
    pub(crate) decided: Vec<DecidedTarget>,
    /// Products with users on lines that they are no longer mapped to and that show units.
    pub(crate) left_behind: Vec<(LeftBehind, ContractLine)>,
    /// One result per target, in their order. Results of writes are overwritten once they are known.
    pub(crate) results: Vec<TargetResult>,
    pub(crate) writes: Vec<PlannedWrite>,
    /// The latest reading of its lines, if they were read.
    pub(crate) reading: Option<Reading>,
    /// Its lines as read.
    pub(crate) lines: Vec<ContractLine>,
    /// Sum of all its lines before any change; `None` if a line has no price.
    pub(crate) lines_total: Option<f64>,
    /// The contract's total before any change, if the survey showed it.
    pub(crate) total: Option<f64>,
    /// The name of its account, if the owner was checked.
    pub(crate) owner_name: Option<String>,
    /// Its account, if the contract was found among that account's contracts.
    pub(crate) owner_account: Option<AccountId>,
    /// The billing cycle, if a person must choose how the contract is billed.
    pub(crate) cycle_to_choose: Option<String>,
    /// The contract as requested again before a change.
    pub(crate) seen: Option<SeenContract>,
}

/// The result of reading a contract's lines.
pub(crate) struct Reading {
    at: Timestamp,
    /// Number of lines per service that is mapped or was ours.
    found: BTreeMap<ServiceId, u32>,
    /// The lines of these services.
    lines: Vec<SeenLine>,
}

impl Reading {
    /// The lines of the services that are mapped here or were ours; other services are not ours to report.
    pub(crate) fn of(contract: &Contract, lines: &[ContractLine], at: Timestamp) -> Self {
        let mapped = contract.targets.iter().map(|target| target.service);
        let ours = mapped.chain(contract.also_look_for.iter().copied());
        let mut found: BTreeMap<ServiceId, u32> = ours.map(|service| (service, 0)).collect();
        let mut seen = Vec::new();
        for line in lines {
            let Some(count) = found.get_mut(&line.service_id) else { continue };
            *count += 1;
            seen.push(SeenLine {
                contract: contract.id,
                service: line.service_id,
                line: line.id,
                units: line.units,
                unit_price: line.unit_price,
                effective_date: line.effective_date,
                seen_at: at,
                is_implied: false,
            });
        }
        Self { at, found, lines: seen }
    }
}

/// The decision about a target, and what Kaseya shows for it.
pub(crate) struct DecidedTarget {
    pub(crate) decision: Decision,
    /// Its line, if there is exactly one.
    pub(crate) line: Option<ContractLine>,
    /// Sum of the units on its lines.
    pub(crate) shown: f64,
    /// Its half of a plan switch.
    pub(crate) half: Option<Half>,
    /// Until when it waits with the other half.
    pub(crate) waits_until: Option<Timestamp>,
    /// Information for people in addition to the decision itself.
    pub(crate) remark: Option<Remark>,
}

/// Half of a plan switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) pair: PairId,
    /// Whether it is the rise, which is written only after Kaseya accepted the fall.
    pub(crate) is_rise: bool,
}

/// A change of a line that was read.
pub(crate) struct PlannedWrite {
    /// The target's place.
    pub(crate) target: usize,
    /// The whole line as Kaseya showed it.
    pub(crate) line: ContractLine,
    pub(crate) change: Change,
    /// Its half of a plan switch.
    pub(crate) half: Option<Half>,
}

impl Planned {
    /// Whether the decisions may rest on part of the lines: the contract's total exceeds the sum of its lines, and
    /// Kaseya gave no count of them. A line could then be reported missing, or left out when the whole contract is
    /// written. A write of a whole list does not rely on a count either, because the count may be that of one page.
    pub(crate) fn may_lack_lines(&self, attempt: &Attempt<'_>, contract: &Contract) -> bool {
        let (Some(sum), Some(total)) = (self.lines_total, self.total) else { return false };
        let whole = attempt.session.writes_whole_contracts();
        let counted = attempt.session.lines_are_counted(contract.id);
        let lacks = |target: &DecidedTarget| match target.decision {
            Decision::NotSent(code) => !counted && code == ErrorCode::Svc01,
            Decision::Write(_) => whole && !counted || attempt.session.writes_whole_lists(),
            _ => false,
        };
        // A total may already include changes that their lines show only from a later day.
        let waits = contract.targets.iter().any(|target| target.remembered.pending.is_some());
        sum < total && !is_same_total(sum, total) && !waits && self.decided.iter().any(lacks)
    }

    pub(crate) fn any_write(&self) -> bool {
        self.decided.iter().any(|target| matches!(target.decision, Decision::Write(_)))
    }

    /// Whether anything is to be written, or would be if a person had chosen how the contract is billed.
    pub(crate) fn would_change(&self) -> bool {
        let waits =
            |target: &DecidedTarget| matches!(target.decision, Decision::Hold(_, Brake::BillingCycle));
        self.any_write() || self.decided.iter().any(waits)
    }

    /// Writes nothing, and gives every target this result.
    pub(crate) fn send_nothing(&mut self, contract: &Contract, code: ErrorCode, remark: Remark) {
        let result = TargetResult::not_sent(code, Some(remark));
        let of = |target: &Target| TargetResult { to: target.wanted_units(), ..result.clone() };
        self.decided.clear();
        self.results = contract.targets.iter().map(of).collect();
    }

    /// Turns the decisions into results and writes.
    pub(crate) fn settle(&mut self, contract: &Contract) {
        for (index, (decided, target)) in self.decided.iter().zip(&contract.targets).enumerate() {
            let cycle = self.cycle_to_choose.as_deref();
            let result = result_of(contract, target, &decided.decision, decided.line.as_ref(), cycle);
            let remarks = result.remarks.into_iter().chain(decided.remark.clone());
            self.results.push(TargetResult {
                remarks: remarks.collect(),
                deferred_until: decided.waits_until.or(result.deferred_until),
                pair: decided.half.map(|half| half.pair),
                ..result
            });
            if let (Decision::Write(change), Some(line)) = (decided.decision, &decided.line) {
                let (line, half) = (line.clone(), decided.half);
                self.writes.push(PlannedWrite { target: index, line, change, half });
            }
        }
    }

    /// The total expected after changes that move it by `moved`; `None` if the survey showed no total.
    pub(crate) fn expected_total(&self, moved: f64) -> Option<ExpectedTotal> {
        let total = self.total?;
        let is_sum = self.lines_total.is_some_and(|sum| is_same_total(sum, total));
        Some(ExpectedTotal { total: total + moved, is_sum })
    }

    /// The targets, by their places, that held their number in the first reading and do not in these lines.
    pub(crate) fn moved_meanwhile(&self, contract: &Contract, lines: &[ContractLine]) -> Vec<usize> {
        let moved = |(place, (decided, target)): (usize, (&DecidedTarget, &Target))| {
            let Decision::Unchanged { line: before } = decided.decision else { return None };
            let mut now = lines.iter().filter(|line| line.service_id == target.service);
            let same = match (before, now.next(), now.next()) {
                (None, None, _) => true,
                (Some(before), Some(line), None) => before.id == line.id && before.units == line.units,
                _ => false,
            };
            (!same).then_some(place)
        };
        self.decided.iter().zip(&contract.targets).enumerate().filter_map(moved).collect()
    }

    /// Records the evidence of each result, once nothing more is read. A number that was sent and not shown does
    /// not count as seen.
    pub(crate) fn rest_on_reading(&mut self) {
        let Some(reading) = &self.reading else { return };
        let read = Evidence::Read(reading.at);
        for result in &mut self.results {
            let shown = !matches!(result.outcome.state, CompanyState::Sent | CompanyState::Deferred);
            result.evidence = Some(if shown { read } else { read.remembered() });
        }
    }

    /// The report of the reading: what was found, the total expected by now, and the lines; `None` if they were not
    /// read.
    pub(crate) fn read(
        &mut self,
        contract: &Contract,
        total_moved: Option<f64>,
    ) -> Option<(ContractRead, Vec<SeenLine>)> {
        let reading = self.reading.take()?;
        let read = ContractRead {
            contract: contract.id,
            read_at: reading.at,
            total_before: self.total,
            total_moved,
            owner_name: self.owner_name.clone(),
            owner_account: self.owner_account,
            found: reading.found,
            lines_total: self.lines_total,
        };
        Some((read, reading.lines))
    }
}
