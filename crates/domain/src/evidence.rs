//! What a statement about a line rests on (G-01).

use jiff::Timestamp;

/// What is said of a line was read, follows from a total, or is only remembered; each with its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The newest reading of its contract looked for its service.
    Read(Timestamp),
    /// A later total of its contract equals what that reading and our changes since add up to.
    ImpliedByTotal(Timestamp),
    /// Neither: this is how it was last known.
    Remembered(Timestamp),
}

impl Evidence {
    /// The stable text of tables, messages and the API.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::ImpliedByTotal(_) => "implied_by_total",
            Self::Remembered(_) => "remembered",
        }
    }

    /// Evidence of the kind with this stable text.
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

    /// Whether Kaseya showed it. Only then may a row be *unchanged* or its last sync move.
    pub fn is_shown(self) -> bool {
        !matches!(self, Self::Remembered(_))
    }

    /// The same, but only as what was last known.
    #[must_use]
    pub fn remembered(self) -> Self {
        Self::Remembered(self.at())
    }

    /// What several lines have in common: the weakest kind, since the earliest instant.
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
