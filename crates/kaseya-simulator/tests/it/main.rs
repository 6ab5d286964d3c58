//! The simulator from outside: over HTTP as any client sees it, by its files, and by its states in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]
#![expect(clippy::print_stderr, reason = "a check that cannot be made here is said so")]

mod admin;
mod behaviour;
mod calls_file;
mod changes;
mod contract_writes;
mod description;
mod faults;
mod foreign;
mod http;
mod invoice_reads;
mod invoices;
mod line_form;
mod line_rules;
mod lines;
mod lists;
mod program;
mod script;
mod sessions;
mod states;
mod switches;
mod unserved;
mod vendor;
