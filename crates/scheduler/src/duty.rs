//! What the scheduler does again and again, each in a loop of its own.

use std::time::Duration;

/// How often to look for months due to be frozen. Cut-offs fall on the hour, so once a minute is enough.
const FREEZE_EVERY: Duration = Duration::from_secs(60);
/// How often to look for logins to prove: a turn is a second of a day, and nobody waits for it.
const PROVE_EVERY: Duration = Duration::from_secs(30);
/// How often to count open jobs for the metrics.
const COUNT_EVERY: Duration = Duration::from_secs(15);
/// How often the metrics say who is ready: a figure for alerts, not for a page.
const JUDGE_EVERY: Duration = Duration::from_secs(600);

/// One of the loops. A round of it looks once at the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    DueSchedules,
    WaitingRequests,
    Answers,
    MonthEnds,
    LoginsToProve,
    LinesToReread,
    LedgerUpkeep,
    OpenJobs,
    ReadyCompanies,
    /// Woken by the ledger as well. Last, so that one step emits what the others made.
    Tickets,
}

impl Duty {
    pub(crate) const ALL: [Self; 10] = [
        Self::DueSchedules,
        Self::WaitingRequests,
        Self::Answers,
        Self::MonthEnds,
        Self::LoginsToProve,
        Self::LinesToReread,
        Self::LedgerUpkeep,
        Self::OpenJobs,
        Self::ReadyCompanies,
        Self::Tickets,
    ];

    /// For logs and liveness.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DueSchedules => "due schedules",
            Self::WaitingRequests => "waiting requests",
            Self::Answers => "answers",
            Self::MonthEnds => "month ends",
            Self::LoginsToProve => "logins to prove",
            Self::LinesToReread => "lines to reread",
            Self::LedgerUpkeep => "ledger upkeep",
            Self::OpenJobs => "open jobs",
            Self::ReadyCompanies => "ready companies",
            Self::Tickets => "tickets",
        }
    }

    /// How often a round begins where nothing wakes it.
    pub(crate) fn every(self, poll: Duration) -> Duration {
        match self {
            Self::MonthEnds => FREEZE_EVERY,
            Self::LoginsToProve => PROVE_EVERY,
            Self::OpenJobs => COUNT_EVERY,
            Self::ReadyCompanies => JUDGE_EVERY,
            _ => poll,
        }
    }
}
