//! What our own earlier changes say about the units that a line shows: as we left them, on their way, or edited (B-13).

use jiff::civil::Date;

use crate::run::names;

names! {
    /// What becomes of a line whose units were edited in Kaseya.
    DriftPolicy {
        /// Kaseya's number stays until a person decides.
        Ask = "ask",
        /// Ours is sent again.
        SendOurs = "send_ours",
    }
}

/// A change that Kaseya took and that nothing has shown since.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pending {
    /// What the line showed before.
    pub from: f64,
    /// What was sent.
    pub to: u32,
    /// From which day it counts.
    pub effective_date: Date,
    /// Whether that day has come, by the partner's calendar: from then on the line should show it.
    pub due: bool,
}

/// What the ledger remembers of our changes of a target.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Remembered {
    /// The newest change that Kaseya took, while nothing has shown it.
    pub pending: Option<Pending>,
    /// The number of ours that the line was last seen to hold; `None` before the first sync.
    pub last_confirmed: Option<u32>,
    /// The effective date of the newest change that sent again what Kaseya had before.
    pub rewritten_for: Option<Date>,
    /// The number of a write that was not answered, and that may have landed after the line was last seen as we left it.
    pub unanswered: Option<u32>,
    /// The newest change that Kaseya took, where no reading has shown it from the day that was sent.
    pub undated: Option<Undated>,
}

/// A change that Kaseya took, and never showed from the day that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undated {
    /// What was sent.
    pub units: u32,
    /// From which day.
    pub effective_date: Date,
}

impl Undated {
    /// The day that a line shows instead, where it holds the change. `by_rule` is the day from which a change counts now: once it is
    /// a later one, the change's own period is invoiced and its day means nothing any more.
    pub fn shown_instead(self, units: f64, line_start: Option<Date>, by_rule: Option<Date>) -> Option<Date> {
        let matters = by_rule.is_some_and(|day| self.effective_date >= day);
        line_start.filter(|day| matters && units == f64::from(self.units) && *day != self.effective_date)
    }
}

/// Why a number is sent again that Kaseya had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrite {
    /// The line was edited since it held this number of ours.
    Edited {
        /// What we had left.
        left: u32,
    },
    /// Kaseya took this number, its day has come, and the line shows the old one.
    NotApplied {
        /// What was sent.
        sent: u32,
    },
}

/// How the units that a line shows agree with what is remembered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sight {
    /// As we left them, or nothing is known of it.
    AsLeft,
    /// The wanted number is on its way: its day has not come.
    Awaited(Pending),
    /// Another number than the wanted one is on its way.
    Replaces(Pending),
    /// The day of our change has come, and the line shows the old number.
    NotApplied(Pending),
    /// What a write of ours sent that was not answered and has landed since, over a newer number: nobody's edit.
    LandedLate,
    /// Neither what we left nor what is on its way.
    Edited {
        /// What we left, or sent.
        left: u32,
    },
}

impl Remembered {
    /// Compares what the line shows.
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
