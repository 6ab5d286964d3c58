//! A slice of a job: the contracts of one attempt, one after the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{CompanyState, ContractId, ErrorCode, Outcome, PairId, RunMode, ShownContract, Trigger};
use kaseya::BmsError;
use messages::{job_content::Contract, job_done::JobDone};

use crate::{
    attempt::{Attempt, Interrupted, LAST_SETBACK, Said, Verdict},
    contract::plan_contract,
    findings::{Findings, Left, host_failed},
    in_hand::{InHand, Written},
    line_writes::write_changes,
    outcome::TargetResult,
    plan_switch::{join_halves, worked_on_together},
    survey::survey,
};

/// After this many contracts with lines that do not fit the line profile, and none that fit, the rest are not read.
const MOST_MISFITS: usize = 3;

/// What is known of the slice's contracts before work on them starts.
struct LookedUp {
    shown: BTreeMap<ContractId, ShownContract>,
    /// Contracts for which the look-up leaves open whether they exist.
    not_known: BTreeSet<ContractId>,
}

/// A contract, the results of its targets so far, and what interrupted the rest.
type WorkedOn<'c> = (&'c Contract, Vec<Option<TargetResult>>, Option<Interrupted>);

impl Attempt<'_> {
    /// Works through the slice. Always reports what was started.
    pub(crate) async fn run(&self) -> JobDone {
        let mut findings = Findings::default();
        if self.content.trigger == Trigger::Probe {
            match self.session.prove_login().await {
                Ok(user) => {
                    findings.answered_calls += 1;
                    findings.kaseya_zone = user.time_zone;
                }
                Err(error) => findings.note_failure(&error),
            }
            return self.job_done(findings);
        }
        if let Some(work) = &self.content.survey {
            survey(self, work, &mut findings).await;
            return self.job_done(findings);
        }
        if self.content.contracts.is_empty() {
            return self.job_done(findings);
        }
        match self.look_up(&mut findings).await {
            Ok(shown) => self.work_through(&shown, &mut findings).await,
            Err(error) => {
                findings.note_failure(&error);
                let verdict = self.judge(&error);
                for contract in &self.content.contracts {
                    self.conclude(contract, Vec::new(), &verdict, false, &mut findings);
                }
            }
        }
        self.job_done(findings)
    }

    /// Signs in, and looks up those of the slice's contracts that no survey has shown. Signs in to the API of the
    /// lines before anything is planned, because a write never logs in.
    async fn look_up(&self, findings: &mut Findings) -> Result<LookedUp, BmsError> {
        let (mut shown, mut unknown, mut not_known) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        for contract in &self.content.contracts {
            match &contract.seen {
                None => unknown.push(contract.id),
                Some(seen) => shown.extend(seen.shown.clone().map(|shown| (contract.id, shown))),
            }
        }
        if unknown.is_empty() {
            self.session.sign_in_to_lines().await?;
        } else {
            self.session.sign_in().await?;
            let found = self.session.look_up_contracts(&unknown).await?;
            not_known.extend(found.not_known.into_iter().map(ContractId));
            shown.extend(found.shown.into_values().map(|found| (found.id, found.into())));
            findings.note_answer();
        }
        Ok(LookedUp { shown, not_known })
    }

    async fn work_through(&self, shown: &LookedUp, findings: &mut Findings) {
        // What ended the work for all remaining contracts, if anything did.
        let mut ended: Option<Verdict> = None;
        let mut host_failures_in_a_row = 0_u32;
        // The other contracts will show whether these say something about the tenant or only about themselves.
        let mut misfits: Vec<(&Contract, BmsError)> = Vec::new();
        // Number of contracts outside the job that do not fit either; `None` before they were read.
        let mut misfits_beside: Option<usize> = None;
        let mut to_do = VecDeque::from(worked_on_together(&self.content.contracts));
        let mut place = 0;
        loop {
            // Contracts that do not fit may be next to each other, so the last one read to settle the question
            // comes from the end.
            let seen_to_misfit = misfits.len() + misfits_beside.unwrap_or(0);
            let is_last_word = seen_to_misfit + 1 == MOST_MISFITS && !self.session.lines_fit();
            let next = if is_last_word { take_from_the_end(&mut to_do, shown) } else { to_do.pop_front() };
            let Some(together) = next else { break };
            // The first is worked on however long the logins took; otherwise no attempt would ever make progress.
            if ended.is_none() && (self.is_halted() || place > 0 && self.is_over()) {
                ended = Some(Verdict::HandBack(None, None));
            }
            // Lines read without enough calls left to write them would be read again by the next attempt.
            if ended.is_none() && place > 0 && self.session.v1_calls_left() < self.calls_for(&together) {
                ended = Some(Verdict::HandBack(Some(ErrorCode::Lim01), None));
            }
            place += 1;
            if let Some(verdict) = &ended {
                for contract in together {
                    self.conclude(contract, Vec::new(), verdict, false, findings);
                }
                continue;
            }
            for (contract, results, interrupted) in self.work_on(&together, shown, findings).await {
                let (verdict, for_all, failed) = match interrupted {
                    None => {
                        host_failures_in_a_row = 0;
                        let results = results.into_iter().flatten().collect();
                        findings.tell(contract, results, false);
                        continue;
                    }
                    Some(Interrupted::Contract(verdict)) => (verdict, false, false),
                    Some(Interrupted::All(verdict)) => (verdict, true, false),
                    Some(Interrupted::Call(error @ BmsError::Unfit(_))) => {
                        host_failures_in_a_row = 0;
                        let beside = match misfits_beside {
                            Some(beside) => beside,
                            None => *misfits_beside.insert(self.misfits_beside().await),
                        };
                        if misfits.len() + beside + 1 >= MOST_MISFITS && !self.session.lines_fit() {
                            ended = ended.or(Some(self.judge_misfit(&error)));
                        }
                        misfits.push((contract, error));
                        continue;
                    }
                    Some(Interrupted::Call(error)) => {
                        findings.note_failure(&error);
                        host_failures_in_a_row =
                            if host_failed(&error) { host_failures_in_a_row + 1 } else { 0 };
                        let for_all = concerns_all(&error) || host_failures_in_a_row >= 2;
                        (self.judge(&error), for_all, true)
                    }
                };
                self.conclude(contract, results, &verdict, failed, findings);
                ended = ended.or(for_all.then_some(verdict));
            }
        }
        for (contract, error) in misfits {
            let error = if self.session.lines_fit() { error.of_one_contract() } else { error };
            findings.note_failure(&error);
            self.conclude(contract, Vec::new(), &self.judge_misfit(&error), true, findings);
        }
    }

    /// What it means that lines do not fit. If lines of the tenant were read before, a route that is not served
    /// right now often means that a gateway answered, not Kaseya: it is retried before a person has to act.
    fn judge_misfit(&self, error: &BmsError) -> Verdict {
        let mut targets = self.content.contracts.iter().flat_map(|contract| &contract.targets);
        let fitted_before =
            !self.content.fitting.is_empty() || targets.any(|target| target.last_known.is_some());
        if error.is_no_such_route() && fitted_before && self.content.setbacks < LAST_SETBACK {
            return Verdict::Deferred(error.code(), self.try_again_at(), Said::by(error));
        }
        self.judge(error)
    }

    /// Reads contracts outside the job with lines that were read before, until one fits. Returns the number that do
    /// not fit. A contract that is handed back for an odd response comes without such fitting contracts.
    async fn misfits_beside(&self) -> usize {
        let mut misfits = 0;
        for contract in &self.content.fitting {
            if self.session.lines_fit() {
                break;
            }
            match self.session.lines(*contract).await {
                Ok(_) => {}
                Err(BmsError::Unfit(_)) => misfits += 1,
                Err(error) => {
                    tracing::debug!(%error, contract_id = contract.0, "it does not tell whether lines fit the line profile");
                }
            }
        }
        misfits
    }

    /// The maximum number of V1 calls that contracts take if nothing fails: read each, write each of its targets,
    /// read it again. A write of a whole contract reads it as well.
    fn calls_for(&self, together: &[&Contract]) -> u32 {
        let reading = self.session.calls_to_read_lines();
        let checks = usize::from(!self.content.confirm_by_total);
        let write = 1 + if self.session.writes_whole_contracts() { reading } else { 0 };
        let of = |contract: &&Contract| reading * (1 + checks) + write * contract.targets.len();
        let calls = together.iter().map(of).sum::<usize>();
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    /// Reads, plans, writes and checks one contract, or several between which users of a company may have moved.
    /// Returns for each the results of its targets so far and what interrupted the rest.
    async fn work_on<'c>(
        &self,
        together: &[&'c Contract],
        looked_up: &LookedUp,
        findings: &mut Findings,
    ) -> Vec<WorkedOn<'c>> {
        let mut in_hand: Vec<InHand<'c>> = Vec::new();
        for contract in together.iter().copied() {
            // A contract that the look-up leaves open is not treated as gone.
            if looked_up.not_known.contains(&contract.id) {
                return self.not_all_read(together, contract, self.session.contract_not_known());
            }
            match plan_contract(self, contract, looked_up.shown.get(&contract.id)).await {
                Ok(planned) => in_hand.push(InHand { contract, planned, written: Written::default() }),
                Err(error) => return self.not_all_read(together, contract, error),
            }
            findings.answered_calls += 1;
        }
        join_halves(&mut in_hand, || PairId(self.entropy.uuid(self.clock.now())));
        for InHand { contract, planned, .. } in &mut in_hand {
            planned.settle(contract);
        }
        let any_write = in_hand.iter().any(|work| !work.planned.writes.is_empty());
        if any_write && self.content.mode == RunMode::Apply {
            write_changes(self, &mut in_hand).await;
        }
        let worked_on = in_hand.into_iter().map(|InHand { contract, mut planned, written }| {
            planned.rest_on_reading();
            let total_moved = written.total_moved(&planned.writes);
            if let Some((read, lines)) = planned.read(contract, total_moved) {
                findings.contracts_read.push(read);
                findings.lines.extend(lines);
            }
            findings.contracts_seen.extend(planned.seen);
            findings.changes.extend(written.changes);
            let decided = |(place, result)| (!written.not_begun.contains(&place)).then_some(result);
            let results = planned.results.into_iter().enumerate().map(decided).collect();
            (contract, results, written.interrupted)
        });
        worked_on.collect()
    }

    /// The results if one of these contracts could not be read: no half of a plan switch is written without the
    /// other. The others are retried with it, or without it if it is final.
    fn not_all_read<'c>(
        &self,
        together: &[&'c Contract],
        failed: &Contract,
        error: BmsError,
    ) -> Vec<WorkedOn<'c>> {
        let beside = match self.judge(&error) {
            verdict if concerns_all(&error) => verdict,
            Verdict::Deferred(code, until, _) => Verdict::HandBack(Some(code), Some(until)),
            Verdict::HandBack(code, not_before) => Verdict::HandBack(code, not_before),
            Verdict::NotSent(..) | Verdict::Off => Verdict::HandBack(None, None),
        };
        let mut error = Some(error);
        let worked_on = together.iter().map(|contract| {
            let interrupted = match error.take_if(|_| contract.id == failed.id) {
                Some(error) => Interrupted::Call(error),
                None => Interrupted::Contract(beside.clone()),
            };
            (*contract, Vec::new(), Some(interrupted))
        });
        worked_on.collect()
    }

    /// Ends a contract that was interrupted. `results` holds the results of the targets that were decided; empty if
    /// none was.
    fn conclude(
        &self,
        contract: &Contract,
        mut results: Vec<Option<TargetResult>>,
        verdict: &Verdict,
        failed: bool,
        findings: &mut Findings,
    ) {
        let outcome = match verdict {
            Verdict::HandBack(code, not_before) => {
                let (id, code, not_before) = (contract.id, *code, *not_before);
                findings.left.push(Left { contract: id, not_before, code, failed });
                return;
            }
            Verdict::NotSent(code, said) => said.onto(TargetResult::not_sent(*code, None)),
            Verdict::Deferred(code, until, said) => said.onto(TargetResult::deferred(*code, *until)),
            Verdict::Off => {
                // For a contract that is switched off, nothing else is reported.
                results.clear();
                TargetResult::of(Outcome::with(CompanyState::Off, ErrorCode::Job01))
            }
        };
        results.resize(contract.targets.len(), None);
        let results = results.into_iter().zip(&contract.targets).map(|(result, target)| {
            result.unwrap_or_else(|| TargetResult { to: target.wanted_units(), ..outcome.clone() })
        });
        findings.tell(contract, results.collect(), failed);
    }
}

/// Takes the last of these that has lines according to Kaseya's total, otherwise the last.
fn take_from_the_end<'c>(
    to_do: &mut VecDeque<Vec<&'c Contract>>,
    looked_up: &LookedUp,
) -> Option<Vec<&'c Contract>> {
    let has_lines = |contract: &&Contract| {
        let shown = looked_up.shown.get(&contract.id);
        shown.and_then(|shown| shown.total).is_some_and(|total| total > 0.0)
    };
    let place = to_do.iter().rposition(|together| together.iter().any(has_lines));
    to_do.remove(place.unwrap_or(to_do.len().saturating_sub(1)))
}

/// Whether a failed call concerns every contract: refused credentials, a spent allowance, a limit. A page instead
/// of a response does not: the host answered before, and the next contract may be fine.
fn concerns_all(error: &BmsError) -> bool {
    matches!(
        error,
        BmsError::LoginRefused { .. } | BmsError::AllowanceSpent { .. } | BmsError::Limited { .. }
    )
}
