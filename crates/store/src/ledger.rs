//! The ledger: which jobs are due for a ticket, who has started them, and whose lease has ended.
//!
//! Read with the clock of the caller. Ledger rounds go over all partners; whatever changes a job names its partner.

mod attempts;
mod known;
mod leases;
mod remapped;
mod remembered;
mod shares;
mod started;
mod surveys;
mod tickets;

pub use attempts::{Asked, AskedContract, AskedProduct, AttemptRecord, GrantedChange, attempt_record};
pub(crate) use known::decided_change;
pub use known::{
    Decided, KnownLine, Underway, changes_underway, decided_holds, invoiced_units, known_lines,
    known_services,
};
pub use leases::{
    ExpiredJob, GivenUp, Slice, close_dropped_job, companies_on, expire_job, expired_job, give_up,
    give_up_survey, halve, hand_back, refused_to_local,
};
pub use remapped::{follow_remapped, note_mappings};
pub use remembered::{SeenEqual, remember_equal, remembered};
pub use shares::{Share, TargetShares, begun_pairs, half_done, remember_shares, target_shares};
pub use started::{
    HeldJob, JobRow, KaseyaUse, StartedJob, defer_job, held_job, kaseya_use, lock_job, put_back, renew_lease,
    start_job,
};
pub use surveys::{SpreadJob, SurveyedJob, spread_survey, surveyed_job, unseen};
pub use tickets::{
    ClaimRules, LocalJob, Ticket, claim_local_jobs, claim_tickets, mark_emitted, open_jobs, release_claim,
    split_local,
};
