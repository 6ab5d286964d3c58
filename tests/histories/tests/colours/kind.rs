//! Kinds of events, each of which can be chosen.

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Users,
    Switch,
    Grows,
    Edited,
    LineGoes,
    LineComesBack,
    LineTwice,
    Price,
    Contract,
    Account,
    AccountRenamed,
    CountsItself,
    ProductMapped,
    Remapped,
    Unmapped,
    WriteFails,
    WriteWithoutEffect,
    ReadFails,
    Down,
    Off,
    SyncNow,
    WorkerDies,
    PasswordChanged,
    Uncounted,
    Empty,
    Licences,
    Part,
    LateFinal,
    Joins,
    SecondPartner,
    ContractMoves,
    /// Another address is saved, of a Kaseya with the same ids.
    AnotherKaseya,
    /// A final report for a day that is not over.
    EarlyFinal,
    /// A final report of one company, for a month that ended before the story.
    StrayFinal,
    /// The clock of the worker's machine is wrong.
    WrongClock,
    /// Partner, provider and tenant are in different time zones.
    OtherZones,
    /// Each page of lines is full, and shows no total.
    FullPages,
    /// Another address is saved while a job calls the old one.
    AddressMoves,
    /// A request expires while its job waits for Kaseya.
    Expires,
    /// A settings file with an old report is applied.
    OldFile,
    /// Units with a future effective date show only from that day on.
    ShowsFromItsDay,
    /// V1 returns and accepts lines in another form, and the installation has its line profile.
    OtherForm,
}

impl Kind {
    pub const ALL: [Self; 42] = [
        Self::Users,
        Self::Switch,
        Self::Grows,
        Self::Edited,
        Self::LineGoes,
        Self::LineComesBack,
        Self::LineTwice,
        Self::Price,
        Self::Contract,
        Self::Account,
        Self::AccountRenamed,
        Self::CountsItself,
        Self::ProductMapped,
        Self::Remapped,
        Self::Unmapped,
        Self::WriteFails,
        Self::WriteWithoutEffect,
        Self::ReadFails,
        Self::Down,
        Self::Off,
        Self::SyncNow,
        Self::WorkerDies,
        Self::PasswordChanged,
        Self::Uncounted,
        Self::Empty,
        Self::Licences,
        Self::Part,
        Self::LateFinal,
        Self::Joins,
        Self::SecondPartner,
        Self::ContractMoves,
        Self::AnotherKaseya,
        Self::EarlyFinal,
        Self::StrayFinal,
        Self::WrongClock,
        Self::OtherZones,
        Self::FullPages,
        Self::AddressMoves,
        Self::Expires,
        Self::OldFile,
        Self::ShowsFromItsDay,
        Self::OtherForm,
    ];

    /// The relative frequency of the kind.
    pub fn weight(self) -> u32 {
        match self {
            Self::Users => 6,
            Self::Switch | Self::WriteWithoutEffect => 3,
            Self::LineGoes | Self::Edited | Self::Down | Self::WriteFails => 2,
            _ => 1,
        }
    }

    /// The kinds in `ORACLE_KINDS`, separated by commas; all without it.
    pub fn chosen() -> Vec<Self> {
        let Ok(named) = std::env::var("ORACLE_KINDS") else {
            return Self::ALL.to_vec();
        };
        let kind = |name: &str| Self::ALL.into_iter().find(|kind| format!("{kind:?}") == name);
        named.split(',').map(|name| kind(name).unwrap_or_else(|| panic!("no kind {name:?}"))).collect()
    }
}
