//! What was found about each assumption.

use std::{collections::BTreeMap, fmt};

use super::{Assumption, assumptions};

/// How an assumption stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing in this tenant tells.
    Unknown,
    /// It is so.
    Confirmed,
    /// It is not so.
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

/// One assumption and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// What is taken for granted.
    pub assumption: &'static Assumption,
    /// How it stands.
    pub outcome: Outcome,
    /// Why: shapes and counts.
    pub evidence: String,
}

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<&'static str, (Outcome, String)>);

impl Findings {
    /// Judges an assumption; of several judgements the worst stands.
    pub fn judge(&mut self, id: &'static str, so: bool, evidence: impl Into<String>) {
        self.add(id, if so { Outcome::Confirmed } else { Outcome::Contradicted }, evidence.into());
    }

    /// Nothing tells, for this reason.
    pub fn untold(&mut self, id: &'static str, why: impl Into<String>) {
        self.add(id, Outcome::Unknown, why.into());
    }

    fn add(&mut self, id: &'static str, outcome: Outcome, evidence: String) {
        debug_assert!(assumptions::all().iter().any(|one| one.id == id), "{id} is not in the table");
        let worse = self.0.get(id).is_none_or(|(before, _)| *before < outcome);
        if worse {
            self.0.insert(id, (outcome, evidence));
        }
    }

    /// The whole table with what was found.
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
