//! Checks whether credentials are right and their role has what a sync needs, by real logins and one read per right.
//! It changes nothing in Kaseya (S-12 to S-14).

use std::fmt;

use domain::{AnswerFault, ContractId, ErrorCode, FailureClass};
use egress::{Body, Method};
use serde_json::{Value, json};

use crate::{
    BmsError, ContractLine, Session, UserInfo, Words,
    answer::Success,
    calls::{Api, Call},
    fields,
    look_up::page_rows,
    look_up_kind::PAGE,
};

/// The checks, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The login to V2.
    LogInV2,
    /// The API answers this user at all.
    ApiAccess,
    /// Accounts can be seen.
    ViewAccounts,
    /// Contracts can be seen.
    ViewContracts,
    /// Services can be seen.
    ViewServices,
    /// The login to V1, tried only after V2 has accepted the login.
    LogInV1,
    /// A contract's lines can be seen over V1.
    ViewLines,
    /// Lines can be changed. No read proves it.
    ModifyContracts,
}

impl Check {
    /// All checks in order.
    pub const ALL: [Self; 8] = [
        Self::LogInV2,
        Self::ApiAccess,
        Self::ViewAccounts,
        Self::ViewContracts,
        Self::ViewServices,
        Self::LogInV1,
        Self::ViewLines,
        Self::ModifyContracts,
    ];

    /// A stable word for documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LogInV2 => "log_in_v2",
            Self::ApiAccess => "api_access",
            Self::ViewAccounts => "view_accounts",
            Self::ViewContracts => "view_contracts",
            Self::ViewServices => "view_services",
            Self::LogInV1 => "log_in_v1",
            Self::ViewLines => "view_lines",
            Self::ModifyContracts => "modify_contracts",
        }
    }

    /// Where the right is set, in the words of Kaseya's own menus; `None` for the logins.
    pub fn menu(self) -> Option<&'static str> {
        match self {
            Self::LogInV2 | Self::LogInV1 => None,
            Self::ApiAccess => Some("Admin > Special Features > Has API Access"),
            Self::ViewAccounts => Some("CRM > Accounts: View"),
            Self::ViewContracts | Self::ViewLines => Some("Finance > Contracts: View"),
            Self::ViewServices => Some("Admin > Finance > Services: View"),
            Self::ModifyContracts => Some("Finance > Contracts: Modify"),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LogInV2 => "login to V2",
            Self::ApiAccess => "access to the API",
            Self::ViewAccounts => "accounts can be read",
            Self::ViewContracts => "contracts can be read",
            Self::ViewServices => "services can be read",
            Self::LogInV1 => "login to V1",
            Self::ViewLines => "contract lines can be read over V1",
            Self::ModifyContracts => "contract lines can be changed",
        })
    }
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The check passed.
    Passed,
    /// The check failed.
    Failed {
        /// The code of the error catalogue.
        code: ErrorCode,
        /// Kaseya's words; `None` without any.
        words: Option<Words>,
        /// What was wrong with the answer, where Kaseya said nothing about it.
        fault: Option<AnswerFault>,
    },
    /// No call can find out without a change.
    Unknown(&'static str),
    /// Not tried, because an earlier check failed.
    NotReached,
}

/// A check and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was checked.
    pub check: Check,
    /// The result.
    pub finding: Finding,
}

/// How many contracts decide whether lines fit the line profile.
const MOST_CONTRACTS: usize = 3;
const NO_CONTRACT: &str = "Kaseya shows this user no contract whose lines could be read";
const NO_LINES: &str = "the contract that was looked at shows no lines: a contract with lines will tell";
const RIGHTS_UNPUBLISHED: &str =
    "which of the listed rights is which is not published: the first write will tell";

impl Checked {
    /// Where the right is set, if a missing right is the cause or may be.
    pub fn right(&self) -> Option<&'static str> {
        let of_right = match &self.finding {
            Finding::Failed { code, .. } => matches!(code, ErrorCode::Auth05 | ErrorCode::Auth06),
            Finding::Unknown(why) => *why == RIGHTS_UNPUBLISHED,
            Finding::Passed | Finding::NotReached => false,
        };
        self.check.menu().filter(|_| of_right)
    }
}

