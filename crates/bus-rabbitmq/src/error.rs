//! The errors before a bus exists.

/// Why a broker cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not an `amqp://` or `amqps://` URI. The error does not repeat the URI: it contains a password.
    #[error("the broker's address is no AMQP URI: {0}")]
    BadUri(String),
    /// The broker did not respond in time.
    #[error("the broker did not answer in time")]
    TimedOut,
    /// The broker refused, or the connection was lost.
    #[error("the broker refused: {0}")]
    Refused(#[from] lapin::Error),
}
