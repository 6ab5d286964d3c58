//! A private Postgres from the machine's own programs, kept or throwaway.
//!
//! It listens only on a Unix socket, in a directory that only its user (and root) can enter, so it needs no
//! password. It runs as an unprivileged user, ends when the process that started it ends, however that ends, and
//! can be started again on a kept directory, also after a crash.

mod account;
mod error;
mod programs;
mod running;
mod watchdog;

pub use error::LocalPostgresError;
pub use running::{Options, Running, Storage, start};
