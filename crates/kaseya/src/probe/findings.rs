//! The findings about each assumption.

use std::{collections::BTreeMap, fmt};

use super::{Assumption, assumptions};

/// The state of an assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// This tenant shows nothing about it.
    Unknown,
    /// The assumption holds.
    Confirmed,
    /// The assumption does not hold.
    Contradicted,
}

impl Outcome {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An assumption and its finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// The assumption.
    pub assumption: &'static Assumption,
    /// Its state.
    pub outcome: Outcome,
    /// The reason, as shapes and counts.
    pub evidence: String,
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<&'static str, (Outcome, String)>);

impl Findings {
    /// Judges an assumption; of several judgements the worst stands.
    pub fn judge(&mut self, id: &'static str, so: bool, evidence: impl Into<String>) {
        self.add(id, if so { Outcome::Confirmed } else { Outcome::Contradicted }, evidence.into());
    }

    /// Records that nothing shows it, with the reason.
    pub fn unknown(&mut self, id: &'static str, why: impl Into<String>) {
        self.add(id, Outcome::Unknown, why.into());
    }

    fn add(&mut self, id: &'static str, outcome: Outcome, evidence: String) {
        debug_assert!(assumptions::all().iter().any(|one| one.id == id), "{id} is not in the table");
        let worse = self.0.get(id).is_none_or(|(before, _)| *before < outcome);
        if worse {
            self.0.insert(id, (outcome, evidence));
        }
    }

    /// The whole table with the findings.
    pub fn in_order(mut self) -> Vec<Probed> {
        let probed = |assumption: &'static Assumption| {
            let (outcome, evidence) = self
                .0
                .remove(assumption.id.as_str())
                .unwrap_or_else(|| (Outcome::Unknown, "not met".to_owned()));
            Probed { assumption, outcome, evidence }
        };
        assumptions::all().iter().map(probed).collect()
    }
}
