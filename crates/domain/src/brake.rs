//! The brakes (B-01): changes that wait for a person.

use crate::run::names;

names! {
    /// The brake that holds a change.
    Brake {
        /// Any fall to 0.
        FallToZero = "fall_to_zero",
        /// A change far from what Kaseya shows.
        LargeChange = "large_change",
        /// The run changes too many companies.
        ManyCompanies = "many_companies",
        /// Half of a plan switch: the other half waits for a person or cannot be written (MAP-03).
        PlanSwitch = "plan_switch",
        /// The line was edited in Kaseya after it last showed our number (DRF-01).
        Drift = "drift",
        /// The contract is not billed monthly, and no person has chosen how its changes count (D-12, PER-01).
        BillingCycle = "billing_cycle",
        /// We sent our number to the line a second time in this period, and it was changed back again. Sending it
        /// once more requires a person's approval (SVC-04).
        SetElsewhere = "set_elsewhere",
        /// The line was ours, and nothing is mapped to it any more. Setting it to 0 requires a person's approval
        /// (D-13).
        Leftover = "leftover",
        /// A later final count of a frozen month differs from the frozen one (QTY-05).
        LaterFinal = "later_final",
    }
}

/// The brakes on one line. A change is held if it is a fall to 0, or at least `units` *and* `percent` of what Kaseya
/// shows, or at least `units_alone`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brakes {
    /// Units, combined with `percent`. Default 5.
    pub units: u32,
    /// Percent of what Kaseya shows, combined with `units`. Default 20.
    pub percent: u32,
    /// Units, whatever percent they are. Default 25.
    pub units_alone: u32,
}

impl Brakes {
    /// The defaults.
    pub const USUAL: Self = Self { units: 5, percent: 20, units_alone: 25 };
}

impl Default for Brakes {
    fn default() -> Self {
        Self::USUAL
    }
}

/// The brake on one run: it holds a run that changes more than `percent` of the partner's companies, and at least
/// `companies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunBrake {
    /// Percent of the partner's mapped companies. Default 20.
    pub percent: u32,
    /// This brake never holds fewer changed companies than this. Default 5.
    pub companies: u32,
}

impl RunBrake {
    /// The defaults.
    pub const USUAL: Self = Self { percent: 20, companies: 5 };
}

impl Default for RunBrake {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Brakes {
    /// The brake that holds a change from the shown units to the wanted units, if any.
    ///
    /// Where Kaseya shows 0, any number of units exceeds any percent of it. Negative units are a credit that someone
    /// entered, and units that are not a number cannot be compared: both wait for a person.
    pub fn check(&self, from_units: f64, to_units: u32) -> Option<Brake> {
        if to_units == 0 && from_units > 0.0 {
            return Some(Brake::FallToZero);
        }
        if !from_units.is_finite() || from_units < 0.0 {
            return Some(Brake::LargeChange);
        }
        let difference = (f64::from(to_units) - from_units).abs();
        let large_share =
            difference >= f64::from(self.units) && difference * 100.0 >= f64::from(self.percent) * from_units;
        (large_share || difference >= f64::from(self.units_alone)).then_some(Brake::LargeChange)
    }

    /// Whether an approval of `approved` units also covers `wanted`: the same number, or one that the brakes would
    /// let pass from there.
    pub fn approval_stands(&self, approved: u32, wanted: u32) -> bool {
        approved == wanted || self.check(f64::from(approved), wanted).is_none()
    }
}

impl RunBrake {
    /// Whether a run may change `changed` of the partner's `mapped` companies.
    pub fn allows(&self, changed: u32, mapped: u32) -> bool {
        changed < self.companies || u64::from(changed) * 100 <= u64::from(self.percent) * u64::from(mapped)
    }
}
