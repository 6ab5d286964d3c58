//! Why a request has no answer.

use domain::FailureClass;

/// Why a request has no answer. What matters most is whether it may have arrived: see [`EgressError::may_have_arrived`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The guard did not let it out.
    #[error("not sent: {0}")]
    Guard(#[from] GuardRefusal),
    /// The name could not be resolved.
    #[error("not sent: the host's name could not be resolved")]
    Resolve,
    /// No connection, or no TLS on it.
    #[error("not sent: no connection to the host")]
    Connect,
    /// The request cannot be written as HTTP.
    #[error("not sent: the request is not one")]
    Request,
    /// No whole answer came in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke before the answer was whole.
    #[error("the connection broke before the answer was whole")]
    Broken,
    /// The answer is larger than [`crate::MAX_BODY`].
    #[error("the answer is too large")]
    TooLarge,
    /// The answer leads elsewhere; redirects are not followed.
    #[error("the host answered with a redirect")]
    Redirect,
}

/// Why the guard does not let a request out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GuardRefusal {
    /// Not https.
    #[error("only https is allowed")]
    Scheme,
    /// User name or password in the address.
    #[error("the address has a user name or password in it")]
    UserInfo,
    /// An address instead of a name.
    #[error("the host is an address, not a name")]
    Literal,
    /// No host, or one that no certificate can name.
    #[error("the host is not a full name, such as bms.kaseya.com")]
    Name,
    /// A port other than 443.
    #[error("only port 443 is allowed")]
    Port,
    /// The name leads to our own networks, also among others, or to none.
    #[error("the host's name does not lead to public addresses alone")]
    Address,
}

impl EgressError {
    /// Whether the request, or a part of it, may have reached the other side.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Guard(_) | Self::Resolve | Self::Connect | Self::Request => false,
            Self::TimedOut | Self::Broken | Self::TooLarge | Self::Redirect => true,
        }
    }

    /// What it asks for.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Resolve | Self::Connect | Self::TimedOut | Self::Broken => FailureClass::Transient,
            Self::Guard(_) | Self::Request | Self::TooLarge | Self::Redirect => FailureClass::Permanent,
        }
    }
}
