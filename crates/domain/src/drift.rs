//! What our own earlier changes tell about the units a line shows: as we left them, on their way, or edited (B-13).

use jiff::civil::Date;

use crate::{FieldChange, run::names};

names! {
    /// What to do about a line that was edited in Kaseya.
    DriftPolicy {
        /// Kaseya's number stays until a person decides.
        Ask = "ask",
        /// Our number is sent again.
        SendOurs = "send_ours",
    }
}

/// A change that Kaseya accepted and that no reading has shown since.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pending {
    /// The units that the line showed before.
    pub from: f64,
    /// The units sent.
    pub to: u32,
    /// The day from which the change counts.
    pub effective_date: Date,
    /// Whether that day has come by the partner's calendar: from then on the line should show the change.
    pub due: bool,
}

/// What the ledger remembers of our changes of a target.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Remembered {
    /// The newest change that Kaseya accepted, until a reading shows it.
    pub pending: Option<Pending>,
    /// Our number that the line last showed; `None` before the first sync.
    pub last_confirmed: Option<u32>,
    /// The effective date of the newest change that sent a number Kaseya had before.
    pub rewritten_for: Option<Date>,
    /// The number of a write without a response, which may have landed after the line was last seen as we left it.
    pub unanswered: Option<u32>,
    /// The newest change that Kaseya accepted, if no reading has shown it with the day that was sent.
    pub undated: Option<Undated>,
}

/// A change that Kaseya accepted and never showed with the day that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undated {
    /// The units sent.
    pub units: u32,
    /// The effective date sent.
    pub effective_date: Date,
}

impl Undated {
    /// The day that a line shows instead, if it holds the change. `by_rule` is the day from which a change counts
    /// now: once it is later than the change's, the change's own period is invoiced and its day no longer matters.
    pub fn shown_instead(self, units: f64, line_start: Option<Date>, by_rule: Option<Date>) -> Option<Date> {
        let matters = is_open(self.effective_date, by_rule);
        line_start.filter(|day| matters && units == f64::from(self.units) && *day != self.effective_date)
    }
}

/// A field of a line that changed with one of our changes, although we sent it as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedField {
    /// The effective date of our change.
    pub effective_date: Date,
    /// The field and its values.
    pub field: FieldChange,
}

impl ChangedField {
    /// Whether the field may still make an invoice wrong, as [`Undated::shown_instead`] counts it.
    pub fn matters(&self, by_rule: Option<Date>) -> bool {
        is_open(self.effective_date, by_rule)
    }
}

/// Whether the period of a change is not invoiced yet.
fn is_open(effective_date: Date, by_rule: Option<Date>) -> bool {
    by_rule.is_some_and(|day| effective_date >= day)
}

/// Why we send a number that Kaseya had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrite {
    /// The line was edited after it held this number of ours.
    Edited {
        /// The units we had left.
        left: u32,
    },
    /// Kaseya accepted this number, its day has come, and the line shows the old one.
    NotApplied {
        /// The units sent.
        sent: u32,
    },
}

/// How the units that a line shows agree with what the ledger remembers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sight {
    /// As we left them, or nothing is known about the line.
    AsLeft,
    /// The wanted number is on its way: its day has not come.
    Awaited(Pending),
    /// A number other than the wanted one is on its way.
    Replaces(Pending),
    /// The day of our change has come, and the line shows the old number.
    NotApplied(Pending),
    /// A write of ours without a response has landed since, over a newer number: not an edit.
    LandedLate,
    /// Neither what we left nor what is on its way.
    Edited {
        /// The units we left or sent.
        left: u32,
    },
}

impl Remembered {
    /// Compares the shown units with what is remembered.
    pub fn sight(&self, shown: f64, wanted: u32) -> Sight {
        let shows = |units: u32| shown == f64::from(units);
        match (self.pending, self.last_confirmed) {
            (Some(pending), _) if shows(pending.to) => Sight::AsLeft,
            (Some(pending), _) if shown != pending.from => self.other_than(shown, pending.to),
            (Some(pending), _) if pending.due => Sight::NotApplied(pending),
            (Some(pending), _) if pending.to == wanted => Sight::Awaited(pending),
            (Some(pending), _) => Sight::Replaces(pending),
            (None, Some(left)) if !shows(left) => self.other_than(shown, left),
            (None, _) => Sight::AsLeft,
        }
    }

    fn other_than(&self, shown: f64, left: u32) -> Sight {
        let landed = self.unanswered.is_some_and(|units| shown == f64::from(units));
        if landed { Sight::LandedLate } else { Sight::Edited { left } }
    }
}

impl Sight {
    /// Why the wanted number would be sent a second time, if it would.
    pub fn rewrite(self) -> Option<Rewrite> {
        match self {
            Self::Edited { left } => Some(Rewrite::Edited { left }),
            Self::NotApplied(pending) => Some(Rewrite::NotApplied { sent: pending.to }),
            Self::AsLeft | Self::Awaited(_) | Self::Replaces(_) | Self::LandedLate => None,
        }
    }
}
