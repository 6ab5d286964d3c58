//! A slice of a job: the contracts of one attempt, worked through one after the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::{CompanyState, ContractId, ErrorCode, Outcome, PairId, RunMode, ShownContract, Trigger};
use kaseya::BmsError;
use messages::v1;

use crate::{
    attempt::{Attempt, Interrupted, LAST_SETBACK, Said, Verdict},
    content::Contract,
    contract::plan_contract,
    findings::{Findings, Left, host_failed},
    in_hand::{InHand, Written},
    line_writes::write_changes,
    outcome::TargetResult,
    plan_switch::{join_halves, worked_on_together},
    survey::survey,
};

/// After so many contracts whose lines do not fit the line profile, and none whose do, the others are not read.
const MOST_MISFITS: usize = 3;

/// What is known of the slice's contracts before they are worked on.
struct LookedUp {
    shown: BTreeMap<ContractId, ShownContract>,
    /// Those of which the look-up does not tell whether they are there.
    not_known: BTreeSet<ContractId>,
}

/// A contract, what its targets came out as, as far as they were decided, and what kept the others from it.
type WorkedOn<'c> = (&'c Contract, Vec<Option<TargetResult>>, Option<Interrupted>);

impl Attempt<'_> {
    /// Works through the slice. Whatever happens, what was begun is told.
    pub(crate) async fn run(&self) -> v1::JobDone {
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

    /// Signs in, and looks up those of the slice's contracts that no survey has shown. The lines' interface is signed in to
    /// before anything is planned, because a write never logs in.
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
        // What ended the work for all that is left, if anything did.
        let mut ended: Option<Verdict> = None;
        let mut host_failures_in_a_row = 0_u32;
        // Whether these tell something of the tenant or of themselves alone, the others will show.
        let mut misfits: Vec<(&Contract, BmsError)> = Vec::new();
        // Contracts beside the job's own that do not fit either; `None` before they were asked.
        let mut misfits_beside: Option<usize> = None;
        let mut to_do = VecDeque::from(worked_on_together(&self.content.contracts));
        let mut place = 0;
        loop {
            // Those that do not fit may stand together: the last that is read for it comes from elsewhere.
            let seen_to_misfit = misfits.len() + misfits_beside.unwrap_or(0);
            let is_last_word = seen_to_misfit + 1 == MOST_MISFITS && !self.session.lines_fit();
            let next = if is_last_word { take_from_the_end(&mut to_do, shown) } else { to_do.pop_front() };
            let Some(together) = next else { break };
            // The first is worked on however long the logins took, or no attempt would ever get on.
            if ended.is_none() && (self.is_halted() || place > 0 && self.is_over()) {
                ended = Some(Verdict::HandBack(None, None));
            }
            // Lines that are read and cannot be written for want of a call are read again by the next attempt.
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

    /// What lines mean that do not fit. Where lines of the tenant were read before, a route that is not served at this moment is often
    /// a gateway's word and not Kaseya's: it is tried again before it is left to a person.
    fn judge_misfit(&self, error: &BmsError) -> Verdict {
        let mut targets = self.content.contracts.iter().flat_map(|contract| &contract.targets);
        let fitted_before = !self.content.fitting.is_empty() || targets.any(|target| target.read_before);
        if error.is_no_such_route() && fitted_before && self.content.setbacks < LAST_SETBACK {
            return Verdict::Deferred(error.code(), self.try_again_at(), Said::by(error));
        }
        self.judge(error)
    }

    /// Reads lines that were read before, of contracts beside the job's own, until some fit: how many do not. A contract that is handed
    /// back for an odd answer comes without those beside it that fit.
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

    /// The most V1 calls that contracts take when nothing fails: to read each, to write each of its targets, to read it again.
    /// A write of a whole contract reads it, too.
    fn calls_for(&self, together: &[&Contract]) -> u32 {
        let reading = self.session.calls_to_read_lines();
        let checks = usize::from(!self.content.confirm_by_total);
        let write = 1 + if self.session.writes_whole_contracts() { reading } else { 0 };
        let of = |contract: &&Contract| reading * (1 + checks) + write * contract.targets.len();
        let calls = together.iter().map(of).sum::<usize>();
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    /// Reads, plans, writes and checks one contract, or some between which users of a company may have moved. Gives of each
    /// what its targets came out as, as far as they were decided, and what kept the others from it.
    async fn work_on<'c>(
        &self,
        together: &[&'c Contract],
        looked_up: &LookedUp,
        findings: &mut Findings,
    ) -> Vec<WorkedOn<'c>> {
        let mut in_hand: Vec<InHand<'c>> = Vec::new();
        for contract in together.iter().copied() {
            // What a look-up leaves open is not taken for gone.
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
            findings.contracts_seen.extend(planned.seen.map(v1::ContractSeen::from));
            findings.changes.extend(written.changes);
            let decided = |(place, result)| (!written.not_begun.contains(&place)).then_some(result);
            let results = planned.results.into_iter().enumerate().map(decided).collect();
            (contract, results, written.interrupted)
        });
        worked_on.collect()
    }

    /// Contracts of which one could not be read: no half of a plan switch is written without the other. Those beside it are tried
    /// again with it, or without it where that is done with.
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

    /// Ends a contract that was not worked on to its end. `results` are those of its targets that were decided; an empty
    /// list: none was.
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
                // Of a contract that is switched off nothing else is said.
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

/// Takes the last of these whose lines Kaseya's total says to be there, or the last.
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

/// Whether a failed call says something about every contract: refused credentials, a spent allowance, a limit. A page in
/// the place of an answer does not: the host had answered before, and the next contract may be as it should.
fn concerns_all(error: &BmsError) -> bool {
    matches!(
        error,
        BmsError::LoginRefused { .. } | BmsError::AllowanceSpent { .. } | BmsError::Limited { .. }
    )
}