/// The results so far.
#[derive(Default)]
struct Findings {
    found: Vec<Checked>,
    /// Nothing more is tried: no login, or the host does not answer.
    over: bool,
}

impl Findings {
    /// Makes a check by a call, unless the call is pointless; `None` when it failed or was not made.
    async fn take<T>(&mut self, check: Check, call: impl Future<Output = Result<T, BmsError>>) -> Option<T> {
        if self.over {
            self.add(check, Finding::NotReached);
            return None;
        }
        match call.await {
            Ok(value) => {
                self.add(check, Finding::Passed);
                Some(value)
            }
            Err(error) => {
                // A missing right says nothing about the next one; a host that does not answer would fail them all.
                let no_login = matches!(error, BmsError::LoginRefused { .. }) && check != Check::LogInV1;
                self.over = no_login || error.class() != FailureClass::Permanent;
                self.add(check, failed(check, error));
                None
            }
        }
    }

    fn add(&mut self, check: Check, finding: Finding) {
        self.found.push(Checked { check, finding });
    }
}

fn failed(check: Check, error: BmsError) -> Finding {
    let code = match (check, error.code()) {
        // A user who may log in but may not even read their own user information.
        (Check::ApiAccess, ErrorCode::Auth06) => ErrorCode::Auth05,
        (_, code) => code,
    };
    let fault = error.answer_fault().map(|(_, fault)| fault);
    let words = match error.of_one_contract() {
        BmsError::LoginRefused { words, .. }
        | BmsError::NotAllowed { words, .. }
        | BmsError::Server { words, .. }
        | BmsError::Refused { words, .. } => words,
        BmsError::Limited { .. }
        | BmsError::AllowanceSpent { .. }
        | BmsError::NotSignedIn
        | BmsError::NoAnswer { .. }
        | BmsError::NotKaseya { .. }
        | BmsError::Unfit(_)
        | BmsError::Garbled { .. } => None,
    };
    Finding::Failed { code, words, fault }
}

/// The results of all checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// Every [`Check`], in order.
    pub checks: Vec<Checked>,
    /// The IANA name of Kaseya's zone; `None` if Kaseya does not say.
    pub time_zone: Option<String>,
}

impl Session {
    /// Makes every [`Check`]: logs in for real, to V2 and then to V1, even if tokens are at hand, and makes one read
    /// per right. Credentials refused before are not tried again. The result holds every check.
    pub async fn preflight(&self) -> Preflight {
        let mut findings = Findings::default();
        findings.take(Check::LogInV2, self.log_in_anew(Api::V2)).await;
        let user = findings.take(Check::ApiAccess, self.user_info()).await;
        findings.take(Check::ViewAccounts, self.look_at_accounts()).await;
        let contract = findings.take(Check::ViewContracts, self.look_at_contracts()).await;
        findings.take(Check::ViewServices, self.look_at_services()).await;
        let v1 = findings.take(Check::LogInV1, self.log_in_anew(Api::V1)).await;
        match (v1, contract) {
            (Some(()), Some(contracts)) if !contracts.is_empty() => {
                let lines = findings.take(Check::ViewLines, self.look_at_lines(&contracts)).await;
                // A call that is not the one for lines may answer with an empty list too.
                if lines.is_some_and(|lines| lines.is_empty()) && !self.lines_fit() {
                    findings.found.pop();
                    findings.add(Check::ViewLines, Finding::Unknown(NO_LINES));
                }
            }
            (Some(()), Some(_)) => findings.add(Check::ViewLines, Finding::Unknown(NO_CONTRACT)),
            (None, _) | (_, None) => findings.add(Check::ViewLines, Finding::NotReached),
        }
        let modify = match &user {
            None => Finding::NotReached,
            Some(UserInfo { modifies_something: Some(false), .. }) => {
                Finding::Failed { code: ErrorCode::Auth06, words: None, fault: None }
            }
            Some(_) => Finding::Unknown(RIGHTS_UNPUBLISHED),
        };
        findings.add(Check::ModifyContracts, modify);
        Preflight { checks: findings.found, time_zone: user.and_then(|user| user.time_zone) }
    }

