//! Which outcomes last: a month-end push is finished with a company once its outcome is one of these (G-09).

use crate::{CompanyState, ErrorCode, Outcome};

impl Outcome {
    /// Whether pushing the same number again can change nothing unless a person acts first: changed, unchanged, held,
    /// left out of billing, or not sent for a code that only a person can fix.
    pub fn lasts(self) -> bool {
        match self.state {
            CompanyState::Changed
            | CompanyState::Unchanged
            | CompanyState::Held
            | CompanyState::NotMapped
            | CompanyState::NotBilled => true,
            CompanyState::NotSent => self.code.is_some_and(ErrorCode::lasts),
            CompanyState::Never
            | CompanyState::Queued
            | CompanyState::Running
            | CompanyState::Sent
            | CompanyState::Deferred
            | CompanyState::Off => false,
        }
    }
}

impl ErrorCode {
    /// Whether only a person can fix what was not sent for this code. Each code is decided here, one by one.
    pub fn lasts(self) -> bool {
        match self {
            // No push is made while credentials are refused; once new ones are accepted, the push is due at once.
            Self::Auth01
            | Self::Auth02
            | Self::Auth03
            | Self::Auth04
            | Self::Auth05
            | Self::Auth07
            | Self::Ten01 => false,
            // Logins wait and continue by themselves.
            Self::Auth08 => false,
            // An unreachable host looks the same in an outage and with a typing error.
            Self::Host01 => false,
            // Someone sets another line profile, perhaps for the whole installation: the number is then sent without
            // a request.
            Self::Lin01 => false,
            // The other line's day comes, or another line profile is set.
            Self::Lin02 => false,
            Self::Lim01
            | Self::Net01
            | Self::Net02
            | Self::Job01
            | Self::Job02
            | Self::Job03
            | Self::Unk01 => false,
            Self::Auth06
            | Self::Acc01
            | Self::Con01
            | Self::Con02
            | Self::Con03
            | Self::Con04
            | Self::Svc01
            | Self::Svc02
            | Self::Svc03
            | Self::Svc04
            | Self::Per01
            | Self::Per03
            | Self::Qty01
            | Self::Qty03
            | Self::Map01
            | Self::Map02
            | Self::Map03
            | Self::Map04
            | Self::Map05
            | Self::Prc01
            | Self::Drf01 => true,
            // A person must change the provider's counts or the partner's setting; a later number waits for approval.
            Self::Qty04 | Self::Qty05 => true,
            // Until a number arrives there is nothing to push, and its arrival triggers a push of its own.
            Self::Qty02 => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_a4_only_outcomes_that_a_person_must_change_end_the_pushing() {
        let passing = ErrorCode::ALL.iter().copied().filter(|code| !code.lasts());
        let passing: Vec<&str> = passing.map(ErrorCode::as_str).collect();
        assert_eq!(
            passing,
            [
                "AUTH-01", "AUTH-02", "AUTH-03", "AUTH-04", "AUTH-07", "AUTH-08", "AUTH-05", "HOST-01",
                "TEN-01", "LIN-01", "LIN-02", "LIM-01", "NET-01", "NET-02", "JOB-01", "JOB-02", "JOB-03",
                "UNK-01"
            ]
        );
        for code in ErrorCode::ALL {
            assert_eq!(Outcome::with(CompanyState::NotSent, *code).lasts(), code.lasts(), "{code}");
            assert!(Outcome::with(CompanyState::Held, *code).lasts(), "{code}");
            assert!(!Outcome::with(CompanyState::Deferred, *code).lasts(), "{code}");
        }
        let lasting = CompanyState::ALL.iter().copied().filter(|state| Outcome::of(*state).lasts());
        let lasting: Vec<&str> = lasting.map(CompanyState::as_str).collect();
        assert_eq!(lasting, ["changed", "unchanged", "held", "not_mapped", "not_billed"]);
    }
}
