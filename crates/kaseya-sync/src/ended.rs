//! How a command ends, and whose command it was.

/// The program's name, also for the database's and the broker's lists of connections.
pub(crate) const NAME: &str = "kaseya-sync";

/// How a command ended when it could be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All is in order.
    InOrder,
    /// It was refused, as has been said.
    Refused,
    /// Something was not sent, or waits for a person.
    NotInOrder,
}

impl Ended {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::InOrder => 0,
            Self::Refused => 1,
            Self::NotInOrder => 3,
        }
    }
}
