//! How many companies there are, by how they stand.

use std::collections::BTreeMap;

use domain::NotReady;
use serde::Serialize;
use store::statuses::listing::{Counts, Readiness};
use utoipa::ToSchema;

/// How many companies there are, all and by filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Numbers {
    all: u32,
    /// Their next invoice would be right if it were made, by these settings, at its instant.
    ready: u32,
    /// Why it would not be of the others, with how many each is for.
    not_ready: Vec<NotReadyCompanies>,
    needs_person: u32,
    unmapped: u32,
    /// Those of the unmapped that have users.
    unmapped_with_users: u32,
    failed: u32,
    held: u32,
    /// Changed in the last sync.
    changed: u32,
    not_billed: u32,
    closed: u32,
    /// Never synced on some contract.
    never: u32,
}

/// Companies that are not ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotReadyCompanies {
    /// not_connected, off, writes_stopped, credentials_refused, restored, not_mapped, not_sent, held, never_synced, deferred,
    /// under_way, unconfirmed, counts_later, unread, month_not_pushed or schedule_misses.
    reason: &'static str,
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
