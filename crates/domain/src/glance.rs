//! Whether a contract needs API calls of its own.
//!
//! Lines can only be read one contract at a time, and few calls per hour are allowed. A contract is skipped if its
//! lines last showed the wanted units and its total is what those lines imply. Anything unknown is read.

use jiff::Timestamp;

use crate::{
    Evidence, Wanted,
    total::{ExpectedTotal, LEAST_MOVE, UnconfirmedChange, total_tells},
};

/// What a run's survey showed of a contract.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// Nothing: there was no survey, or it did not show the contract.
    Not,
    /// The contract was looked up by its id, which shows no total.
    LookedUp,
    /// The contract was shown with the total of all its lines.
    WithTotal {
        /// The shown total.
        total: f64,
        /// When it was shown.
        at: Timestamp,
    },
}

/// What is known about a contract before any of its lines is read.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownContract {
    /// What the survey showed.
    pub seen: Seen,
    /// Whether everything else that the survey showed is in order: active, running, of the right type, and on the
    /// mapped account.
    pub in_order: bool,
    /// What the newest reading of its lines showed, or a later total implied; `None` before the first reading.
    pub evidence: Option<Evidence>,
    /// The expected total, from what was read and written.
    pub expected: Option<ExpectedTotal>,
    /// Our changes that no reading or total has shown since.
    pub unconfirmed: Vec<UnconfirmedChange>,
    /// Whether its lines are due to be read whatever the total says.
    pub read_due: bool,
    /// Anything shown before this instant no longer tells anything about the next invoice; `None` if that need not be
    /// checked.
    pub fresh_since: Option<Timestamp>,
    /// Whether its newest reading gave a code, which stands until the next reading (G-02).
    pub code_stands: bool,
}

/// A line as last read, or written since.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownLine {
    /// The units of the line; Kaseya may show a fraction.
    pub units: f64,
    /// The unit price; `None` if not known.
    pub unit_price: Option<f64>,
}

/// What the newest reading of a contract found for a service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// The reading did not look for the service.
    NotLookedFor,
    /// No line.
    None,
    /// One line.
    One(KnownLine),
    /// Several lines.
    Several,
}

/// What is known about a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownTarget {
    /// The units that the target should hold.
    pub wanted: Wanted,
    /// What the newest reading found for its service, including what we have written since.
    pub found: Found,
    /// Whether only a reading can tell its state, after a write without a response.
    pub unclear: bool,
    /// Whether nothing is sent for the target whatever it holds: another partner writes its line, or its service has
    /// another name. A worker reports the code for it.
    pub barred: bool,
}

/// The result of a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance {
    /// No call is needed: Kaseya showed that the lines hold the wanted units.
    Holds(Evidence),
    /// The lines must be read.
    Read,
}

/// Decides from what is known about a contract and its targets. Targets without a known number need no call: nothing
/// is sent for them.
pub fn glance(contract: &KnownContract, targets: &[KnownTarget]) -> Glance {
    if !contract.in_order || contract.read_due || contract.code_stands {
        return Glance::Read;
    }
    let Some(known) = contract.evidence.filter(|evidence| evidence.is_shown()) else { return Glance::Read };
    // A total that counts something else can only tell, by moving, that a reading is needed.
    let (evidence, implied) = match (contract.seen, contract.expected) {
        // Nothing would show the number again before the full reading: its company would be ready for only two days a
        // month.
        (Seen::LookedUp, _) if contract.fresh_since > Some(known.at()) => return Glance::Read,
        (Seen::LookedUp, _) => (known, false),
        (Seen::WithTotal { total, at }, Some(expected)) if expected.is(total) => match expected.tells() {
            true => (Evidence::ImpliedByTotal(at), true),
            false => (known, false),
        },
        (Seen::Not | Seen::WithTotal { .. }, _) => return Glance::Read,
    };
    // The expected total is based on the newest reading: it cannot tell of a change that this reading looked for and
    // did not find.
    let counted = contract.unconfirmed.iter().all(|change| !change.read_since);
    let confirmed =
        contract.unconfirmed.is_empty() || implied && counted && total_tells(&contract.unconfirmed);
    if !confirmed {
        return Glance::Read;
    }
    let all_hold = targets.iter().all(|target| holds(target, implied));
    if all_hold { Glance::Holds(evidence) } else { Glance::Read }
}

fn holds(target: &KnownTarget, implied: bool) -> bool {
    let wanted = match target.wanted {
        Wanted::Unknown => return true,
        Wanted::Units(units) => f64::from(units),
    };
    if target.unclear || target.barred {
        return false;
    }
    match target.found {
        Found::NotLookedFor | Found::Several => false,
        Found::None => wanted == 0.0,
        // A total never tells anything about a line without a price; without a total, nothing is known about a line
        // until it is read.
        Found::One(line) => {
            line.units == wanted && (!implied || line.unit_price.is_some_and(|price| price >= LEAST_MOVE))
        }
    }
}
