//! Contract lines as Kaseya showed them.

use jiff::{Timestamp, civil::Date};

use crate::{ContractId, LineId, ServiceId};

/// A contract line as Kaseya last showed it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeenLine {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's line.
    pub line: LineId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// Its units.
    pub units: f64,
    /// Its unit price; `None` if it has none.
    pub unit_price: Option<f64>,
    /// Its effective date; `None` if unknown.
    pub effective_date: Option<Date>,
    /// When the line was read, or when the total that implies it was seen.
    pub seen_at: Timestamp,
    /// Whether the units are implied by the contract's total; if not, the line was read.
    pub is_implied: bool,
}
