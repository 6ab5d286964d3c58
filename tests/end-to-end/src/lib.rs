//! An installation to test: the services as processes of their own, real RabbitMQ, real Postgres, and a simulated Kaseya
//! per partner in the test's process, where it can be held, hurt and looked into.

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
