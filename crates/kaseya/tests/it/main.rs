//! The client over HTTP, against the simulator and against the file of calls.

mod contract_file;
mod limits;
mod literal;
mod partner;
mod preflight;
mod probe;
mod profile_search;
mod profiles;
mod raw_lines;
mod reads_and_writes;
mod sessions;
