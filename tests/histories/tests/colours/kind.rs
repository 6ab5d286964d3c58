//! Kinds of events, to be turned on one by one.

/// One kind.
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
    /// Partner, provider and tenant in different zones.
    OtherZones,
}

impl Kind {
    pub const ALL: [Self; 31] = [
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
        Self::OtherZones,
    ];

    /// How often it is among the others.
    pub fn weight(self) -> u32 {
        match self {
            Self::Users => 6,
            Self::Switch | Self::WriteWithoutEffect => 3,
            Self::LineGoes | Self::Edited | Self::Down | Self::WriteFails => 2,
            _ => 1,
        }
    }

    /// Those that `ORACLE_KINDS` names, separated by commas; without it those that are on.
    pub fn chosen() -> Vec<Self> {
        let Ok(named) = std::env::var("ORACLE_KINDS") else {
            return Self::ALL.into_iter().filter(|kind| !OFF.contains(kind)).collect();
        };
        let kind = |name: &str| Self::ALL.into_iter().find(|kind| format!("{kind:?}") == name);
        named.split(',').map(|name| kind(name).unwrap_or_else(|| panic!("no kind {name:?}"))).collect()
    }
}

/// Kinds that the services do not stand yet.
const OFF: &[Kind] = &[Kind::LineGoes, Kind::Price, Kind::WriteWithoutEffect, Kind::OtherZones];
