//! What can go wrong before there is a bus.

/// Why a broker cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not an `amqp://` or `amqps://` URI. The URI itself is not repeated: it holds a password.
    #[error("the broker's address is no AMQP URI: {0}")]
    BadUri(String),
    /// It did not answer in time.
    #[error("the broker did not answer in time")]
    TimedOut,
    /// It refused, or the connection was lost.
    #[error("the broker refused: {0}")]
    Refused(#[from] lapin::Error),
}
