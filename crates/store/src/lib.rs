//! Postgres: pool, named transactions, migrations, and one folder per group of tables. Only one folder writes to
//! each table.

pub mod access;
pub mod counts;
pub mod holds;
pub mod jobs;
pub mod kaseya;
pub mod messages;
mod postgres;
pub mod settings;
pub mod statuses;
pub mod targets;

pub use postgres::{
    CalibratedClock, DatabaseRole, DatabaseSection, Measure, Migrated, PartnerChange, PartnerChanges,
    RoleLogin, Row, Settings, Store, StoreError, Timeouts, Transaction, WakeUps, Work,
};
