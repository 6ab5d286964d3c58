//! Postgres: pool, named transactions, migrations, one module per group of tables.

pub mod breakers;
pub mod calls;
mod clock;
pub mod closing;
pub mod counts;
mod error;
pub mod events;
pub mod frozen;
pub mod holds;
pub mod journal;
pub mod ledger;
pub mod lines;
mod listen;
pub mod logins;
mod migrate;
pub mod outcomes;
pub mod permits;
mod pool;
pub mod reports;
pub mod requests;
mod row;
pub mod runs;
pub mod schedules;
pub mod settings;
pub mod standing_holds;
pub mod switch;
mod tls;
mod transaction;

pub use clock::CalibratedClock;
pub use error::StoreError;
pub use listen::WakeUps;
pub use pool::{Settings, Store, Timeouts};
pub use row::Row;
pub use transaction::{Transaction, Work};
