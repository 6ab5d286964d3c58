//! Holds: changes that wait for a person, and the decisions of people.

mod decisions;
mod later_finals;
mod rows;
mod updates;

pub use decisions::{Decision, PersonsDecision, decide};
pub use later_finals::{end_later_finals, held_otherwise, open_later_finals};
pub use rows::{HoldRow, hold, standing_holds};
pub(crate) use updates::end_all;
pub use updates::{end_holds, end_overtaken_holds, end_settled_leftovers, store_holds, use_once};
