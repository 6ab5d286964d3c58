//! `JobDone`, as the worker or the scheduler tells it and results reads it: decoding and encoding.

mod findings;
mod outcome;

use std::collections::BTreeMap;

use domain::{
    AccountId, CompanyOutcome, ContractId, ContractRead, ErrorCode, JobId, LeftOver, OutcomeSource,
    PartnerId, RunId, RunMode, SeenContract, SeenLine, SeenService, SettledIntent, SurveyEnd, Trigger,
};
use jiff::Timestamp;

use crate::{
    FieldError,
    field::{self, each, error_code, number, required, wire_instant},
    v1,
};

/// Outcome of the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// Not tried.
    NotTried,
    /// Accepted.
    Accepted,
    /// Refused, with this code.
    Refused(ErrorCode),
    /// Tried, but no response came.
    Unknown,
}

/// State of Kaseya's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Not called.
    NotCalled,
    /// It responded.
    Answered,
    /// It did not respond.
    Failed,
}

/// One attempt of a job, as its worker reports it, or the scheduler for a local job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDone {
    /// Partner, run and attempt.
    pub source: OutcomeSource,
    /// The job.
    pub job: JobId,
    /// Who claims to have held the attempt.
    pub worker: String,
    /// Whether the run writes.
    pub mode: RunMode,
    /// What triggered the run.
    pub trigger: Trigger,
    /// The companies that are done.
    pub companies: Vec<CompanyOutcome>,
    /// The lines read, as last read.
    pub lines: Vec<SeenLine>,
    /// The granted changes.
    pub changes: Vec<SettledIntent>,
    /// Calls made per endpoint.
    pub calls: Vec<(String, i32)>,
    /// The login.
    pub login: Login,
    /// The version of the credentials used, or in force when a local job was reported.
    pub credentials_version: Option<i32>,
    /// What is left over.
    pub left_over: Option<LeftOver>,
    /// State of the host.
    pub host: Host,
    /// When the attempt ended.
    pub finished_at: Timestamp,
    /// Result of a survey; `None` for every other job.
    pub survey: Option<SurveyEnd>,
    /// The contracts that a survey saw, or that were read again before a change.
    pub contracts_seen: Vec<SeenContract>,
    /// The services as the catalogue showed them.
    pub services_seen: Vec<SeenService>,
    /// The name of the user's time zone in Kaseya.
    pub kaseya_zone: Option<String>,
    /// The contracts with lines read.
    pub contracts_read: Vec<ContractRead>,
    /// The catalogue's names of services.
    pub services_named: BTreeMap<i32, String>,
    /// The contracts whose total implies their lines, each with the time at which the total was seen.
    pub contracts_implied: Vec<(ContractId, Timestamp)>,
    /// The accounts asked for and shown, with their names.
    pub accounts_seen: Vec<(AccountId, String)>,
}

impl JobDone {
    /// An attempt without a login and without results.
    pub fn new(
        source: OutcomeSource,
        job: JobId,
        worker: &str,
        (mode, trigger): (RunMode, Trigger),
        finished_at: Timestamp,
    ) -> Self {
        Self {
            source,
            job,
            worker: worker.to_owned(),
            mode,
            trigger,
            companies: Vec::new(),
            lines: Vec::new(),
            changes: Vec::new(),
            calls: Vec::new(),
            login: Login::NotTried,
            credentials_version: None,
            left_over: None,
            host: Host::NotCalled,
            finished_at,
            survey: None,
            contracts_seen: Vec::new(),
            services_seen: Vec::new(),
            kaseya_zone: None,
            contracts_read: Vec::new(),
            services_named: BTreeMap::new(),
            contracts_implied: Vec::new(),
            accounts_seen: Vec::new(),
        }
    }
}

impl TryFrom<v1::JobDone> for JobDone {
    type Error = FieldError;

