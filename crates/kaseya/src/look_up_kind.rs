//! What can be looked up by ids, and by which call.

use egress::{Body, Method};
use serde_json::json;

use crate::calls::Call;

/// Ids in one call, and rows of one page.
pub(crate) const PAGE: usize = 100;

/// What is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LookUpKind {
    Contracts,
    Accounts,
    Services,
}

/// What a look-up was seen to do in this session.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Proven {
    /// So many ids in one call were all shown.
    pub whole: usize,
}

impl LookUpKind {
    pub fn call(self, ids: &[i32]) -> Call {
        let page = [("PageSize", PAGE.to_string()), ("PageNumber", "1".to_owned())];
        let (route, name, paged) = match self {
            Self::Contracts => ("/v2/finance/contracts/lookup", "Ids", false),
            Self::Accounts => ("/v2/crm/accounts/lookup", "Filter.Ids", true),
            Self::Services => ("/v2/admin/finance/services/lookup", "Filter.Id", true),
        };
        let mut query: Vec<_> = if paged { page.into() } else { Vec::new() };
        query.extend(ids.iter().map(|id| (name, id.to_string())));
        if self == Self::Accounts {
            query.push(("Filter.WithInactiveAccounts", "true".to_owned()));
        }
        Call::v2(Method::Get, route, query)
    }

    /// A call whose first row is something that is there.
    pub fn sample(self) -> (Call, Body) {
        let page = vec![("PageSize", "1".to_owned()), ("PageNumber", "1".to_owned())];
        match self {
            Self::Contracts => (Call::v2(Method::Get, "/v2/finance/contracts/summary", page), Body::None),
            Self::Accounts => (Call::v2(Method::Get, "/v2/crm/accounts/lookup", page), Body::None),
            Self::Services => (
                Call::v2(Method::Post, "/v2/admin/finance/services/search", Vec::new()),
                Body::Json(json!({"PageSize": 1, "PageNumber": 1, "Filter": {}})),
            ),
        }
    }

    /// How many ids one call takes.
    pub fn at_once(self) -> usize {
        match self {
            Self::Contracts | Self::Accounts => PAGE,
            // Its filter takes one id.
            Self::Services => 1,
        }
    }
}
