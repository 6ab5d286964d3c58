//! What a contract's total tells about its lines.

/// Totals are sums of decimals: a smaller difference does not count.
const SAME_TOTAL: f64 = 0.006;

/// The resolution of a total: a smaller change may not show, because Kaseya rounds to cents.
pub const LEAST_MOVE: f64 = 0.02;

/// A contract's expected total, from its newest reading and our changes since.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedTotal {
    /// The expected total.
    pub total: f64,
    /// Whether the lines added up to the contract's total when they were read. If not, the total counts something
    /// else, or nothing.
    pub is_sum: bool,
}

impl ExpectedTotal {
    /// Whether a contract's total equals this one.
    pub fn is(&self, total: f64) -> bool {
        is_same_total(self.total, total)
    }

    /// Whether a matching total tells anything about the lines. A total of 0 may be one that never counts anything.
    pub fn tells(&self) -> bool {
        self.is_sum && self.total.abs() >= LEAST_MOVE
    }
}

/// A change of ours that no reading has shown yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnconfirmedChange {
    /// By how much the change moves the total; `None` if its price or its result is not known.
    pub moves: Option<f64>,
    /// Whether the change is half of a plan switch.
    pub is_half: bool,
    /// Whether the contract was read after the change was sent and did not show it: no expected total counts it then.
    pub read_since: bool,
}

/// With more changes than this on one contract, the contract is read: the subsets are too many.
const MOST_CHANGES: usize = 12;

/// Whether two totals are equal within rounding.
pub fn is_same_total(one: f64, other: f64) -> bool {
    (one - other).abs() < SAME_TOTAL
}

/// Whether the next total proves all of these changes (G-03): each subset of them moves the total, so none can be
/// missing unseen. The halves of a plan switch cancel each other by design and are always read.
pub fn total_tells(changes: &[UnconfirmedChange]) -> bool {
    if changes.len() > MOST_CHANGES || changes.iter().any(|change| change.is_half) {
        return false;
    }
    let moves: Option<Vec<f64>> = changes.iter().map(|change| change.moves).collect();
    let Some(moves) = moves else { return false };
    let subsets = 1_u32..1 << moves.len();
    subsets.into_iter().all(|subset| {
        let of_subset = moves.iter().enumerate().filter(|(place, _)| subset & (1 << place) != 0);
        of_subset.map(|(_, moved)| moved).sum::<f64>().abs() >= LEAST_MOVE
    })
}
