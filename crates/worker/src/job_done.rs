//! The report of an attempt, after its end.

use domain::{ErrorCode, LeftOver, OutcomeSource};
use jiff::Timestamp;
use messages::{
    Ticket,
    job_content::JobContent,
    job_done::{Host, JobDone, Login},
};

use crate::{
    attempt::Attempt,
    findings::{Findings, Left},
};

impl Attempt<'_> {
    pub(crate) fn job_done(&self, findings: Findings) -> JobDone {
        let calls = self.session.calls().into_iter();
        JobDone {
            companies: findings.companies,
            lines: findings.lines,
            changes: findings.changes,
            // More calls than this are never allowed.
            calls: calls
                .map(|(endpoint, calls)| (endpoint, i32::try_from(calls).unwrap_or(i32::MAX)))
                .collect(),
            login: match self.session.login() {
                kaseya::Login::NotTried => Login::NotTried,
                kaseya::Login::Accepted => Login::Accepted,
                kaseya::Login::Refused(code) => Login::Refused(code),
                kaseya::Login::Unknown => Login::Unknown,
            },
            left_over: left_over(&findings.left),
            host: match (findings.answered_calls, findings.failed_calls) {
                (0, 0) => Host::NotCalled,
                (0, _) => Host::Failed,
                (_, _) => Host::Answered,
            },
            survey: findings.survey,
            contracts_seen: findings.contracts_seen,
            contracts_read: findings.contracts_read,
            services_seen: findings.services_seen,
            services_named: match findings.services_named {
                named if named.is_empty() => self.in_use.services_named(),
                named => named,
            },
            accounts_seen: self.in_use.accounts_seen(),
            kaseya_zone: findings.kaseya_zone,
            ..without_results(self.ticket, self.content, self.calls.worker(), self.clock.now())
        }
    }
}

/// The report of an attempt without results.
pub(crate) fn without_results(
    ticket: &Ticket,
    content: &JobContent,
    worker: &str,
    finished_at: Timestamp,
) -> JobDone {
    let source = OutcomeSource {
        partner: ticket.partner.clone(),
        run: content.run,
        run_number: content.run_number,
        attempt: ticket.attempt,
    };
    JobDone {
        // Versions count the saves of one partner's credentials.
        credentials_version: i32::try_from(content.integration.credentials_version).ok(),
        ..JobDone::new(source, ticket.job, worker, (content.mode, content.trigger), finished_at)
    }
}

/// One message has one instant: the earliest. A contract that must still wait then says so again. Contracts that
/// failed come last, so that they never keep the next attempt from the others.
fn left_over(left: &[Left]) -> Option<LeftOver> {
    let earliest = left.iter().min_by_key(|left| left.not_before)?;
    let (failed, others): (Vec<&Left>, Vec<&Left>) = left.iter().partition(|left| left.failed);
    Some(LeftOver {
        contracts: others.iter().chain(&failed).map(|left| left.contract.0).collect(),
        not_before: earliest.not_before,
        code: earliest.code.map(ErrorCode::as_str),
    })
}
