//! The connection to Postgres: pool, transactions, migrations, rows, database clock.

mod clock;
pub(crate) mod error;
mod listen;
mod metrics;
mod migrate;
mod partner_changes;
mod pool;
mod reachable;
mod rights;
mod roles;
mod row;
mod schema;
mod section;
mod tls;
mod transaction;

pub use clock::CalibratedClock;
pub use error::StoreError;
pub use listen::WakeUps;
pub use metrics::Measure;
pub use migrate::Migrated;
pub use partner_changes::{PartnerChange, PartnerChanges};
pub use pool::{Settings, Store, Timeouts};
pub use roles::{DatabaseRole, RoleLogin};
pub use row::Row;
pub use section::DatabaseSection;
pub use transaction::{Transaction, Work};
