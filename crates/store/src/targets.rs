//! Targets (a service on a contract each): the lines last read, the permits and intents of changes, and the journal.

mod changed_fields;
mod equal_readings;
pub mod gone_lines;
pub mod journal;
mod known;
pub mod leftovers;
pub mod lines;
pub mod permits;
pub mod shared;
mod shares;

pub use changed_fields::changed_fields;
pub use equal_readings::{SeenEqual, remember_equal, remembered};
pub(crate) use gone_lines::forget;
pub(crate) use known::decided_change;
pub use known::{
    Decided, KnownLine, Underway, changes_underway, decided_holds, invoiced_units, known_lines,
    known_services,
};
pub use shares::{begun_pairs, half_done, remember_shares, target_shares};
