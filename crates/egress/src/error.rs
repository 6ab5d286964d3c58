//! Why a request has no response.

use domain::FailureClass;

/// Why a request has no response. What matters most is whether it may have arrived: see
/// [`EgressError::may_have_arrived`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The guard refused the request.
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
    /// No complete response in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke before the response was complete.
    #[error("the connection broke before the answer was whole")]
    Broken,
    /// The response is larger than [`crate::MAX_BODY`].
    #[error("the answer is too large")]
    TooLarge,
    /// The response is a redirect; redirects are not followed.
    #[error("the host answered with a redirect")]
    Redirect,
}

/// Why the guard refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GuardRefusal {
    /// Not https.
    #[error("only https is allowed")]
    Scheme,
    /// User name or password in the address.
    #[error("the address has a user name or password in it")]
    UserInfo,
    /// An IP address instead of a name.
    #[error("the host is an address, not a name")]
    Literal,
    /// No host, or a host that no certificate can name.
    #[error("the host is not a full name, such as bms.kaseya.com")]
    Name,
    /// A port other than 443.
    #[error("only port 443 is allowed")]
    Port,
    /// The name resolves to at least one address in our own networks, or to no address.
    #[error("the host's name does not lead to public addresses alone")]
    Address,
}

impl EgressError {
    /// A word for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Guard(_) => "refused_by_guard",
            Self::Resolve => "name_not_resolved",
            Self::Connect => "not_connected",
            Self::Request => "no_request",
            Self::TimedOut => "timed_out",
            Self::Broken => "broken_off",
            Self::TooLarge => "too_large",
            Self::Redirect => "redirect",
        }
    }

    /// Whether the request, or a part of it, may have reached the server.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Guard(_) | Self::Resolve | Self::Connect | Self::Request => false,
            Self::TimedOut | Self::Broken | Self::TooLarge | Self::Redirect => true,
        }
    }

    /// How to handle the failure.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Resolve | Self::Connect | Self::TimedOut | Self::Broken => FailureClass::Transient,
            Self::Guard(_) | Self::Request | Self::TooLarge | Self::Redirect => FailureClass::Permanent,
        }
    }
}
