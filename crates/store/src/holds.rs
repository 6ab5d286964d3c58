//! Holds: changes that wait for a person, and what people decided.

mod decisions;
mod rows;
mod standing;

pub use decisions::{Decision, PersonsDecision, decide};
pub use rows::{HoldRow, hold, standing_holds};
pub use standing::{end_holds, end_overtaken_holds, store_holds, use_once};
