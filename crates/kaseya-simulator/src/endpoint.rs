//! The calls that are served.

use std::fmt;

use axum::routing::MethodFilter;

use crate::Right;

/// Which of the two interfaces a call belongs to: they differ in names, envelopes, tokens and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    V1,
    V2,
}

/// One call that is served; shown as method and route, as `GET /v2/finance/contracts/lookup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// Log in to V2.
    Authenticate,
    /// A new pair of V2 tokens for an old one.
    Refresh,
    /// Who is logged in, with rights.
    UserInfo,
    /// Contracts by id or account, without a page limit.
    ContractsLookup,
    /// All contracts by pages, with their totals.
    ContractsSummary,
    /// The catalogue by pages.
    ServicesSearch,
    /// Names of services.
    ServicesLookup,
    /// Names of accounts.
    AccountsLookup,
    /// Log in to V1.
    V1Token,
    /// The lines of one contract.
    ContractLines,
    /// Write one line.
    WriteLine,
}

impl Endpoint {
    /// Every call that is served.
    pub const ALL: [Self; 11] = [
        Self::Authenticate,
        Self::Refresh,
        Self::UserInfo,
        Self::ContractsLookup,
        Self::ContractsSummary,
        Self::ServicesSearch,
        Self::ServicesLookup,
        Self::AccountsLookup,
        Self::V1Token,
        Self::ContractLines,
        Self::WriteLine,
    ];

    /// The method.
    pub fn method(self) -> &'static str {
        match self {
            Self::Authenticate | Self::Refresh | Self::ServicesSearch | Self::V1Token => "POST",
            Self::WriteLine => "PUT",
            Self::UserInfo
            | Self::ContractsLookup
            | Self::ContractsSummary
            | Self::ServicesLookup
            | Self::AccountsLookup
            | Self::ContractLines => "GET",
        }
    }

    /// The route, with its parameters in braces.
    pub fn route(self) -> &'static str {
        match self {
            Self::Authenticate => "/v2/security/authenticate",
            Self::Refresh => "/v2/security/refreshtoken",
            Self::UserInfo => "/v2/security/userinfo",
            Self::ContractsLookup => "/v2/finance/contracts/lookup",
            Self::ContractsSummary => "/v2/finance/contracts/summary",
            Self::ServicesSearch => "/v2/admin/finance/services/search",
            Self::ServicesLookup => "/v2/admin/finance/services/lookup",
            Self::AccountsLookup => "/v2/crm/accounts/lookup",
            Self::V1Token => "/api/token",
            Self::ContractLines => "/api/finance/contracts/{contractId}/services",
            Self::WriteLine => "/api/finance/contracts/{contractId}/services/{lineId}",
        }
    }

    pub(crate) fn api(self) -> Api {
        match self {
            Self::V1Token | Self::ContractLines | Self::WriteLine => Api::V1,
            Self::Authenticate
            | Self::Refresh
            | Self::UserInfo
            | Self::ContractsLookup
            | Self::ContractsSummary
            | Self::ServicesSearch
            | Self::ServicesLookup
            | Self::AccountsLookup => Api::V2,
        }
    }

    /// The right that its caller's role needs; which one belongs to which call is a guess by their names.
    pub(crate) fn right(self) -> Option<Right> {
        match self {
            Self::Authenticate | Self::Refresh | Self::UserInfo | Self::V1Token => None,
            Self::ContractsLookup | Self::ContractsSummary | Self::ContractLines => {
                Some(Right::ViewContracts)
            }
            Self::WriteLine => Some(Right::ModifyContracts),
            Self::ServicesSearch | Self::ServicesLookup => Some(Right::ViewServices),
            Self::AccountsLookup => Some(Right::ViewAccounts),
        }
    }

    pub(crate) fn filter(self) -> MethodFilter {
        match self.method() {
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            _ => MethodFilter::GET,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method(), self.route())
    }
}
