//! One attempt of a job, from its content to its `JobDone`.

use std::{sync::Arc, time::Duration};

use domain::{Backoff, Clock, CompanyState, ContractId, Entropy, ErrorCode, FailureClass, Outcome, RunMode};
use jiff::Timestamp;
use kaseya::{BmsError, Session};
use messages::{field::wire_instant, v1};
use tokio_util::sync::CancellationToken;

use crate::{
    calls::SchedulerCalls,
    content::{Content, Contract, Ticket},
    contract::{Planned, plan_contract},
    outcome::{TargetResult, company_outcomes},
    writing::write_changes,
};

/// Times that a worker keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A write that takes longer has no answer. Must be shorter than a permit.
    pub(crate) write: Duration,
}

/// A call that failed in passing is tried again in a later attempt after this wait.
const RETRY: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(15 * 60) };
/// From this attempt on a failure in passing is final for the run.
const LAST_ATTEMPT: u32 = 5;

/// Why nothing more is begun.
#[derive(Clone)]
pub(crate) struct Halt {
    /// The broker has taken the ticket back, or the scheduler the lease: begin no write.
    pub(crate) lost: CancellationToken,
    /// The program is stopping: finish the contract in hand.
    pub(crate) stopping: CancellationToken,
    /// When the slice is over, on the clock's monotonic time.
    pub(crate) slice_ends: Duration,
}

/// What an attempt works with.
pub(crate) struct Attempt<'a> {
    pub(crate) ticket: &'a Ticket,
    pub(crate) content: &'a Content,
    pub(crate) session: &'a Session,
    pub(crate) calls: &'a SchedulerCalls,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) entropy: &'a Entropy,
    pub(crate) limits: Limits,
    pub(crate) halt: Halt,
}

/// What an attempt has found so far.
#[derive(Default)]
struct Findings {
    companies: Vec<v1::CompanyOutcome>,
    lines: Vec<v1::LineSeen>,
    changes: Vec<v1::ChangeDone>,
    left: Vec<Left>,
    failed_calls: u32,
    answered_calls: u32,
}

/// A contract that is handed back.
struct Left {
    contract: ContractId,
    not_before: Option<Timestamp>,
    code: Option<ErrorCode>,
}

/// What a failed call means for the contracts it was for.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// Not sent in this run.
    NotSent(ErrorCode, Option<String>),
    /// Goes on by itself then.
    Deferred(ErrorCode, Timestamp),
    /// Handed back as it is.
    HandBack(Option<ErrorCode>),
    /// The integration was switched off meanwhile.
    Off,
}

