//! How many companies there are, by how they stand.

use std::collections::BTreeMap;

use domain::NotReady;
use serde::Serialize;
use store::statuses::listing::{Counts, Readiness};
use utoipa::ToSchema;

/// Number of companies, in total and by filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Numbers {
    /// All companies.
    all: u32,
    /// Companies whose next invoice would be right if it were made at its instant with the current settings.
    ready: u32,
    /// Reasons for the other companies, with the number of companies for each.
    not_ready: Vec<NotReadyCompanies>,
    /// Failed, held, or not mapped and with users.
    needs_person: u32,
    /// Without account and contract.
    unmapped: u32,
    /// Unmapped companies with users.
    unmapped_with_users: u32,
    /// Not sent, or mapped and with a code for something not sent.
    failed: u32,
    /// With a change that waits for a person.
    held: u32,
    /// Changed in the last sync.
    changed: u32,
    /// With a product that is not billed.
    not_billed: u32,
    /// With a closing day.
    closed: u32,
    /// Never synced on at least one contract.
    never: u32,
}

/// Number of companies that are not ready for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotReadyCompanies {
    /// `not_connected`, `off`, `writes_stopped`, `credentials_refused`, `restored`, `not_mapped`, `not_sent`,
    /// `held`, `never_synced`, `deferred`, `under_way`, `unconfirmed`, `counts_later`, `unread`, `month_not_pushed`
    /// or `schedule_misses`. A company with several reasons counts for the one to handle first.
    reason: &'static str,
    /// Number of companies.
    companies: u32,
}

impl NotReadyCompanies {
    /// The reasons, each with how many companies it is for.
    pub fn of(reasons: &BTreeMap<NotReady, u32>) -> Vec<Self> {
        let each =
            |(reason, companies): (&NotReady, &u32)| Self { reason: reason.as_str(), companies: *companies };
        reasons.iter().map(each).collect()
    }
}

impl Numbers {
    /// Counts, with who is ready.
    pub fn of(counts: Counts, readiness: &Readiness) -> Self {
        let Counts { all, needs_person, unmapped, unmapped_with_users, failed, held, .. } = counts;
        let Counts { changed, not_billed, closed, never, .. } = counts;
        Self {
            all,
            ready: readiness.ready,
            not_ready: NotReadyCompanies::of(&readiness.not_ready),
            needs_person,
            unmapped,
            unmapped_with_users,
            failed,
            held,
            changed,
            not_billed,
            closed,
            never,
        }
    }
}
