//! `JobDone`, fully checked.

use std::collections::BTreeMap;

use domain::{
    AccountId, Brake, CompanyId, CompanyState, ContractId, ErrorCode, Evidence, IntentId, JobId, LineId,
    NOTABLE_SKEW, PairId, PartnerId, Remark, RunId, RunMode, SeenContract, SeenService, ServiceId, Trigger,
    is_same_total,
};
use jiff::{SignedDuration, Timestamp};
use messages::{
    FieldError,
    field::{self, required},
    v1,
};
use store::{
    jobs::closing::{LeftOver, SurveyEnd},
    kaseya::contracts::ReadContract,
    statuses::outcomes::{CompanyOutcome, OutcomeSource, ProductRow},
    targets::{
        journal::{IntentResult, SettledIntent},
        lines::LineRow,
    },
};

/// Outcome of the login.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Nothing waits longer than this because a worker says so: a longer delay has to be reported again.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

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
    pub lines: Vec<LineRow>,
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
    pub contracts_read: Vec<ReadContract>,
    /// The catalogue's names of services.
    pub services_named: BTreeMap<i32, String>,
    /// The contracts whose total implies their lines, each with the time at which the total was seen.
    pub contracts_implied: Vec<(ContractId, Timestamp)>,
    /// The accounts asked for and shown, with their names.
    pub accounts_seen: Vec<(AccountId, String)>,
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
            companies: each("companies", message.companies, company)?,
            lines: each("lines", message.lines, line)?,
            changes: each("changes", message.changes, change)?,
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
                .map(left_over)
                .transpose()
                .map_err(|error| error.within("left_over"))?,
            host,
            finished_at: field::instant("finished_at", message.finished_at)?,
            survey: message.survey.map(survey_end).transpose().map_err(|error| error.within("survey"))?,
            contracts_seen: each("contracts_seen", message.contracts_seen, SeenContract::try_from)?,
            services_seen: each("services_seen", message.services_seen, SeenService::try_from)?,
            kaseya_zone: message.kaseya_time_zone,
            contracts_read: each("contracts_read", message.contracts_read, contract_read)?,
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

impl JobDone {
    /// If the sender's clock is ahead, moves its instants back to `now`: in the future they would override
    /// everything that comes until then. Returns how far ahead the clock is, if worth reporting.
    pub(crate) fn not_after(&mut self, now: Timestamp) -> Option<SignedDuration> {
        let finished = std::iter::once(&mut self.finished_at);
        let told = finished
            .chain(self.lines.iter_mut().map(|line| &mut line.seen_at))
            .chain(self.changes.iter_mut().map(|change| &mut change.at))
            .chain(self.contracts_seen.iter_mut().map(|seen| &mut seen.seen_at))
            .chain(self.services_seen.iter_mut().map(|seen| &mut seen.seen_at))
            .chain(self.contracts_read.iter_mut().map(|read| &mut read.read_at))
            .chain(self.contracts_implied.iter_mut().map(|(_, at)| at))
            .chain(self.companies.iter_mut().filter_map(|company| company.evidence.as_mut()).map(instant_of));
        let mut ahead = SignedDuration::ZERO;
        for at in told.filter(|at| **at > now) {
            ahead = ahead.max(at.duration_since(now));
            *at = now;
        }
        self.waits_no_longer_than(now.saturating_add(LONGEST_WAIT).unwrap_or(Timestamp::MAX));
        (ahead.unsigned_abs() > NOTABLE_SKEW).then_some(ahead)
    }

    /// Limits how long deferred work waits, so that it never waits until a distant year.
    fn waits_no_longer_than(&mut self, longest: Timestamp) {
        let left = self.left_over.iter_mut().filter_map(|left| left.not_before.as_mut());
        let companies = self.companies.iter_mut().filter_map(|company| company.deferred_until.as_mut());
        for until in left.chain(companies) {
            *until = longest.min(*until);
        }
    }
}

fn instant_of(evidence: &mut Evidence) -> &mut Timestamp {
    match evidence {
        Evidence::Read(at) | Evidence::ImpliedByTotal(at) | Evidence::Remembered(at) => at,
    }
}

