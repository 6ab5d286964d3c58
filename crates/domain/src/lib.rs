//! The rules of the sync as pure functions: what is wanted, what changes, when, and what holds it back.
//!
//! No I/O and no async runtime: time comes in as a value or through [`Clock`], randomness through [`Entropy`].
//! Words are those of the requirements: partner, company, product, account, service, contract, line, target, run,
//! job, change.

mod brake;
mod clock;
mod count;
mod effective_date;
mod entropy;
mod error_code;
mod failure;
mod ids;
mod plan;
mod retry;
mod run;
mod schedule;
mod status;
mod target;

pub use brake::{Brake, Brakes, RunBrake};
pub use clock::{Clock, SystemClock};
pub use count::{CountBasis, UserCount};
pub use effective_date::{Billing, InvoiceDay, effective_date};
pub use entropy::Entropy;
pub use error_code::{ErrorCode, Level};
pub use failure::FailureClass;
pub use ids::{
    AccountId, CompanyId, ContractId, HoldId, IdError, IntentId, JobId, LineId, PartnerId, ProductId, ReportId,
    RequestId, RunId, ServiceId,
};
pub use plan::{Change, Decision, Line, PlanContext, plan_target};
pub use retry::Backoff;
pub use run::{JobKind, JobState, MAX_ATTEMPTS, RunMode, RunState, Trigger};
pub use schedule::{Frequency, Occurrence, Schedule, ScheduleError, Weekday, spread_offset};
pub use status::{CompanyState, ProductState, worst_state};
pub use target::{Addend, Wanted, wanted_units};