impl Attempt<'_> {
    /// Works through the slice. Whatever happens, what was begun is told.
    pub(crate) async fn run(&self) -> v1::JobDone {
        let mut findings = Findings::default();
        match self.look_up().await {
            Ok(shown) => {
                findings.answered_calls += 1;
                self.work_through(&shown, &mut findings).await;
            }
            Err(error) => {
                findings.note_failure(&error);
                let verdict = self.judge(&error);
                for contract in &self.content.contracts {
                    self.conclude(contract, &verdict, &mut findings);
                }
            }
        }
        self.job_done(findings)
    }

    /// Signs in, and looks the slice's contracts up. Both interfaces are signed in to before anything is planned, because a
    /// write never logs in.
    async fn look_up(&self) -> Result<Vec<kaseya::Contract>, BmsError> {
        self.session.sign_in().await?;
        let ids: Vec<ContractId> = self.content.contracts.iter().map(|contract| contract.id).collect();
        self.session.contracts(&ids).await
    }

    async fn work_through(&self, shown: &[kaseya::Contract], findings: &mut Findings) {
        // What ended the work for all that is left, if anything did.
        let mut ended: Option<Verdict> = None;
        let mut failures_in_a_row = 0_u32;
        for contract in &self.content.contracts {
            if ended.is_none() && self.is_over() {
                ended = Some(Verdict::HandBack(None));
            }
            if let Some(verdict) = &ended {
                self.conclude(contract, verdict, findings);
                continue;
            }
            let shown = shown.iter().find(|shown| shown.id == contract.id);
            match self.work_contract(contract, shown, findings).await {
                Ok(()) => failures_in_a_row = 0,
                Err(Interrupted::Call(error)) => {
                    findings.note_failure(&error);
                    failures_in_a_row += 1;
                    let verdict = self.judge(&error);
                    self.conclude(contract, &verdict, findings);
                    if concerns_all(&error)
                        || failures_in_a_row >= 2 && error.class() == FailureClass::Transient
                    {
                        ended = Some(verdict);
                    }
                }
                Err(Interrupted::NoPermit(verdict)) => {
                    self.conclude(contract, &verdict, findings);
                    ended = Some(verdict);
                }
            }
        }
    }

    /// Reads, plans, writes and checks one contract.
    async fn work_contract(
        &self,
        contract: &Contract,
        shown: Option<&kaseya::Contract>,
        findings: &mut Findings,
    ) -> Result<(), Interrupted> {
        let mut planned = match plan_contract(self, contract, shown).await {
            Ok(planned) => planned,
            Err(error) => return Err(Interrupted::Call(error)),
        };
        findings.answered_calls += 1;
        if !planned.writes.is_empty() && self.content.mode == RunMode::Apply {
            let written = write_changes(self, contract, &mut planned).await;
            findings.changes.extend(written.changes);
            if let Some(verdict) = written.interrupted {
                findings.lines.extend(planned.lines);
                return Err(Interrupted::NoPermit(verdict));
            }
        }
        let Planned { results, lines, .. } = planned;
        findings.lines.extend(lines);
        findings.leave_waiting(contract, &results);
        findings.companies.extend(company_outcomes(contract, &results));
        Ok(())
    }

    /// Whether no further contract is begun.
    fn is_over(&self) -> bool {
        self.halt.lost.is_cancelled()
            || self.halt.stopping.is_cancelled()
            || self.clock.monotonic() >= self.halt.slice_ends
    }

    /// What a failed call means.
    pub(crate) fn judge(&self, error: &BmsError) -> Verdict {
        let words = error.words().map(str::to_owned);
        if matches!(error, BmsError::AllowanceSpent { .. }) {
            return Verdict::HandBack(Some(ErrorCode::Lim01));
        }
        match error.class() {
            FailureClass::LimitedUntil(until) => Verdict::Deferred(error.code(), until),
            FailureClass::Transient if self.ticket.attempt < LAST_ATTEMPT => {
                let wait = RETRY.wait(self.ticket.attempt.saturating_sub(1), self.entropy.fraction());
                let until = self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
                Verdict::Deferred(error.code(), until)
            }
            FailureClass::Transient | FailureClass::Permanent | FailureClass::Poison => {
                Verdict::NotSent(error.code(), words)
            }
        }
    }

    /// Ends a contract without having worked on it to its end.
    fn conclude(&self, contract: &Contract, verdict: &Verdict, findings: &mut Findings) {
        let result = match verdict {
            Verdict::NotSent(code, words) => TargetResult::not_sent(*code, words.clone()),
            Verdict::Deferred(code, until) => {
                findings.left.push(Left {
                    contract: contract.id,
                    not_before: Some(*until),
                    code: Some(*code),
                });
                TargetResult::deferred(*code, *until)
            }
            Verdict::HandBack(code) => {
                findings.left.push(Left { contract: contract.id, not_before: None, code: *code });
                return;
            }
            Verdict::Off => TargetResult::of(Outcome::with(CompanyState::Off, ErrorCode::Job01)),
        };
        let results: Vec<TargetResult> = contract.targets.iter().map(|_| result.clone()).collect();
        findings.companies.extend(company_outcomes(contract, &results));
    }

    fn job_done(&self, findings: Findings) -> v1::JobDone {
        let (login, credentials_code) = match self.session.login() {
            kaseya::Login::NotTried => (v1::LoginOutcome::NotTried, None),
            kaseya::Login::Accepted => (v1::LoginOutcome::Accepted, None),
            kaseya::Login::Refused(code) => (v1::LoginOutcome::Refused, Some(code)),
            kaseya::Login::Unknown => (v1::LoginOutcome::Unknown, None),
        };
        let host = match (findings.answered_calls, findings.failed_calls) {
            (0, 0) => v1::HostHealth::NotCalled,
            (0, _) => v1::HostHealth::Failed,
            (_, _) => v1::HostHealth::Answered,
        };
        v1::JobDone {
            partner_id: self.ticket.partner.to_string(),
            run_id: self.content.run.to_string(),
            run_number: Some(self.content.run_number),
            job_id: self.ticket.job.to_string(),
            attempt: Some(self.ticket.attempt),
            mode: v1::SyncMode::from(self.content.mode).into(),
            trigger: self.content.trigger.as_str().to_owned(),
            worker_id: self.calls.worker().to_owned(),
            companies: findings.companies,
            lines: findings.lines,
            changes: findings.changes,
            calls: self
                .session
                .calls()
                .into_iter()
                .map(|(endpoint, calls)| v1::CallsMade { endpoint, calls: Some(calls) })
                .collect(),
            login: login.into(),
            credentials_code: credentials_code.map(|code| code.as_str().to_owned()),
            credentials_version: Some(self.content.integration.credentials_version),
            left_over: left_over(&findings.left),
            finished_at: Some(wire_instant(self.clock.now())),
            host: host.into(),
        }
    }
}

