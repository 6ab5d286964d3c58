//! Real parts for tests: throwaway Postgres and RabbitMQ, databases cloned from a template, a proxy that breaks
//! connections, a controllable clock.

pub mod bus_contract;
mod clock;
mod database;
mod line_profiles;
mod programs;
mod proxy;
mod rabbitmq;
mod transitions;
mod until;

pub use clock::Clock;
pub use database::{TestDatabase, database, database_as, empty_database};
pub use line_profiles::{FOREIGN_LINE_PROFILE, line_profiles};
pub use programs::{program, target_directory};
pub use proxy::{Proxy, Upstream};
pub use rabbitmq::RabbitMq;
pub use until::{until, until_at_most};

/// Randomness that is the same in every run of a test.
pub fn entropy(seed: u64) -> domain::Entropy {
    domain::Entropy::from_number(seed)
}
