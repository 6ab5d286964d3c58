//! What a job needs, as the scheduler gives it and the worker reads it: decoding and encoding.

mod contract;
mod target;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{Brakes, ContractId, Credentials, RunId, RunMode, ServiceId, Trigger};
use jiff::Timestamp;

use crate::{
    FieldError,
    field::{self, number, required, whole_seconds, wire_instant},
    v1,
};

pub use contract::{Contract, LeftBehindProduct, Note, Unbilled, WaitingChange};
pub use target::{Leftover, Target};

/// The Kaseya to call and the user to call it as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Where and as whom to log in; the vault has sealed the password.
    pub credentials: Credentials<String>,
    /// The text of the line profile, if it differs from the built-in one.
    pub line_profile: Option<String>,
    /// Version of the credentials; a permit names it.
    pub credentials_version: u32,
}

/// A job as of the scheduler's response.
#[derive(Debug, Clone, PartialEq)]
pub struct JobContent {
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub run_number: i64,
    /// Whether the run writes units.
    pub mode: RunMode,
    /// What triggered the run.
    pub trigger: Trigger,
    /// Where to call and as whom.
    pub integration: Integration,
    /// Number of V2 calls allowed.
    pub v2_calls: u32,
    /// Number of V1 calls allowed.
    pub v1_calls: u32,
    /// Duration of the lease, unless renewed.
    pub lease: Duration,
    /// Duration of the slice. What is not done by then is handed back.
    pub slice: Duration,
    /// The partner's brakes.
    pub brakes: Brakes,
    /// Whether this attempt probes a host that failed before.
    pub probing: bool,
    /// Number of consecutive attempts before this one without progress.
    pub setbacks: u32,
    /// The contracts of the slice; empty for a survey.
    pub contracts: Vec<Contract>,
    /// The work of a survey; `None` for every other job.
    pub survey: Option<SurveyWork>,
    /// Whether the next survey confirms the changes of contracts that came with a total.
    pub confirm_by_total: bool,
    /// The installation's time when the scheduler wrote this.
    pub issued_at: Option<Timestamp>,
    /// Contracts with lines that were read before. If the job's own do not fit the line profile, these show where
    /// the fault lies.
    pub fitting: Vec<ContractId>,
}

/// The work of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyWork {
    /// The page to continue with, from 1.
    pub from_page: usize,
    /// The run's contracts that no page has shown yet.
    pub contracts: BTreeSet<ContractId>,
    /// The services mapped on the run's contracts, with their names when they were mapped.
    pub services: BTreeMap<ServiceId, String>,
}

impl TryFrom<v1::JobContent> for JobContent {
    type Error = FieldError;

    fn try_from(content: v1::JobContent) -> Result<Self, FieldError> {
        let allowance = required("allowance", content.allowance)?;
        let brakes = required("brakes", content.brakes)?;
        let integration = required("integration", content.integration)?;
        let seconds =
            |name: &str, value| required(name, value).map(|value: u32| Duration::from_secs(value.into()));
        Ok(Self {
            run: field::id("run_id", RunId::parse(&content.run_id))?,
            run_number: number("run_number", required("run_number", content.run_number)?)?,
            mode: field::run_mode("mode", content.mode)?,
            trigger: field::named("trigger", &content.trigger, Trigger::parse)?,
            integration: Integration {
                credentials: Credentials {
                    host: integration.host,
                    v2_base: integration.v2_base,
                    v1_base: integration.v1_base,
                    tenant: integration.tenant,
                    user_name: integration.user_name,
                    password: integration.sealed_password,
                },
                line_profile: integration.line_profile,
                credentials_version: required("credentials_version", integration.credentials_version)?,
            },
            v2_calls: required("allowance.v2", allowance.v2)?,
            v1_calls: required("allowance.v1", allowance.v1)?,
            issued_at: field::optional_instant("issued_at", content.issued_at)?,
            lease: seconds("lease_seconds", content.lease_seconds)?,
            slice: seconds("slice_seconds", content.slice_seconds)?,
            brakes: Brakes {
                units: required("brakes.units", brakes.units)?,
                percent: required("brakes.percent", brakes.percent)?,
                units_alone: required("brakes.units_alone", brakes.units_alone)?,
            },
            probing: required("probing", content.probing)?,
            setbacks: required("setbacks", content.setbacks)?,
            contracts: content.contracts.into_iter().map(Contract::try_from).collect::<Result<_, _>>()?,
            survey: content.survey.map(survey).transpose().map_err(|error| error.within("survey"))?,
            confirm_by_total: content.confirm_by_total.unwrap_or(false),
            fitting: content.fitting_contract_ids.into_iter().map(ContractId).collect(),
        })
    }
}

impl From<JobContent> for v1::JobContent {
    fn from(content: JobContent) -> Self {
        let Integration { credentials, line_profile, credentials_version } = content.integration;
        Self {
            fitting_contract_ids: content.fitting.into_iter().map(|contract| contract.0).collect(),
            run_id: content.run.to_string(),
            run_number: Some(content.run_number.unsigned_abs()),
            mode: v1::SyncMode::from(content.mode).into(),
            integration: Some(v1::SealedIntegration {
                host: credentials.host,
                v2_base: credentials.v2_base,
                v1_base: credentials.v1_base,
                line_profile,
                tenant: credentials.tenant,
                user_name: credentials.user_name,
                sealed_password: credentials.password,
                credentials_version: Some(credentials_version),
            }),
            allowance: Some(v1::CallAllowance { v2: Some(content.v2_calls), v1: Some(content.v1_calls) }),
            lease_seconds: Some(whole_seconds(content.lease)),
            issued_at: content.issued_at.map(wire_instant),
            slice_seconds: Some(whole_seconds(content.slice)),
            brakes: Some(v1::Brakes {
                units: Some(content.brakes.units),
                percent: Some(content.brakes.percent),
                units_alone: Some(content.brakes.units_alone),
            }),
            contracts: content.contracts.into_iter().map(v1::ContractWork::from).collect(),
            probing: Some(content.probing),
            trigger: content.trigger.as_str().to_owned(),
            setbacks: Some(content.setbacks),
            confirm_by_total: Some(content.confirm_by_total),
            survey: content.survey.map(v1::SurveyWork::from),
        }
    }
}

impl From<SurveyWork> for v1::SurveyWork {
    fn from(work: SurveyWork) -> Self {
        let services = work
            .services
            .into_iter()
            .map(|(service, service_name)| v1::MappedService { service_id: Some(service.0), service_name });
        Self {
            from_page: u32::try_from(work.from_page).ok(),
            contract_ids: work.contracts.into_iter().map(|contract| contract.0).collect(),
            services: services.collect(),
        }
    }
}

fn survey(work: v1::SurveyWork) -> Result<SurveyWork, FieldError> {
    let from_page = usize::try_from(required("from_page", work.from_page)?).ok().filter(|page| *page > 0);
    Ok(SurveyWork {
        from_page: from_page.ok_or_else(|| FieldError::new("from_page", "pages are counted from 1"))?,
        contracts: work.contract_ids.into_iter().map(ContractId).collect(),
        services: work
            .services
            .into_iter()
            .map(|mapped| {
                let service = ServiceId(required("services.service_id", mapped.service_id)?);
                Ok((service, mapped.service_name))
            })
            .collect::<Result<_, FieldError>>()?,
    })
}
