//! The endpoints that are served.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Right;

/// The API of a call. V1 and V2 differ in names, envelopes, tokens and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Api {
    V1,
    V2,
}

/// An endpoint, displayed as method and route, such as `GET /v2/finance/contracts/lookup`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Endpoint {
    /// Logs in to V2.
    Authenticate,
    /// Exchanges a pair of V2 tokens for a new one.
    Refresh,
    /// Whether users log in by single sign-on.
    SsoStatus,
    /// The logged-in user, with rights.
    UserInfo,
    /// Settings of the tenant's pages.
    Settings,
    /// Contracts by id or account, without a page limit.
    ContractsLookup,
    /// All contracts in pages, with their totals.
    ContractsSummary,
    /// Creates a contract of type Recurring Services.
    CreateContract,
    /// Replaces the head of a contract.
    UpdateContract,
    /// Adds services to a contract.
    AddServices,
    /// Activates a contract: it starts billing.
    ActivateContract,
    /// Deactivates a contract: it stops billing.
    DeactivateContract,
    /// The catalogue in pages.
    ServicesSearch,
    /// Names of services.
    ServicesLookup,
    /// One service.
    Service,
    /// The lines that sell a service, without their units.
    RelatedServices,
    /// Names of accounts.
    AccountsLookup,
    /// All accounts in pages.
    AccountsSummary,
    /// One account.
    AccountSummary,
    /// The types of accounts.
    AccountTypes,
    /// Invoices in pages, without their lines.
    InvoicesSummary,
    /// One invoice with its lines.
    Invoice,
    /// Lines of invoices.
    InvoiceDetails,
    /// Discounts on invoices.
    InvoiceDiscounts,
    /// Logs in to V1.
    V1Token,
    /// The lines of one contract.
    ContractLines,
    /// Writes one line.
    WriteLine,
}

impl Endpoint {
    /// Every endpoint that is served.
    pub const ALL: [Self; 27] = [
        Self::Authenticate,
        Self::Refresh,
        Self::SsoStatus,
        Self::UserInfo,
        Self::Settings,
        Self::ContractsLookup,
        Self::ContractsSummary,
        Self::CreateContract,
        Self::UpdateContract,
        Self::AddServices,
        Self::ActivateContract,
        Self::DeactivateContract,
        Self::ServicesSearch,
        Self::ServicesLookup,
        Self::Service,
        Self::RelatedServices,
        Self::AccountsLookup,
        Self::AccountsSummary,
        Self::AccountSummary,
        Self::AccountTypes,
        Self::InvoicesSummary,
        Self::Invoice,
        Self::InvoiceDetails,
        Self::InvoiceDiscounts,
        Self::V1Token,
        Self::ContractLines,
        Self::WriteLine,
    ];

    /// Method, route, and the right that the caller's role needs. The rights are guesses by the names of the calls.
    fn is(self) -> (&'static str, &'static str, Option<Right>) {
        use Right::{ModifyContracts, ViewAccounts, ViewContracts, ViewInvoices, ViewServices};
        match self {
            Self::Authenticate => ("POST", "/v2/security/authenticate", None),
            Self::Refresh => ("POST", "/v2/security/refreshtoken", None),
            Self::SsoStatus => ("GET", "/v2/security/ssostatus", None),
            Self::UserInfo => ("GET", "/v2/security/userinfo", None),
            Self::Settings => ("GET", "/v2/system/settings", None),
            Self::ContractsLookup => ("GET", "/v2/finance/contracts/lookup", Some(ViewContracts)),
            Self::ContractsSummary => ("GET", "/v2/finance/contracts/summary", Some(ViewContracts)),
            Self::CreateContract => {
                ("POST", "/v2/finance/contracts/recurringservices", Some(ModifyContracts))
            }
            Self::UpdateContract => {
                ("PUT", "/v2/finance/contracts/recurringservices/{contractId}", Some(ModifyContracts))
            }
            Self::AddServices => (
                "POST",
                "/v2/finance/contracts/recurringservices/{contractId}/services",
                Some(ModifyContracts),
            ),
            Self::ActivateContract => {
                ("PUT", "/v2/finance/contracts/{contractId}/activate", Some(ModifyContracts))
            }
            Self::DeactivateContract => {
                ("PUT", "/v2/finance/contracts/{contractId}/deactivate", Some(ModifyContracts))
            }
            Self::ServicesSearch => ("POST", "/v2/admin/finance/services/search", Some(ViewServices)),
            Self::ServicesLookup => ("GET", "/v2/admin/finance/services/lookup", Some(ViewServices)),
            Self::Service => ("GET", "/v2/admin/finance/services/{serviceId}", Some(ViewServices)),
            Self::RelatedServices => {
                ("POST", "/v2/admin/finance/services/{serviceId}/relatedservices/search", Some(ViewServices))
            }
            Self::AccountsLookup => ("GET", "/v2/crm/accounts/lookup", Some(ViewAccounts)),
            Self::AccountsSummary => ("GET", "/v2/crm/accounts/summary", Some(ViewAccounts)),
            Self::AccountSummary => ("GET", "/v2/crm/accounts/summary/{id}", Some(ViewAccounts)),
            Self::AccountTypes => ("GET", "/v2/system/accounttypes/lookup", None),
            Self::InvoicesSummary => ("GET", "/v2/finance/invoices/summary", Some(ViewInvoices)),
            Self::Invoice => ("GET", "/v2/finance/invoices/{id}", Some(ViewInvoices)),
            Self::InvoiceDetails => ("POST", "/v2/finance/invoices/details", Some(ViewInvoices)),
            Self::InvoiceDiscounts => ("POST", "/v2/finance/invoices/discounts", Some(ViewInvoices)),
            Self::V1Token => ("POST", "/api/token", None),
            Self::ContractLines => {
                ("GET", "/api/finance/contracts/{contractId}/services", Some(ViewContracts))
            }
            Self::WriteLine => {
                ("PUT", "/api/finance/contracts/{contractId}/services/{lineId}", Some(ModifyContracts))
            }
        }
    }

    /// The HTTP method.
    pub fn method(self) -> &'static str {
        self.is().0
    }

    /// The route, with its parameters in braces. The tenant may serve V1's lines under other routes.
    pub fn route(self) -> &'static str {
        self.is().1
    }

    pub(crate) fn api(self) -> Api {
        Api::of_path(self.route())
    }

    pub(crate) fn right(self) -> Option<Right> {
        self.is().2
    }

    pub(crate) fn writes(self) -> bool {
        self.right() == Some(Right::ModifyContracts)
    }
}

impl Api {
    /// Everything under `/api` is V1.
    pub(crate) fn of_path(path: &str) -> Self {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if first.eq_ignore_ascii_case("api") { Self::V1 } else { Self::V2 }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method(), self.route())
    }
}
