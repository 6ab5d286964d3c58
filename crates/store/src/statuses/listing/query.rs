//! What a page of companies is asked for.

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<'a> {
    /// Part of a company's name or id, or of its account's or contract's name, with capitals and accents or without; empty for all.
    pub search: &'a str,
    /// Which of those.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// Whether the order is turned round.
    pub descending: bool,
    /// How many are left out because they were on earlier pages.
    pub offset: u32,
    /// How many are on a page.
    pub size: u32,
}

/// Which companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Filter {
    /// All.
    All,
    /// Failed, held, or not mapped and with users.
    NeedsPerson,
    /// Those without account and contract.
    Unmapped,
    /// Not sent, or mapped and with a code that says that something was not.
    Failed,
    /// With a change that waits for a person.
    Held,
    /// Changed in the last sync.
    Changed,
    /// With a product that is not billed.
    NotBilled,
    /// Closed from some day on.
    Closed,
    /// Never synced on some contract.
    Never,
}

impl Filter {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::All,
        Self::NeedsPerson,
        Self::Unmapped,
        Self::Failed,
        Self::Held,
        Self::Changed,
        Self::NotBilled,
        Self::Closed,
        Self::Never,
    ];

    /// The column of [`found`] that tells.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::All => "true",
            Self::NeedsPerson => "needs_person",
            Self::Unmapped => "unmapped",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Changed => "changed",
            Self::NotBilled => "not_billed",
            Self::Closed => "closed",
            Self::Never => "never",
        }
    }
}

/// In which order; of two that are alike the name decides, and at last the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// By name.
    Company,
    /// By the account's name.
    Account,
    /// By the contract's name.
    Contract,
    /// By the worst state; turned round, what wants a person's eye most comes first.
    State,
    /// By the contract that was longest not seen to hold our number.
    LastSync,
    /// By the newest count of all products.
    Users,
}
