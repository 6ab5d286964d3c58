//! Why a call did not do what it should.

use domain::{AnswerFault, ErrorCode, FailureClass};
use egress::EgressError;
use jiff::Timestamp;

use crate::words::Words;

/// Why a call did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BmsError {
    /// Kaseya refused the login, now or before with the same version of the credentials.
    #[error("the login was refused ({code})")]
    LoginRefused {
        /// AUTH-01 to AUTH-07 or TEN-01, as far as Kaseya's words tell them apart.
        code: ErrorCode,
        /// What Kaseya said.
        words: Option<Words>,
    },
    /// A second 401 after a fresh login, or a 403: the role lacks a right.
    #[error("{endpoint}: not allowed")]
    NotAllowed {
        /// Which call.
        endpoint: String,
        /// What Kaseya said.
        words: Option<Words>,
    },
    /// The hourly limit of calls is reached.
    #[error("{endpoint}: call limit reached, until {until}")]
    Limited {
        /// Which call.
        endpoint: String,
        /// When to go on.
        until: Timestamp,
    },
    /// The session's own allowance is spent; nothing was called.
    #[error("{endpoint}: the allowance of calls is spent")]
    AllowanceSpent {
        /// Which call.
        endpoint: String,
    },
    /// No usable token is at hand, and the call must not log in by itself.
    #[error("not signed in")]
    NotSignedIn,
    /// The call has no whole answer.
    #[error("{endpoint}: {cause}")]
    NoAnswer {
        /// Which call.
        endpoint: String,
        /// Why not.
        cause: EgressError,
    },
    /// Kaseya's server is at fault: 5xx or a maintenance page.
    #[error("{endpoint}: a server error")]
    Server {
        /// Which call.
        endpoint: String,
        /// What Kaseya said.
        words: Option<Words>,
    },
    /// Something answers there, but not Kaseya's interface.
    #[error("{endpoint}: the host does not answer as Kaseya does")]
    NotKaseya {
        /// Which call.
        endpoint: String,
    },
    /// The answer is not what it should be.
    #[error("{endpoint}: {problem}")]
    Garbled {
        /// Which call.
        endpoint: String,
        /// What is wrong with it.
        problem: AnswerFault,
    },
    /// What came in the place of a contract's lines does not fit the tenant's line profile, and no contract's lines did before.
    #[error("{0}; no lines fit the line profile")]
    Unfit(#[source] Box<BmsError>),
    /// Kaseya refused what was asked.
    #[error("{endpoint}: refused with status {status}")]
    Refused {
        /// Which call.
        endpoint: String,
        /// The HTTP status; 200 says refused too when the answer does.
        status: u16,
        /// What Kaseya said.
        words: Option<Words>,
    },
}

