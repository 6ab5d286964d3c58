//! Company statuses: written by results, and read for people.

mod companies;
pub mod figures;
pub mod history;
pub mod later_finals;
pub mod listing;
pub mod outcomes;
pub mod overview;
pub mod readiness;
mod runs;

pub(crate) use companies::{CompanyScope, statuses_of};
pub use companies::{CompanyStatus, companies, company};
pub use runs::{RunCompany, RunRow, run, run_companies, runs};
pub(crate) use runs::{newest_run, runs_before};
