//! Jobs and their runs: which jobs are due for a ticket, which are started, which leases have ended, and how runs end.
//!
//! Time comes from the caller's clock. Scheduler rounds cover all partners; every function that changes a job names
//! its partner.

mod attempts;
pub mod deferrals;
pub mod full_reads;
pub mod job_end;
pub(crate) mod lanes;
mod leases;
mod remapped_companies;
pub mod requests;
pub mod run_totals;
pub mod runs;
mod start;
mod surveys;
pub mod switched_off;
mod tickets;
pub mod waiting;

pub use attempts::{
    AssignedContract, AssignedProduct, Assignment, AttemptRecord, GrantedChange, attempt_record,
};
pub use leases::{
    ExpiredJob, GivenUp, Slice, close_dropped_job, companies_on, expire_job, expired_job, give_up,
    give_up_survey, halve, hand_back, refused_to_local,
};
pub use remapped_companies::{follow_remapped, note_mappings};
pub use start::{
    HeldJob, JobRow, KaseyaUse, StartedJob, defer_job, held_job, kaseya_use, lock_job, put_back, renew_lease,
    start_job,
};
pub use surveys::{SpreadJob, SurveyedJob, spread_survey, surveyed_job, unseen};
pub use tickets::{
    ClaimRules, LocalJob, Ticket, claim_local_jobs, claim_tickets, mark_emitted, open_jobs, release_claim,
    split_local,
};
