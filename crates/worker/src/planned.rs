//! What is planned for one contract.

use std::collections::BTreeMap;

use domain::{
    AccountId, Brake, Change, CompanyState, Decision, ErrorCode, Evidence, ExpectedTotal, LeftBehind, PairId,
    Remark, SeenContract, ServiceId, is_same_total,
};
use jiff::Timestamp;
use kaseya::ContractLine;
use messages::{field::wire_instant, v1};

use crate::{
    attempt::Attempt,
    content::{Contract, Target},
    decided::result_of,
    outcome::TargetResult,
};

/// A contract's targets, decided.
#[derive(Default)]
pub(crate) struct Planned {
    /// What was decided about each target, in their order; none where nothing of the contract can be sent.
    pub(crate) decided: Vec<DecidedTarget>,
    /// Whose users are in lines that nothing of them is mapped to any more, and that show units.
    pub(crate) left_behind: Vec<(LeftBehind, ContractLine)>,
    /// One result per target, in their order. Those to be written are overwritten once it is known what came of it.
    pub(crate) results: Vec<TargetResult>,
    /// What is to be written.
    pub(crate) writes: Vec<PlannedWrite>,
    /// What the newest reading of its lines found, if they were read.
    pub(crate) reading: Option<Reading>,
    /// Its lines as they were read.
    pub(crate) lines: Vec<ContractLine>,
    /// What all its lines added up to before any change; `None` where one has no price.
    pub(crate) lines_total: Option<f64>,
    /// The contract's total before any change, if the survey showed it.
    pub(crate) total: Option<f64>,
    /// The name of its account, when it was asked whose it is.
    pub(crate) owner_name: Option<String>,
    /// Its account, when it was found among that one's contracts.
    pub(crate) owner_account: Option<AccountId>,
    /// The billing cycle, where a person is to choose how the contract is billed.
    pub(crate) cycle_to_choose: Option<String>,
    /// The contract as it was asked for again before a change.
    pub(crate) seen: Option<SeenContract>,
}

/// What a reading of a contract's lines found.
pub(crate) struct Reading {
    /// When.
    at: Timestamp,
    /// How many lines there are of each service that is mapped or was ours.
    found: BTreeMap<ServiceId, u32>,
    /// The lines of these services.
    lines: Vec<v1::LineSeen>,
}

impl Reading {
    /// What lines say of the services that are mapped here or were ours; others are none of our business.
    pub(crate) fn of(contract: &Contract, lines: &[ContractLine], at: Timestamp) -> Self {
        let mapped = contract.targets.iter().map(|target| target.service);
        let ours = mapped.chain(contract.also_look_for.iter().copied());
        let mut found: BTreeMap<ServiceId, u32> = ours.map(|service| (service, 0)).collect();
        let mut seen = Vec::new();
        for line in lines {
            let Some(count) = found.get_mut(&line.service_id) else { continue };
            *count += 1;
            seen.push(v1::LineSeen {
                contract_id: Some(contract.id.0),
                service_id: Some(line.service_id.0),
                line_id: Some(line.id.0),
                units: Some(line.units),
                unit_price: line.unit_price,
                effective_date: line.effective_date.map(|day| day.to_string()),
                seen_at: Some(wire_instant(at)),
                implied_by_total: None,
            });
        }
        Self { at, found, lines: seen }
    }
}

/// What was decided about a target, and what Kaseya shows for it.
pub(crate) struct DecidedTarget {
    /// What is to be done.
    pub(crate) decision: Decision,
    /// Its line, where there is exactly one.
    pub(crate) line: Option<ContractLine>,
    /// What its lines show, all together.
    pub(crate) shown: f64,
    /// Its part in a plan switch.
    pub(crate) half: Option<Half>,
    /// Until when it waits with the other half.
    pub(crate) waits_until: Option<Timestamp>,
    /// What people need to know beside what the decision itself says.
    pub(crate) remark: Option<Remark>,
}

/// A part in a plan switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Half {
    /// Which plan switch.
    pub(crate) pair: PairId,
    /// Whether it is the rise, which is written only when Kaseya took the fall.
    pub(crate) is_rise: bool,
}