impl BmsError {
    /// The case of the error catalogue.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::LoginRefused { code, .. } => *code,
            Self::NotAllowed { .. } => ErrorCode::Auth06,
            Self::Limited { .. } | Self::AllowanceSpent { .. } => ErrorCode::Lim01,
            Self::NoAnswer { cause, .. } => match cause {
                EgressError::Guard(_) | EgressError::Resolve | EgressError::Redirect => ErrorCode::Host01,
                EgressError::Connect | EgressError::TimedOut | EgressError::Broken => ErrorCode::Net01,
                EgressError::Request | EgressError::TooLarge => ErrorCode::Unk01,
            },
            Self::NotSignedIn | Self::Server { .. } => ErrorCode::Net01,
            Self::NotKaseya { .. } => ErrorCode::Host01,
            Self::Unfit(_) => ErrorCode::Lin01,
            Self::Garbled { .. } | Self::Refused { .. } => ErrorCode::Unk01,
        }
    }

    /// Whether the lines of the line profile are not served at all.
    pub fn is_no_such_route(&self) -> bool {
        matches!(self, Self::Unfit(cause) if matches!(**cause, Self::Refused { .. }))
    }

    /// What it is where it says nothing of the tenant: other contracts' lines fit the profile.
    pub fn of_one_contract(self) -> Self {
        match self {
            Self::Unfit(cause) => *cause,
            other => other,
        }
    }

    /// What it asks for.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Limited { until, .. } => FailureClass::LimitedUntil(*until),
            Self::NoAnswer { cause, .. } => cause.class(),
            Self::AllowanceSpent { .. } | Self::NotSignedIn | Self::Server { .. } | Self::Garbled { .. } => {
                FailureClass::Transient
            }
            Self::LoginRefused { .. }
            | Self::NotAllowed { .. }
            | Self::NotKaseya { .. }
            | Self::Unfit(_)
            | Self::Refused { .. } => FailureClass::Permanent,
        }
    }

    /// What Kaseya said: one line, cut, without control characters and secrets.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::LoginRefused { words, .. }
            | Self::NotAllowed { words, .. }
            | Self::Server { words, .. }
            | Self::Refused { words, .. } => words.as_ref().map(Words::as_str),
            Self::Unfit(cause) => cause.words(),
            Self::Limited { .. }
            | Self::AllowanceSpent { .. }
            | Self::NotSignedIn
            | Self::NoAnswer { .. }
            | Self::NotKaseya { .. }
            | Self::Garbled { .. } => None,
        }
    }

    /// What was wrong with the answer, where UNK-01 alone would not say and Kaseya has no words for it.
    pub fn answer_fault(&self) -> Option<(&str, AnswerFault)> {
        match self {
            Self::Unfit(cause) => cause.answer_fault(),
            Self::Garbled { endpoint, problem } => Some((endpoint, *problem)),
            Self::Refused { endpoint, words: None, .. } => Some((endpoint, AnswerFault::NoWords)),
            Self::NoAnswer { endpoint, cause: EgressError::TooLarge } => {
                Some((endpoint, AnswerFault::TooLarge))
            }
            Self::NoAnswer { endpoint, cause: EgressError::Request } => {
                Some((endpoint, AnswerFault::NotSendable))
            }
            _ => None,
        }
    }

    /// Whether the connection broke under the call: perhaps one that was kept from before, and a new one may do.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::NoAnswer { cause: EgressError::Broken, .. })
    }

    /// Whether the same read may be sent again at once: nothing came of it, and Kaseya did not say no.
    pub(crate) fn may_pass_at_once(&self) -> bool {
        match self {
            Self::Server { .. } => true,
            Self::NoAnswer { cause, .. } => {
                !cause.may_have_arrived() && cause.class() == FailureClass::Transient
            }
            _ => false,
        }
    }
}

/// What became of a write that is not known to be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Kaseya changed nothing: it was never sent, or turned away before it was looked at.
    #[error("not sent: {0}")]
    NotSent(#[source] BmsError),
    /// Kaseya looked at it and refused it.
    #[error("refused ({code})")]
    Refused {
        /// The case of the error catalogue.
        code: ErrorCode,
        /// The HTTP status.
        status: u16,
        /// What Kaseya said.
        words: Option<Words>,
    },
    /// It was sent, and the answer speaks of the call limit. No source says that a limited call is never looked at, so only a
    /// reading tells that nothing changed.
    #[error("sent, and answered with the call limit: {0}")]
    Limited(#[source] BmsError),
    /// Nobody knows: it may have been done, or be done later. Read before anything else.
    #[error("sent, without an answer that tells")]
    Unanswered,
    /// The same, although Kaseya said something: neither a plain yes nor a plain no.
    #[error("sent, and answered neither yes nor no")]
    Unclear {
        /// What Kaseya said.
        words: Option<Words>,
    },
}

impl WriteError {
    /// The case of the error catalogue.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotSent(cause) | Self::Limited(cause) => cause.code(),
            Self::Refused { code, .. } => *code,
            Self::Unanswered | Self::Unclear { .. } => ErrorCode::Net02,
        }
    }

    /// What it asks for; [`FailureClass::Transient`] for an unanswered write means read, not write.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::NotSent(cause) | Self::Limited(cause) => cause.class(),
            Self::Refused { .. } => FailureClass::Permanent,
            Self::Unanswered | Self::Unclear { .. } => FailureClass::Transient,
        }
    }

    /// What Kaseya said: one line, cut, without control characters and secrets.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::NotSent(cause) | Self::Limited(cause) => cause.words(),
            Self::Refused { words, .. } | Self::Unclear { words } => words.as_ref().map(Words::as_str),
            Self::Unanswered => None,
        }
    }
}
