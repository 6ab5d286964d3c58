//! The results service: turns `JobDone` into statuses, journal, ledger and events.
//!
//! It takes messages in batches, stores a batch in one transaction and settles it after the commit. What it stores
//! is idempotent by job and attempt and ordered by (run number, attempt), so a message may come twice, late, or out
//! of order: an older one never overrides a newer one, while changes already made are journalled even if their
//! attempt has lost its job. What the ledger does not confirm goes to the dead letters (`disagreement`). Only this
//! service writes statuses, the journal and the totals of runs.

mod announce;
mod batch;
mod batch_store;
mod disagreement;
mod done;
mod events;
mod letters;
mod lines_elsewhere;
mod password_ages;
mod result_metrics;
mod results;
mod seen;
mod service;

pub use letters::{Letters, sent_again};
pub use results::{Results, ResultsSettings};
