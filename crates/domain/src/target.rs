//! Targets and their wanted units.

use crate::{CompanyId, ProductId, UserCount};

/// One count in the sum that makes a target's wanted units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addend {
    /// The company that the users belong to.
    pub company: CompanyId,
    /// The product they use.
    pub product: ProductId,
    /// The version of the company mapping that produced this addend; checked again before writing (D-04).
    pub mapping_version: u32,
    /// The count, or `None` if it is missing or too old.
    pub count: Option<UserCount>,
    /// The units billed for it, by the company's rule for the product (B-05); `None` without a count.
    pub billed: Option<u32>,
}

/// The maximum that Kaseya's number type holds.
pub const MAX_UNITS: u32 = i32::MAX.unsigned_abs();

/// The units that a target should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// This many units.
    Units(u32),
    /// An addend is missing, or the sum does not fit Kaseya's number: nothing may be sent (D-11).
    Unknown,
}

/// The sum of all addends' billed units. One missing addend makes the sum unknown, and so does an empty list: 0 comes
/// only from counts that are 0.
pub fn wanted_units(addends: &[Addend]) -> Wanted {
    if addends.is_empty() {
        return Wanted::Unknown;
    }
    let sum = addends
        .iter()
        .try_fold(0_u32, |sum, addend| sum.checked_add(addend.billed?).filter(|sum| *sum <= MAX_UNITS));
    sum.map_or(Wanted::Unknown, Wanted::Units)
}
