//! The query words for companies, shared by pages and API.

use store::statuses::listing::{Filter, Sort};

/// Each filter with its word in the URL.
pub(crate) const FILTERS: &[(Filter, &str)] = &[
    (Filter::All, "all"),
    (Filter::NeedsPerson, "needs-person"),
    (Filter::Unmapped, "unmapped"),
    (Filter::Failed, "failed"),
    (Filter::Held, "held"),
    (Filter::Changed, "changed"),
    (Filter::NotBilled, "not-billed"),
    (Filter::Closed, "closed"),
    (Filter::Never, "never"),
];

/// Each sort order with its word in the URL.
pub(crate) const SORTS: &[(Sort, &str)] = &[
    (Sort::Company, "company"),
    (Sort::Account, "account"),
    (Sort::Contract, "contract"),
    (Sort::State, "state"),
    (Sort::LastSync, "last-sync"),
    (Sort::Users, "users"),
];
