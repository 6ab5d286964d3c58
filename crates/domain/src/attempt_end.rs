//! An attempt of a job, and how it ended.

use jiff::Timestamp;

use crate::{PartnerId, RunId};

/// The source of outcomes: an attempt of a job of a run. Of two outcomes for one company and contract, the one with
/// the higher (run number, attempt) is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeSource {
    /// The partner.
    pub partner: PartnerId,
    /// The run.
    pub run: RunId,
    /// The run's number.
    pub run_number: i64,
    /// The attempt.
    pub attempt: i32,
}

/// The work that an attempt left over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOver {
    /// The contracts left.
    pub contracts: Vec<i32>,
    /// The earliest instant of the next attempt; `None` for at once.
    pub not_before: Option<Timestamp>,
    /// The code that caused it.
    pub code: Option<&'static str>,
}

/// How a survey's attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurveyEnd {
    /// Continues at this page.
    GoesOn(i32),
    /// All pages are seen.
    Seen,
    /// Given up: the jobs that work on its contracts look them up.
    GivenUp,
}
