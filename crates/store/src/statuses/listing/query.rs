//! The query of a page of companies.

/// A query of companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<'a> {
    /// Part of the name or id of a company, or of the name of its account or contract; case and accents are ignored.
    /// Empty for all.
    pub search: &'a str,
    /// The filter among those.
    pub filter: Filter,
    /// The sort key.
    pub sort: Sort,
    /// Whether the order is reversed.
    pub descending: bool,
    /// The number of companies on earlier pages, to skip.
    pub offset: u32,
    /// The number of companies on a page.
    pub size: u32,
}

/// A filter of companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Filter {
    /// All companies.
    All,
    /// Failed, held, or with users and not mapped.
    NeedsPerson,
    /// Without account and contract.
    Unmapped,
    /// Not sent, or mapped and with a code for something not sent.
    Failed,
    /// With a change that waits for a person.
    Held,
    /// Changed in the last sync.
    Changed,
    /// With a product that is not billed.
    NotBilled,
    /// With a closing day.
    Closed,
    /// Never synced on some contract.
    Never,
}

impl Filter {
    /// All filters.
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

    /// The filter's column in [`found`].
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

/// A sort key. Ties are ordered by name, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// By the company's name.
    Company,
    /// By the account's name.
    Account,
    /// By the contract's name.
    Contract,
    /// By the worst state; in reverse, the most urgent for a person comes first.
    State,
    /// By the contract on which our number was last seen the longest ago.
    LastSync,
    /// By the newest count of all products.
    Users,
}