fn each<A, B>(
    name: &str,
    list: Vec<A>,
    read: impl Fn(A) -> Result<B, FieldError>,
) -> Result<Vec<B>, FieldError> {
    list.into_iter()
        .enumerate()
        .map(|(index, item)| read(item).map_err(|error| error.within(&format!("{name}[{index}]"))))
        .collect()
}

/// Converts a number on the wire to the tables' type.
fn number<A, B: TryFrom<A>>(name: &str, value: A) -> Result<B, FieldError> {
    B::try_from(value).map_err(|_| FieldError::new(name, "it is larger than the tables hold"))
}

fn error_code(name: &str, text: &str) -> Result<ErrorCode, FieldError> {
    field::named(name, text, |text| text.parse().ok())
}

fn company(outcome: v1::CompanyOutcome) -> Result<CompanyOutcome, FieldError> {
    Ok(CompanyOutcome {
        company: field::id("company_id", CompanyId::new(outcome.company_id))?,
        contract: outcome.contract_id.map(ContractId),
        account: outcome.account_id.map(AccountId),
        state: field::named("state", &outcome.state, CompanyState::parse)?,
        code: outcome.code.map(|code| error_code("code", &code)).transpose()?,
        kaseya_says: outcome.kaseya_says.map(|said| domain::fit_text(&said, usize::MAX)),
        // An unknown remark is dropped alone; the rest of the outcome stays.
        remarks: outcome.remarks.into_iter().filter_map(|remark| Remark::try_from(remark).ok()).collect(),
        products: each("products", outcome.products, product)?,
        seen_equal: required("seen_equal", outcome.seen_equal)?,
        evidence: outcome
            .evidence
            .map(Evidence::try_from)
            .transpose()
            .map_err(|error| error.within("evidence"))?,
        deferred_until: field::optional_instant("deferred_until", outcome.deferred_until)?,
    })
}

fn product(outcome: v1::ProductOutcome) -> Result<ProductRow, FieldError> {
    let state = field::named("state", &outcome.state, CompanyState::parse)?;
    let code = outcome.code.map(|code| error_code("code", &code)).transpose()?;
    let brake = outcome.brake.map(|brake| field::named("brake", &brake, Brake::parse)).transpose()?;
    Ok(ProductRow {
        product: outcome.product_id,
        service: outcome.service_id,
        state: state.as_str().to_owned(),
        code: code.map(|code| code.as_str().to_owned()),
        users: outcome.users,
        billed: outcome.billed_units,
        count_day: field::optional_day("count_day", outcome.count_day.as_deref())?,
        from: outcome.from_units.map(|units| field::decimal("from_units", Some(units))).transpose()?,
        to: outcome.to_units,
        effective: field::optional_day("effective_date", outcome.effective_date.as_deref())?,
        brake: brake.map(|brake| brake.as_str().to_owned()),
        note: outcome.note,
        pair: outcome.pair_id.map(|pair| field::id("pair_id", PairId::parse(&pair))).transpose()?,
    })
}

fn line(seen: v1::LineSeen) -> Result<LineRow, FieldError> {
    Ok(LineRow {
        contract: ContractId(required("contract_id", seen.contract_id)?),
        line: LineId(required("line_id", seen.line_id)?),
        service: ServiceId(required("service_id", seen.service_id)?),
        units: field::decimal("units", seen.units)?,
        unit_price: seen.unit_price.map(|price| field::decimal("unit_price", Some(price))).transpose()?,
        effective_date: field::optional_day("effective_date", seen.effective_date.as_deref())?,
        seen_at: field::instant("seen_at", seen.seen_at)?,
        is_implied: seen.implied_by_total.unwrap_or(false),
    })
}

fn change(done: v1::ChangeDone) -> Result<SettledIntent, FieldError> {
    let result = match field::chosen("result", done.result)? {
        v1::ChangeResult::Confirmed => IntentResult::Confirmed,
        v1::ChangeResult::Sent => IntentResult::Sent,
        v1::ChangeResult::Unsure => IntentResult::Unsure,
        v1::ChangeResult::Refused => IntentResult::Refused,
        v1::ChangeResult::NotBegun => IntentResult::NotBegun,
        v1::ChangeResult::Unspecified => return Err(FieldError::new("result", "it is unspecified")),
    };
    Ok(SettledIntent {
        intent: field::id("intent_id", IntentId::parse(&done.intent_id))?,
        result,
        at: field::instant("at", done.at)?,
        effective_date_read: field::optional_day("effective_date_read", done.effective_date_read.as_deref())?,
    })
}

