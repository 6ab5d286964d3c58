//! The worker: one job at a time per Kaseya, from the ticket to `JobDone`, keeping nothing.
//!
//! A ticket names partner, job and attempt. The worker *starts* the job by asking the scheduler, which answers with all it
//! needs, as true at that moment. Per contract it then reads the lines, plans, asks for a *permit* (the scheduler stores
//! the intents), writes, and reads again. One `JobDone` tells what came of all of it.
//!
//! No write is begun without a permit that outlives the write's own time-out, nor after the delivery, the lease or the
//! process's own time is over. What is not begun is handed back.

mod attempt;
mod calls;
mod confirmation;
mod content;
mod contract;
mod decided;
mod findings;
mod in_hand;
mod in_use;
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
mod terms;
mod told_clock;
mod tracing_context;
mod tried;
mod use_check;
mod whole_contract;

pub use service::{Worker, WorkerSettings};
