//! Targets and their wanted units.

use crate::{CompanyId, ProductId, UserCount};

/// One count in the sum that a target's wanted units are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addend {
    /// Whose users.
    pub company: CompanyId,
    /// Of what.
    pub product: ProductId,
    /// The company mapping's version that brought it here; asked again before writing (D-04).
    pub mapping_version: u32,
    /// The count, or `None` when it is missing or too old.
    pub count: Option<UserCount>,
    /// The units that it is billed as, by the company's rule for the product (B-05); `None` without a count.
    pub billed: Option<u32>,
}

/// The most units that Kaseya's number holds.
pub const MAX_UNITS: u32 = i32::MAX.unsigned_abs();

/// What a target should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// This many units.
    Units(u32),
    /// An addend is missing, or the sum does not fit Kaseya's number: nothing may be sent (D-11).
    Unknown,
}

/// The sum of what all addends are billed as. One missing addend makes no number, and neither does an empty list: 0 comes only from
/// counts that say 0.
pub fn wanted_units(addends: &[Addend]) -> Wanted {
    if addends.is_empty() {
        return Wanted::Unknown;
    }
    let sum = addends
        .iter()
        .try_fold(0_u32, |sum, addend| sum.checked_add(addend.billed?).filter(|sum| *sum <= MAX_UNITS));
    sum.map_or(Wanted::Unknown, Wanted::Units)
}
