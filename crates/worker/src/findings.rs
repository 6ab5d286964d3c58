//! The findings of an attempt so far.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AnswerFault, CompanyOutcome, ContractId, ContractRead, ErrorCode, Outcome, SeenContract, SeenLine,
    SeenService, SettledIntent, SurveyEnd,
};
use jiff::Timestamp;
use kaseya::BmsError;
use messages::job_content::Contract;

use crate::outcome::{TargetResult, company_outcomes};

#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) companies: Vec<CompanyOutcome>,
    pub(crate) lines: Vec<SeenLine>,
    pub(crate) changes: Vec<SettledIntent>,
    pub(crate) left: Vec<Left>,
    pub(crate) failed_calls: u32,
    pub(crate) answered_calls: u32,
    /// Faults of responses already logged: each is logged once.
    pub(crate) faults_logged: BTreeSet<(String, AnswerFault)>,
    /// The contracts with lines that were read.
    pub(crate) contracts_read: Vec<ContractRead>,
    /// The contracts that a survey saw, or that were requested again.
    pub(crate) contracts_seen: Vec<SeenContract>,
    pub(crate) services_seen: Vec<SeenService>,
    /// Names of services in a survey.
    pub(crate) services_named: BTreeMap<i32, String>,
    /// Kaseya's time zone, if it was read.
    pub(crate) kaseya_zone: Option<String>,
    /// The result of a survey.
    pub(crate) survey: Option<SurveyEnd>,
}

pub(crate) struct Left {
    pub(crate) contract: ContractId,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) code: Option<ErrorCode>,
    /// A call for it failed temporarily.
    pub(crate) failed: bool,
}

impl Findings {
    pub(crate) fn note_answer(&mut self) {
        self.answered_calls += 1;
    }

    /// Hands contracts back: at once or, with a code, not before an instant.
    pub(crate) fn leave(
        &mut self,
        contracts: impl Iterator<Item = ContractId>,
        wait: Option<(ErrorCode, Timestamp)>,
    ) {
        let (code, not_before) = wait.unzip();
        self.left.extend(contracts.map(|contract| Left { contract, not_before, code, failed: false }));
    }

    pub(crate) fn nothing_left(&self) -> bool {
        self.left.is_empty()
    }

    /// A host that refuses credentials or sends nonsense is up; a host that cannot be reached is not.
    pub(crate) fn note_failure(&mut self, error: &BmsError) {
        if let Some((endpoint, fault)) = error.answer_fault()
            && self.faults_logged.insert((endpoint.to_owned(), fault))
        {
            tracing::warn!(endpoint, %fault, code = error.code().as_str(), "an answer of Kaseya was not used");
        }
        if host_failed(error) {
            self.failed_calls += 1;
        } else {
            self.answered_calls += 1;
        }
    }

    /// Reports the results of a contract's targets. A contract with a waiting target goes back to the ledger until
    /// then.
    pub(crate) fn tell(&mut self, contract: &Contract, results: Vec<TargetResult>, failed: bool) {
        let waiting = results.iter().filter(|result| result.deferred_until.is_some());
        if let Some(first) = waiting.min_by_key(|result| result.deferred_until) {
            let Outcome { code, .. } = first.outcome;
            self.left.push(Left { contract: contract.id, not_before: first.deferred_until, code, failed });
        }
        self.companies.extend(company_outcomes(contract, &results));
    }
}

/// Whether the host itself is in trouble, and not just this response.
pub(crate) fn host_failed(error: &BmsError) -> bool {
    matches!(error, BmsError::NoAnswer { .. } | BmsError::Server { .. })
}