    /// Logs in for real, to V2 and then to V1, and asks which user it is: the daily proof that the credentials still
    /// work.
    pub async fn prove_login(&self) -> Result<UserInfo, BmsError> {
        self.log_in_anew(Api::V2).await?;
        self.log_in_anew(Api::V1).await?;
        self.user_info().await
    }

    async fn look_at_accounts(&self) -> Result<(), BmsError> {
        let call = |page| Call::v2(Method::Get, "/v2/crm/accounts/lookup", paged(page));
        self.look_at_pages(call, |_| Body::None).await.map(drop)
    }

    /// The lines of the first of these contracts, or of another one if those do not fit the line profile: one odd
    /// contract says nothing about the tenant.
    async fn look_at_lines(&self, contracts: &[ContractId]) -> Result<Vec<ContractLine>, BmsError> {
        let mut unfit = None;
        for contract in contracts {
            match self.lines(*contract).await {
                Err(error @ BmsError::Unfit(_)) => unfit = unfit.or(Some(error)),
                // An empty list, after others that do not fit, says nothing either.
                Ok(lines) if lines.is_empty() && unfit.is_some() => {}
                read => return read,
            }
        }
        unfit.map_or_else(|| Ok(Vec::new()), Err)
    }

    /// Contracts with readable lines: those with recurring services and a price first.
    async fn look_at_contracts(&self) -> Result<Vec<ContractId>, BmsError> {
        let call = |page| Call::v2(Method::Get, "/v2/finance/contracts/summary", paged(page));
        let success = self.look_at_pages(call, |_| Body::None).await?;
        let garbled = |problem| self.garbled(&call(1), problem);
        let mut rows = success.rows().map_err(garbled)?;
        rows.sort_by_key(|row| {
            let kind = fields::text(row, "contractType").map(str::to_lowercase);
            let price = fields::get(row, "contractBillingPrice").and_then(Value::as_f64);
            let recurs = kind.is_some_and(|kind| kind.contains("recurring"));
            (!recurs, price.is_none_or(|price| price <= 0.0))
        });
        let id = |row: &&fields::Object| fields::id(row, "id", AnswerFault::RowWithoutId).map(ContractId);
        rows.iter().take(MOST_CONTRACTS).map(id).collect::<Result<_, _>>().map_err(garbled)
    }

    async fn look_at_services(&self) -> Result<(), BmsError> {
        let call = |_| Call::v2(Method::Post, "/v2/admin/finance/services/search", Vec::new());
        let body = |page| Body::Json(json!({"PageSize": PAGE, "PageNumber": page, "Filter": {}}));
        self.look_at_pages(call, body).await.map(drop)
    }

    /// The first page of a list, and whether its pages count from 1 as far as the answers show. The last page must
    /// have rows. If the first page has none and there is no total, there must be no page before it.
    async fn look_at_pages(
        &self,
        call: impl Fn(usize) -> Call,
        body: impl Fn(usize) -> Body,
    ) -> Result<Success, BmsError> {
        let first = call(1);
        let success = self.read(&first, || body(1)).await?;
        let rows = page_rows(&success, 1).map_err(|problem| self.garbled(&first, problem))?.len();
        let total = success.total.and_then(|total| usize::try_from(total).ok());
        let other = match total {
            Some(total) if total > PAGE => Some(total.div_ceil(PAGE)),
            None if rows == 0 => Some(0),
            _ => None,
        };
        if let Some(number) = other {
            let call = call(number);
            let seen = self.read(&call, || body(number)).await?;
            let garbled = |problem| self.garbled(&call, problem);
            let shown = page_rows(&seen, number).map_err(garbled)?.len();
            if number == 0 && shown > 0 {
                return Err(garbled(AnswerFault::EmptyPage));
            }
        }
        Ok(success)
    }
}

fn paged(number: usize) -> Vec<(&'static str, String)> {
    vec![("PageSize", PAGE.to_string()), ("PageNumber", number.to_string())]
}