    fn try_from(message: v1::JobDone) -> Result<Self, FieldError> {
        let login = match field::chosen("login", message.login)? {
            v1::LoginOutcome::NotTried => Login::NotTried,
            v1::LoginOutcome::Accepted => Login::Accepted,
            v1::LoginOutcome::Refused => {
                let code = required("credentials_code", message.credentials_code.as_deref())?;
                Login::Refused(error_code("credentials_code", code)?)
            }
            v1::LoginOutcome::Unknown => Login::Unknown,
            v1::LoginOutcome::Unspecified => return Err(FieldError::new("login", "it is unspecified")),
        };
        let host = match field::chosen("host", message.host)? {
            v1::HostHealth::NotCalled => Host::NotCalled,
            v1::HostHealth::Answered => Host::Answered,
            v1::HostHealth::Failed => Host::Failed,
            v1::HostHealth::Unspecified => return Err(FieldError::new("host", "it is unspecified")),
        };
        Ok(Self {
            source: OutcomeSource {
                partner: field::id("partner_id", PartnerId::new(message.partner_id))?,
                run: field::id("run_id", RunId::parse(&message.run_id))?,
                run_number: number("run_number", required("run_number", message.run_number)?)?,
                attempt: number("attempt", required("attempt", message.attempt)?)?,
            },
            job: field::id("job_id", JobId::parse(&message.job_id))?,
            worker: field::text("worker_id", message.worker_id)?,
            mode: field::run_mode("mode", message.mode)?,
            trigger: field::named("trigger", &message.trigger, Trigger::parse)?,
            companies: each("companies", message.companies, CompanyOutcome::try_from)?,
            lines: each("lines", message.lines, SeenLine::try_from)?,
            changes: each("changes", message.changes, SettledIntent::try_from)?,
            calls: each("calls", message.calls, |made| {
                Ok((made.endpoint, number("calls", required("calls", made.calls)?)?))
            })?,
            login,
            credentials_version: message
                .credentials_version
                .map(|version| number("credentials_version", version))
                .transpose()?,
            left_over: message
                .left_over
                .map(LeftOver::try_from)
                .transpose()
                .map_err(|error| error.within("left_over"))?,
            host,
            finished_at: field::instant("finished_at", message.finished_at)?,
            survey: message
                .survey
                .map(SurveyEnd::try_from)
                .transpose()
                .map_err(|error| error.within("survey"))?,
            contracts_seen: each("contracts_seen", message.contracts_seen, SeenContract::try_from)?,
            services_seen: each("services_seen", message.services_seen, SeenService::try_from)?,
            kaseya_zone: message.kaseya_time_zone,
            contracts_read: each("contracts_read", message.contracts_read, ContractRead::try_from)?,
            services_named: each("services_named", message.services_named, |named| {
                Ok((required("service_id", named.service_id)?, named.name))
            })?
            .into_iter()
            .collect(),
            contracts_implied: each("contracts_implied", message.contracts_implied, |implied| {
                let contract = ContractId(required("contract_id", implied.contract_id)?);
                Ok((contract, field::instant("implied_at", implied.implied_at)?))
            })?,
            accounts_seen: each("accounts_seen", message.accounts_seen, |seen| {
                Ok((AccountId(required("account_id", seen.account_id)?), seen.name))
            })?,
        })
    }
}

impl From<JobDone> for v1::JobDone {
    fn from(done: JobDone) -> Self {
        let (login, credentials_code) = match done.login {
            Login::NotTried => (v1::LoginOutcome::NotTried, None),
            Login::Accepted => (v1::LoginOutcome::Accepted, None),
            Login::Refused(code) => (v1::LoginOutcome::Refused, Some(code.as_str().to_owned())),
            Login::Unknown => (v1::LoginOutcome::Unknown, None),
        };
        let host = match done.host {
            Host::NotCalled => v1::HostHealth::NotCalled,
            Host::Answered => v1::HostHealth::Answered,
            Host::Failed => v1::HostHealth::Failed,
        };
        let calls = done.calls.into_iter();
        let named = done.services_named.into_iter();
        let implied = done.contracts_implied.into_iter();
        let accounts = done.accounts_seen.into_iter();
        Self {
            partner_id: done.source.partner.to_string(),
            run_id: done.source.run.to_string(),
            run_number: Some(done.source.run_number.unsigned_abs()),
            job_id: done.job.to_string(),
            attempt: Some(done.source.attempt.unsigned_abs()),
            mode: v1::SyncMode::from(done.mode).into(),
            trigger: done.trigger.as_str().to_owned(),
            worker_id: done.worker,
            companies: done.companies.into_iter().map(v1::CompanyOutcome::from).collect(),
            lines: done.lines.into_iter().map(v1::LineSeen::from).collect(),
            changes: done.changes.into_iter().map(v1::ChangeDone::from).collect(),
            calls: calls
                .map(|(endpoint, calls)| v1::CallsMade { endpoint, calls: Some(calls.unsigned_abs()) })
                .collect(),
            login: login.into(),
            credentials_code,
            credentials_version: done.credentials_version.map(i32::unsigned_abs),
            left_over: done.left_over.map(v1::LeftOver::from),
            finished_at: Some(wire_instant(done.finished_at)),
            host: host.into(),
            survey: done.survey.map(v1::SurveyDone::from),
            contracts_seen: done.contracts_seen.into_iter().map(v1::ContractSeen::from).collect(),
            contracts_read: done.contracts_read.into_iter().map(v1::ContractRead::from).collect(),
            services_seen: done.services_seen.into_iter().map(v1::ServiceSeen::from).collect(),
            services_named: named
                .map(|(service, name)| v1::ServiceNamed { service_id: Some(service), name })
                .collect(),
            contracts_implied: implied
                .map(|(contract, at)| v1::ContractImplied {
                    contract_id: Some(contract.0),
                    implied_at: Some(wire_instant(at)),
                })
                .collect(),
            accounts_seen: accounts
                .map(|(account, name)| v1::AccountSeen { account_id: Some(account.0), name })
                .collect(),
            kaseya_time_zone: done.kaseya_zone,
        }
    }
}
