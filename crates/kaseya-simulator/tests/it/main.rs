//! The simulator from outside: by HTTP as any client sees it, by its files, and by its states in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]
#![expect(clippy::print_stderr, reason = "a check that cannot be made here is said so")]

mod behaviour;
mod calls_file;
mod faults;
mod http;
mod invoices;
mod lines;
mod lists;
mod program;
mod sessions;
mod states;
mod vendor;