/// What keeps a contract from being worked on to its end.
enum Interrupted {
    Call(BmsError),
    NoPermit(Verdict),
}

impl Findings {
    /// A host that refuses credentials or answers nonsense is up; one that cannot be reached is not.
    fn note_failure(&mut self, error: &BmsError) {
        if host_failed(error) {
            self.failed_calls += 1;
        } else {
            self.answered_calls += 1;
        }
    }

    /// A contract with a target that waits goes back to the ledger until then.
    fn leave_waiting(&mut self, contract: &Contract, results: &[TargetResult]) {
        let waiting = results.iter().filter(|result| result.deferred_until.is_some());
        if let Some(first) = waiting.min_by_key(|result| result.deferred_until) {
            let Outcome { code, .. } = first.outcome;
            self.left.push(Left { contract: contract.id, not_before: first.deferred_until, code });
        }
    }
}

/// One message has one instant: the earliest. A contract that is then still to wait says so again.
fn left_over(left: &[Left]) -> Option<v1::LeftOver> {
    let earliest = left.iter().min_by_key(|left| left.not_before)?;
    Some(v1::LeftOver {
        contract_ids: left.iter().map(|left| left.contract.0).collect(),
        not_before: earliest.not_before.map(wire_instant),
        code: earliest.code.map(|code| code.as_str().to_owned()),
    })
}

/// Whether the host itself is in trouble, and not just this answer.
fn host_failed(error: &BmsError) -> bool {
    matches!(error, BmsError::NoAnswer { .. } | BmsError::Server { .. })
}

/// Whether a failed call says something about every contract: refused credentials, a spent allowance, a limit.
fn concerns_all(error: &BmsError) -> bool {
    matches!(error, BmsError::AllowanceSpent { .. })
        || matches!(error.class(), FailureClass::LimitedUntil(_))
        || matches!(
            error.code(),
            ErrorCode::Auth01
                | ErrorCode::Auth02
                | ErrorCode::Auth03
                | ErrorCode::Auth04
                | ErrorCode::Auth05
                | ErrorCode::Auth06
                | ErrorCode::Auth07
                | ErrorCode::Host01
                | ErrorCode::Ten01
        )
}
