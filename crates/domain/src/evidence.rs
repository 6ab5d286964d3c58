//! The basis of a statement about a line (G-01).

use jiff::Timestamp;

/// A statement about a line was read, follows from a total, or is only remembered; each with its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The newest reading of its contract looked for its service.
    Read(Timestamp),
    /// A later total of its contract equals the sum of that reading and our changes since.
    ImpliedByTotal(Timestamp),
    /// Neither: the last known state.
    Remembered(Timestamp),
}

impl Evidence {
    /// The stable text for tables, messages and the API.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::ImpliedByTotal(_) => "implied_by_total",
            Self::Remembered(_) => "remembered",
        }
    }

    /// Parses the stable text of a kind; `None` if it is unknown.
    pub fn of_kind(kind: &str, at: Timestamp) -> Option<Self> {
        match kind {
            "read" => Some(Self::Read(at)),
            "implied_by_total" => Some(Self::ImpliedByTotal(at)),
            "remembered" => Some(Self::Remembered(at)),
            _ => None,
        }
    }

    /// When Kaseya showed it.
    pub fn at(self) -> Timestamp {
        match self {
            Self::Read(at) | Self::ImpliedByTotal(at) | Self::Remembered(at) => at,
        }
    }

    /// Whether Kaseya showed it. Only then may a row be *unchanged* or its last sync advance.
    pub fn is_shown(self) -> bool {
        !matches!(self, Self::Remembered(_))
    }

    /// The same instant, as merely remembered.
    #[must_use]
    pub fn remembered(self) -> Self {
        Self::Remembered(self.at())
    }

    /// The common evidence of several lines: the weakest kind, with the earliest instant.
    pub fn weakest(of: impl IntoIterator<Item = Self>) -> Option<Self> {
        let strength = |evidence: &Self| match evidence {
            Self::Remembered(_) => 0,
            Self::ImpliedByTotal(_) => 1,
            Self::Read(_) => 2,
        };
        of.into_iter().reduce(|one, other| {
            let kind = if strength(&other) < strength(&one) { other } else { one };
            let at = one.at().min(other.at());
            match kind {
                Self::Read(_) => Self::Read(at),
                Self::ImpliedByTotal(_) => Self::ImpliedByTotal(at),
                Self::Remembered(_) => Self::Remembered(at),
            }
        })
    }
}
