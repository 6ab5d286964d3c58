//! Why a call failed.

use domain::{AnswerFault, ErrorCode, FailureClass};
use egress::EgressError;
use jiff::Timestamp;

use crate::words::Words;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BmsError {
    /// Kaseya refused the login, now or before with the same version of the credentials.
    #[error("the login was refused ({code})")]
    LoginRefused {
        /// AUTH-01 to AUTH-07 or TEN-01, as far as Kaseya's words tell them apart.
        code: ErrorCode,
        /// Kaseya's words; `None` without any.
        words: Option<Words>,
    },
    /// A second 401 after a fresh login, or a 403: the role lacks a right.
    #[error("{endpoint}: not allowed")]
    NotAllowed {
        /// The endpoint.
        endpoint: String,
        /// Kaseya's words; `None` without any.
        words: Option<Words>,
    },
    /// The hourly limit of calls is reached.
    #[error("{endpoint}: call limit reached, until {until}")]
    Limited {
        /// The endpoint.
        endpoint: String,
        /// When calls may go on.
        until: Timestamp,
    },
    /// The session's own allowance is spent; no call was made.
    #[error("{endpoint}: the allowance of calls is spent")]
    AllowanceSpent {
        /// The endpoint.
        endpoint: String,
    },
    /// No usable token is at hand, and the call must not log in itself.
    #[error("not signed in")]
    NotSignedIn,
    /// The call has no complete answer.
    #[error("{endpoint}: {cause}")]
    NoAnswer {
        /// The endpoint.
        endpoint: String,
        /// The network error.
        cause: EgressError,
    },
    /// Kaseya's server is at fault: 5xx or a maintenance page.
    #[error("{endpoint}: a server error")]
    Server {
        /// The endpoint.
        endpoint: String,
        /// Kaseya's words; `None` without any.
        words: Option<Words>,
    },
    /// A server answers there, but not Kaseya's API.
    #[error("{endpoint}: the host does not answer as Kaseya does")]
    NotKaseya {
        /// The endpoint.
        endpoint: String,
    },
    /// The answer is invalid.
    #[error("{endpoint}: {problem}")]
    Garbled {
        /// The endpoint.
        endpoint: String,
        /// What is wrong with the answer.
        problem: AnswerFault,
    },
    /// The answer for a contract's lines does not fit the tenant's line profile, and no earlier answer for lines did.
    #[error("{0}; no lines fit the line profile")]
    Unfit(#[source] Box<BmsError>),
    /// Kaseya refused the request.
    #[error("{endpoint}: refused with status {status}")]
    Refused {
        /// The endpoint.
        endpoint: String,
        /// The HTTP status. 200 is possible: the answer itself may say that it is a refusal.
        status: u16,
        /// Kaseya's words; `None` without any.
        words: Option<Words>,
    },
}

impl BmsError {
    /// The code of the error catalogue.
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

    /// Whether the line profile's route for lines is not served at all.
    pub fn is_no_such_route(&self) -> bool {
        matches!(self, Self::Unfit(cause) if matches!(**cause, Self::Refused { .. }))
    }

    /// The error for a single contract, when it says nothing about the tenant: other contracts' lines fit the
    /// profile.
    pub fn of_one_contract(self) -> Self {
        match self {
            Self::Unfit(cause) => *cause,
            other => other,
        }
    }

    /// How to handle the error.
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

    /// Kaseya's words: one line, cut, without control characters and secrets.
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

    /// What was wrong with the answer, where UNK-01 alone would not say it and Kaseya has no words for it.
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

    /// Whether the connection broke during the call. It may have been a kept connection, and a new one may work.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::NoAnswer { cause: EgressError::Broken, .. })
    }

    /// Whether the same read may be sent again at once: it had no result, and Kaseya did not refuse it.
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

/// The state of a write that is not known to be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Kaseya changed nothing: the write was never sent, or was rejected before Kaseya looked at it.
    #[error("not sent: {0}")]
    NotSent(#[source] BmsError),
    /// Kaseya looked at the write and refused it.
    #[error("refused ({code})")]
    Refused {
        /// The code of the error catalogue.
        code: ErrorCode,
        /// The HTTP status.
        status: u16,
        /// Kaseya's words; `None` without any.
        words: Option<Words>,
    },
    /// The write was sent, and the answer names the call limit. No source says that a limited call is never looked
    /// at, so only a reading shows that nothing changed.
    #[error("sent, and answered with the call limit: {0}")]
    Limited(#[source] BmsError),
    /// Unknown: the write may be done, or be done later. Read before anything else.
    #[error("sent, without an answer that tells")]
    Unanswered,
    /// Unknown as well, although Kaseya answered: neither a plain yes nor a plain no.
    #[error("sent, and answered neither yes nor no")]
    Unclear {
        /// Kaseya's words; `None` without any.
        words: Option<Words>,
    },
}

impl WriteError {
    /// The code of the error catalogue.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotSent(cause) | Self::Limited(cause) => cause.code(),
            Self::Refused { code, .. } => *code,
            Self::Unanswered | Self::Unclear { .. } => ErrorCode::Net02,
        }
    }

    /// How to handle the error; [`FailureClass::Transient`] for an unanswered write means read, not write.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::NotSent(cause) | Self::Limited(cause) => cause.class(),
            Self::Refused { .. } => FailureClass::Permanent,
            Self::Unanswered | Self::Unclear { .. } => FailureClass::Transient,
        }
    }

    /// Kaseya's words: one line, cut, without control characters and secrets.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::NotSent(cause) | Self::Limited(cause) => cause.words(),
            Self::Refused { words, .. } | Self::Unclear { words } => words.as_ref().map(Words::as_str),
            Self::Unanswered => None,
        }
    }
}
