//! What may defer a job (G-04): the only list. Rows, runs, pages, responses and commands use its reasons and no
//! others.

use jiff::Timestamp;

use crate::{ErrorCode, run::names};

names! {
    /// The reason that a job waits.
    WaitReason {
        /// Logins of this user wait: others were refused or had no response.
        Logins = "logins",
        /// Kaseya has locked the user.
        UserLocked = "user_locked",
        /// Kaseya refuses the credentials.
        Credentials = "credentials",
        /// The hour's calls are used up.
        CallLimit = "call_limit",
        /// Kaseya does not respond, or responds with server errors.
        KaseyaDown = "kaseya_down",
        /// The host cannot be reached, or something else responds there.
        HostUnreachable = "host_unreachable",
        /// A write had no response: it may still land, and the line is read again first.
        LineUnsure = "line_unsure",
        /// A response was unclear: the request is sent again.
        UnclearAnswer = "unclear_answer",
        /// A count is missing.
        Count = "count",
        /// Another job calls the same Kaseya: only one may at a time.
        KaseyaBusy = "kaseya_busy",
        /// Jobs of other tenants use all the host's capacity that we may use.
        HostBusy = "host_busy",
        /// All writes of the installation are stopped.
        WritesStopped = "writes_stopped",
        /// The database was restored: every line is read before any line is written.
        Restored = "restored",
        /// No worker has taken it yet.
        Worker = "worker",
        /// The billing settings of a row were edited after its last sync: it waits for the next sync.
        Edited = "edited",
    }
}

impl WaitReason {
    /// The code of the error catalogue, if the reason has one.
    pub fn code(self) -> Option<ErrorCode> {
        match self {
            Self::Logins => Some(ErrorCode::Auth08),
            Self::UserLocked => Some(ErrorCode::Auth03),
            Self::Credentials => Some(ErrorCode::Auth01),
            Self::CallLimit => Some(ErrorCode::Lim01),
            Self::KaseyaDown => Some(ErrorCode::Net01),
            Self::HostUnreachable => Some(ErrorCode::Host01),
            Self::LineUnsure => Some(ErrorCode::Net02),
            Self::UnclearAnswer => Some(ErrorCode::Unk01),
            Self::Count => Some(ErrorCode::Qty02),
            Self::KaseyaBusy
            | Self::HostBusy
            | Self::WritesStopped
            | Self::Restored
            | Self::Worker
            | Self::Edited => None,
        }
    }

    /// The reason for a code.
    pub fn of_code(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Auth01
            | ErrorCode::Auth02
            | ErrorCode::Auth04
            | ErrorCode::Auth05
            | ErrorCode::Auth06
            | ErrorCode::Auth07
            | ErrorCode::Ten01 => Self::Credentials,
            code => {
                let known = Self::ALL.iter().copied().find(|reason| reason.code() == Some(code));
                known.unwrap_or(Self::UnclearAnswer)
            }
        }
    }
}

/// The wait of a job, run or row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The reason for the wait.
    pub reason: WaitReason,
    /// The code of the error catalogue; `None` for a reason without one.
    pub code: Option<ErrorCode>,
    /// When the wait began.
    pub since: Timestamp,
    /// When it ends by itself; `None` if unknown.
    pub until: Option<Timestamp>,
}

impl Wait {
    /// A wait as the ledger stores it: the code of the error catalogue, or the reason's own name. An unknown word is
    /// treated as an unclear response.
    pub fn stored(word: &str, since: Timestamp, until: Option<Timestamp>) -> Self {
        match (word.parse::<ErrorCode>(), WaitReason::parse(word)) {
            (Ok(code), _) => Self { reason: WaitReason::of_code(code), code: Some(code), since, until },
            (Err(_), reason) => Self::of(reason.unwrap_or(WaitReason::UnclearAnswer), since, until),
        }
    }

    /// A wait for a reason.
    pub fn of(reason: WaitReason, since: Timestamp, until: Option<Timestamp>) -> Self {
        Self { reason, code: reason.code(), since, until }
    }

    /// The word under which the ledger stores the wait.
    pub fn word(&self) -> &'static str {
        self.code.map_or(self.reason.as_str(), ErrorCode::as_str)
    }

    /// The more informative of two waits: one with a known end over one without, then the earlier end.
    pub fn or(self, other: Self) -> Self {
        let place = |wait: &Self| (wait.until.is_none(), wait.until, wait.since);
        if place(&other) < place(&self) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_c1_every_reason_has_one_word_and_is_read_from_it() {
        let (since, until) = (Timestamp::UNIX_EPOCH, Some(Timestamp::MAX));
        for reason in WaitReason::ALL.iter().copied() {
            let wait = Wait::of(reason, since, until);
            assert_eq!(Wait::stored(wait.word(), since, until), wait, "{reason}");
        }
        for code in ErrorCode::ALL.iter().copied() {
            assert_eq!(Wait::stored(code.as_str(), since, None).code, Some(code));
        }
        assert_eq!(Wait::stored("AUTH-07", since, None).reason, WaitReason::Credentials);
        assert_eq!(Wait::stored("NEW-99", since, None).reason, WaitReason::UnclearAnswer);
    }

    #[test]
    fn case_c1_of_two_waits_the_earlier_known_end_is_shown() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let soon = Wait::of(WaitReason::CallLimit, at(0), Some(at(10)));
        let late = Wait::of(WaitReason::Logins, at(0), Some(at(20)));
        let open = Wait::of(WaitReason::KaseyaBusy, at(0), None);
        for (one, other) in [(soon, late), (late, soon), (soon, open), (open, soon)] {
            assert_eq!(one.or(other), soon);
        }
    }
}
