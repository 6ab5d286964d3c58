//! The result of a command, and the program's name.

/// The program's name, also in the connection lists of database and broker.
pub(crate) const NAME: &str = "kaseya-sync";

/// The result of a command that could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Everything is in order.
    InOrder,
    /// Refused; the reason was printed.
    Refused,
    /// Something was not sent, or waits for a person.
    NotInOrder,
}

impl Ended {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::InOrder => 0,
            Self::Refused => 1,
            Self::NotInOrder => 3,
        }
    }
}
