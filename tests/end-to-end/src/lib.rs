//! An installation to test: the services as separate processes, real RabbitMQ, real Postgres, and for each partner
//! a simulated Kaseya in the test's process, where the test can hold, break and inspect it.

mod installation;
mod partner;
mod program;
mod tables;
mod wire;

pub use installation::{BRISK, CALM, Installation, PATIENT, Tuning, database_at};
pub use partner::{ADVANCED, CANARY, Partner, STANDARD, contract, line};
pub use program::{Kind, Program};
pub use wire::{Wire, exchange};

/// The machine's time.
pub fn now() -> jiff::Timestamp {
    domain::Clock::now(&domain::SystemClock::start())
}
