//! Whether a contract needs a call of its own.
//!
//! Lines can only be read one contract at a time, and few calls are allowed an hour. A contract whose lines are known to
//! hold what is wanted, and whose total is what it should be by that, is left alone. Whatever is not known is read.

use crate::Wanted;

/// What a run's survey showed of a contract.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// Nothing: there was no survey, or it did not show the contract.
    Not,
    /// It was looked up by its id, which shows no total.
    LookedUp,
    /// With the total of all its lines.
    WithTotal(f64),
}

/// What is known of a contract before any of its lines is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownContract {
    /// What the survey showed.
    pub seen: Seen,
    /// Whether all that the survey showed beside is as it should be: active, running, of the right type, the mapped account's.
    pub in_order: bool,
    /// What the total should be by what was read and written.
    pub expected_total: Option<f64>,
    /// Whether its lines are to be read now whatever the total says.
    pub read_due: bool,
}

/// A line as it was last read, or written since.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownLine {
    /// Its units.
    pub units: f64,
    /// The price of one.
    pub unit_price: Option<f64>,
}

/// What is known of a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownTarget {
    /// What it should hold.
    pub wanted: Wanted,
    /// Its line; `None` when the contract had none when it was last read.
    pub line: Option<KnownLine>,
    /// Whether a change was sent that nothing has shown yet.
    pub to_be_confirmed: bool,
    /// Whether only a reading can tell how it stands: a write without an answer, or a service twice on the contract.
    pub unclear: bool,
}

/// What a look at what is known gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance {
    /// No call is needed: the lines hold what is wanted.
    Holds {
        /// Whether Kaseya was seen to hold it, by the contract's total.
        seen: bool,
    },
    /// The lines are to be read.
    Read,
}

/// Totals are decimals that were added up: a difference of less than this is none.
const SAME_TOTAL: f64 = 0.006;

/// The least price whose units a total tells: below it, units could change without moving the total by a cent.
pub const LEAST_PRICE: f64 = 0.02;

/// Looks at what is known of a contract and its targets. Targets whose number is not known ask for no call: nothing is
/// sent for them.
pub fn glance(contract: &KnownContract, targets: &[KnownTarget]) -> Glance {
    if !contract.in_order || contract.read_due {
        return Glance::Read;
    }
    let seen = match (contract.seen, contract.expected_total) {
        (Seen::Not, _) => return Glance::Read,
        (Seen::LookedUp, _) => false,
        (Seen::WithTotal(total), Some(expected)) if (total - expected).abs() < SAME_TOTAL => true,
        (Seen::WithTotal(_), _) => return Glance::Read,
    };
    let all_hold = targets.iter().all(|target| holds(target, seen));
    if all_hold { Glance::Holds { seen } } else { Glance::Read }
}

fn holds(target: &KnownTarget, total_tells: bool) -> bool {
    let wanted = match target.wanted {
        Wanted::Unknown => return true,
        Wanted::Units(units) => f64::from(units),
    };
    if target.unclear || target.to_be_confirmed && !total_tells {
        return false;
    }
    match target.line {
        None => wanted == 0.0,
        // What has no price is never told by a total; without a total nothing is told of any line until it is read.
        Some(line) => {
            line.units == wanted
                && (!total_tells || line.unit_price.is_some_and(|price| price >= LEAST_PRICE))
        }
    }
}
