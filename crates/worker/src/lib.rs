//! The worker: executes one job at a time per Kaseya, from the ticket to `JobDone`, and stores nothing.
//!
//! A ticket names partner, job and attempt. The worker *starts* the job with a request to the scheduler. The
//! response holds everything the job needs, as of that moment. For each contract the worker reads the lines, plans,
//! requests a *permit* (the scheduler stores the intents), writes, and reads again. One `JobDone` reports all
//! results.
//!
//! The worker starts a write only with a permit that outlives the write's timeout, and only while the delivery, the
//! lease and the process's own time last. It hands back what it has not started.

mod attempt;
mod calls;
mod confirmation;
mod contract;
mod findings;
mod in_hand;
mod in_use;
mod installation_clock;
mod job_done;
mod line_writes;
mod missing_keys;
mod outcome;
mod ownership;
mod permission;
mod plan_switch;
mod planned;
mod refusal;
mod service;
mod shown;
mod slice;
mod survey;
mod target_result;
mod terms;
mod tracing_context;
mod use_check;
mod whole_contract;
mod write_result;

pub use service::{Worker, WorkerSettings};
