//! Whether a contract needs a call of its own.
//!
//! Lines can only be read one contract at a time, and few calls are allowed an hour. A contract whose lines were seen to
//! hold what is wanted, and whose total is what it should be by that, is left alone. Whatever is not known is read.

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
    /// It was looked up by its id, which shows no total.
    LookedUp,
    /// With the total of all its lines.
    WithTotal {
        /// The total.
        total: f64,
        /// When it was seen.
        at: Timestamp,
    },
}

/// What is known of a contract before any of its lines is read.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownContract {
    /// What the survey showed.
    pub seen: Seen,
    /// Whether all that the survey showed beside is as it should be: active, running, of the right type, the mapped account's.
    pub in_order: bool,
    /// What the newest reading of its lines showed, or a later total implied; `None` before the first reading.
    pub evidence: Option<Evidence>,
    /// What the total should be by what was read and written.
    pub expected: Option<ExpectedTotal>,
    /// The changes of ours that no reading or total has shown since.
    pub unconfirmed: Vec<UnconfirmedChange>,
    /// Whether its lines are to be read now whatever the total says.
    pub read_due: bool,
    /// What was shown before this tells nothing of the next invoice any more; `None` where that need not be looked at.
    pub fresh_since: Option<Timestamp>,
    /// Whether its newest reading gave a code: that stands until another reading (G-02).
    pub code_stands: bool,
}

/// A line as it was last read, or written since.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownLine {
    /// Its units.
    pub units: f64,
    /// The price of one.
    pub unit_price: Option<f64>,
}

/// What the newest reading of a contract found of a service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// It did not look for the service.
    NotLookedFor,
    /// No line.
    None,
    /// One line.
    One(KnownLine),
    /// Several lines.
    Several,
}

/// What is known of a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownTarget {
    /// What it should hold.
    pub wanted: Wanted,
    /// What the newest reading found of its service, with what we have written since.
    pub found: Found,
    /// Whether only a reading can tell how it stands: a write without an answer.
    pub unclear: bool,
    /// Whether nothing is sent for it whatever it holds: another partner writes its line, or its service is called otherwise. Its
    /// code is a worker's to tell.
    pub barred: bool,
}

/// What a look at what is known gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance {
    /// No call is needed: Kaseya showed that the lines hold what is wanted.
    Holds(Evidence),
    /// The lines are to be read.
    Read,
}

/// Looks at what is known of a contract and its targets. Targets whose number is not known ask for no call: nothing is
/// sent for them.
pub fn glance(contract: &KnownContract, targets: &[KnownTarget]) -> Glance {
    if !contract.in_order || contract.read_due || contract.code_stands {
        return Glance::Read;
    }
    let Some(known) = contract.evidence.filter(|evidence| evidence.is_shown()) else { return Glance::Read };
    // A total that counts something else tells, by moving, that a reading is needed, and nothing more.
    let (evidence, implied) = match (contract.seen, contract.expected) {
        // Nothing would show it again before the full reading: its company would be ready for two days in a month.
        (Seen::LookedUp, _) if contract.fresh_since > Some(known.at()) => return Glance::Read,
        (Seen::LookedUp, _) => (known, false),
        (Seen::WithTotal { total, at }, Some(expected)) if expected.is(total) => match expected.tells() {
            true => (Evidence::ImpliedByTotal(at), true),
            false => (known, false),
        },
        (Seen::Not | Seen::WithTotal { .. }, _) => return Glance::Read,
    };
    // The total is expected by the newest reading: it cannot tell of a change that this reading looked for and did not find.
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
        // What has no price is never told by a total; without a total nothing is told of any line until it is read.
        Found::One(line) => {
            line.units == wanted && (!implied || line.unit_price.is_some_and(|price| price >= LEAST_MOVE))
        }
    }
}
