//! The operator's program: settings from a file, syncs and their results, everything in one process, the demo.

mod advising;
pub mod apply;
mod authenticate;
mod calls;
mod command_line;
mod correct;
mod data_dir;
mod dead_letters;
mod decisions;
pub mod demo;
mod ended;
mod hold_text;
mod holds;
mod installation;
mod integration_switch;
mod keys;
mod line_profile;
mod migrate;
mod never_shown;
mod new_partner;
mod output;
mod password_file;
mod probe;
mod program;
mod security_events;
mod services;
mod standalone;
mod status;
mod status_head;
mod sync_now;
mod tokens;
mod writes;

pub use program::main;