fn survey_end(done: v1::SurveyDone) -> Result<SurveyEnd, FieldError> {
    Ok(match (done.next_page, required("given_up", done.given_up)?) {
        (_, true) => SurveyEnd::GivenUp,
        (Some(page), false) if page > 0 => SurveyEnd::GoesOn(number("next_page", page)?),
        (Some(_), false) => return Err(FieldError::new("next_page", "pages are counted from 1")),
        (None, false) => SurveyEnd::Seen,
    })
}

fn contract_read(read: v1::ContractRead) -> Result<ReadContract, FieldError> {
    let total_before = optional_decimal("total_before", read.total_before)?;
    let lines_total = optional_decimal("lines_total", read.lines_total)?;
    Ok(ReadContract {
        contract: ContractId(required("contract_id", read.contract_id)?),
        read_at: field::instant("read_at", read.read_at)?,
        total_before,
        total_moved: optional_decimal("total_moved", read.total_moved)?,
        owner_name: read.owner_name.map(|name| domain::fit_text(&name, domain::MAX_NOTE)),
        owner_account: read.owner_account_id.map(AccountId),
        looked_for: each("found", read.found, |found| {
            // The lines themselves say how many there are.
            required("lines", found.lines)?;
            Ok(ServiceId(required("service_id", found.service_id)?))
        })?,
        lines_total,
        // A line without a price leaves the sum unknown, so it is not the total.
        total_is_sum: total_before.map(|total| lines_total.is_some_and(|sum| is_same_total(sum, total))),
        gave_code: false,
    })
}

fn optional_decimal(name: &str, value: Option<f64>) -> Result<Option<f64>, FieldError> {
    value.map(|value| field::decimal(name, Some(value))).transpose()
}

fn left_over(left: v1::LeftOver) -> Result<LeftOver, FieldError> {
    if left.contract_ids.is_empty() {
        return Err(FieldError::new("contract_ids", "it is empty; leave left_over out when nothing is left"));
    }
    let code = left.code.map(|code| error_code("code", &code)).transpose()?;
    Ok(LeftOver {
        contracts: left.contract_ids,
        not_before: field::optional_instant("not_before", left.not_before)?,
        code: code.map(ErrorCode::as_str),
    })
}

/// Every product of these companies.
pub(crate) fn products<'a>(
    companies: &'a [&'a CompanyOutcome],
) -> impl Iterator<Item = (&'a CompanyOutcome, &'a ProductRow)> {
    companies.iter().flat_map(|company| company.products.iter().map(move |product| (*company, product)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_d4_less_than_half_a_minute_ahead_is_no_wrong_clock() {
        let now: Timestamp = "2026-12-01T05:00:00Z".parse().expect("an instant");
        for (seconds, told) in [(-3600, None), (0, None), (30, None), (31, Some(31)), (14_400, Some(14_400))]
        {
            let finished = now + SignedDuration::from_secs(seconds);
            let message = v1::JobDone {
                job_id: uuid::Uuid::from_u128(7).to_string(),
                run_id: uuid::Uuid::from_u128(8).to_string(),
                partner_id: "msp-1".to_owned(),
                run_number: Some(1),
                attempt: Some(1),
                mode: v1::SyncMode::Apply.into(),
                trigger: "schedule".to_owned(),
                worker_id: "worker-1".to_owned(),
                login: v1::LoginOutcome::Accepted.into(),
                host: v1::HostHealth::Answered.into(),
                finished_at: Some(field::wire_instant(finished)),
                ..v1::JobDone::default()
            };
            let mut done = JobDone::try_from(message).expect("it can be read");
            assert_eq!(done.not_after(now), told.map(SignedDuration::from_secs), "{seconds} s");
            assert_eq!(done.finished_at, finished.min(now), "no instant of the future is kept");
        }
    }
}