/// A change of a line that was read.
pub(crate) struct PlannedWrite {
    /// Which target, by its place.
    pub(crate) target: usize,
    /// The whole line as Kaseya showed it.
    pub(crate) line: ContractLine,
    /// The change.
    pub(crate) change: Change,
    /// Its part in a plan switch.
    pub(crate) half: Option<Half>,
}

impl Planned {
    /// Whether what is decided rests on lines that may be a part: the contract's total is more than they add up to, and nothing told
    /// how many there are. A line would be said to be missing, or left out of a contract that is written whole; a list that is
    /// written whole rests on no count either, which may be that of a page alone.
    pub(crate) fn may_lack_lines(&self, attempt: &Attempt<'_>, contract: &Contract) -> bool {
        let (Some(sum), Some(total)) = (self.lines_total, self.total) else { return false };
        let whole = attempt.session.writes_whole_contracts();
        let counted = attempt.session.lines_are_counted(contract.id);
        let lacks = |target: &DecidedTarget| match target.decision {
            Decision::NotSent(code) => !counted && code == ErrorCode::Svc01,
            Decision::Write(_) => whole && !counted || attempt.session.writes_whole_lists(),
            _ => false,
        };
        // A total may be ahead of lines that wait for their day.
        let waits = contract.targets.iter().any(|target| target.remembered.pending.is_some());
        sum < total && !is_same_total(sum, total) && !waits && self.decided.iter().any(lacks)
    }

    /// Whether anything is to be written.
    pub(crate) fn any_write(&self) -> bool {
        self.decided.iter().any(|target| matches!(target.decision, Decision::Write(_)))
    }

    /// Whether anything is to be written, or would be if a person had chosen how the contract is billed.
    pub(crate) fn would_change(&self) -> bool {
        let waits =
            |target: &DecidedTarget| matches!(target.decision, Decision::Hold(_, Brake::BillingCycle));
        self.any_write() || self.decided.iter().any(waits)
    }

    /// Nothing is written, and each target comes out so.
    pub(crate) fn send_nothing(&mut self, contract: &Contract, code: ErrorCode, remark: Remark) {
        let result = TargetResult::not_sent(code, Some(remark));
        let of = |target: &Target| TargetResult { to: target.wanted_units(), ..result.clone() };
        self.decided.clear();
        self.results = contract.targets.iter().map(of).collect();
    }

    /// Makes results and writes of what was decided.
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

    /// What the total should be once these changes have moved it by so much; `None` where the survey showed none.
    pub(crate) fn expected_total(&self, moved: f64) -> Option<ExpectedTotal> {
        let total = self.total?;
        let is_sum = self.lines_total.is_some_and(|sum| is_same_total(sum, total));
        Some(ExpectedTotal { total: total + moved, is_sum })
    }

    /// The targets, by their places, that were found to hold their number and that these lines show otherwise.
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

    /// Says of each result what it rests on, once nothing more is read. A number that was sent and not shown is not seen.
    pub(crate) fn rest_on_reading(&mut self) {
        let Some(reading) = &self.reading else { return };
        let read = Evidence::Read(reading.at);
        for result in &mut self.results {
            let shown = !matches!(result.outcome.state, CompanyState::Sent | CompanyState::Deferred);
            result.evidence = Some(if shown { read } else { read.remembered() });
        }
    }

    /// That the contract was read, what was found, and what its total should be by now, with the lines; `None` when they
    /// were not read.
    pub(crate) fn read(
        &mut self,
        contract: &Contract,
        total_moved: Option<f64>,
    ) -> Option<(v1::ContractRead, Vec<v1::LineSeen>)> {
        let reading = self.reading.take()?;
        let found = reading
            .found
            .iter()
            .map(|(service, lines)| v1::ServiceFound { service_id: Some(service.0), lines: Some(*lines) });
        let read = v1::ContractRead {
            contract_id: Some(contract.id.0),
            read_at: Some(wire_instant(reading.at)),
            total_before: self.total,
            total_moved,
            owner_name: self.owner_name.clone(),
            owner_account_id: self.owner_account.map(|account| account.0),
            found: found.collect(),
            lines_total: self.lines_total,
        };
        Some((read, reading.lines))
    }
}
