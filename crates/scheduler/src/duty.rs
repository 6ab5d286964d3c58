//! The scheduler's recurring duties, each in a loop of its own.

use std::time::Duration;

/// How often to look for months due to be frozen. Cut-offs fall on the hour, so once a minute is enough.
const FREEZE_EVERY: Duration = Duration::from_secs(60);
/// How often to look for logins to prove. A partner's turn is a second of the day, and nothing waits for it.
const PROVE_EVERY: Duration = Duration::from_secs(30);
/// How often to count open jobs and other figures of the installation for the metrics.
const COUNT_EVERY: Duration = Duration::from_secs(15);
/// How often the metrics count the companies that are ready: a figure for alerts, not for a page.
const JUDGE_EVERY: Duration = Duration::from_secs(600);

/// One of the loops. Each round looks at the tables once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    DueSchedules,
    WaitingRequests,
    Answers,
    MonthEnds,
    LoginsToProve,
    LinesToReread,
    LedgerUpkeep,
    Figures,
    ReadyCompanies,
    /// The ledger wakes it too. It comes last, so that one step emits what the other duties made.
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
        Self::Figures,
        Self::ReadyCompanies,
        Self::Tickets,
    ];

    /// The name in logs and in the liveness probe.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DueSchedules => "due schedules",
            Self::WaitingRequests => "waiting requests",
            Self::Answers => "answers",
            Self::MonthEnds => "month ends",
            Self::LoginsToProve => "logins to prove",
            Self::LinesToReread => "lines to reread",
            Self::LedgerUpkeep => "ledger upkeep",
            Self::Figures => "figures",
            Self::ReadyCompanies => "ready companies",
            Self::Tickets => "tickets",
        }
    }

    /// How often a round begins without a wake-up.
    pub(crate) fn every(self, poll: Duration) -> Duration {
        match self {
            Self::MonthEnds => FREEZE_EVERY,
            Self::LoginsToProve => PROVE_EVERY,
            Self::Figures => COUNT_EVERY,
            Self::ReadyCompanies => JUDGE_EVERY,
            _ => poll,
        }
    }
}
