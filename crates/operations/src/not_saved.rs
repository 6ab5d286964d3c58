//! Why a person's input is not saved, typed so that the caller can name the field and the fix.

use std::{collections::BTreeMap, fmt};

use connection::{Authenticated, NotTried};
use domain::{CompanyId, NumberSetting, ProductId, TextError, is_name_of};
use kaseya::HostError;
use store::StoreError;

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    /// The partner does not exist.
    #[error("there is no such partner")]
    UnknownPartner,
    /// The connection to Kaseya must be saved first (S-19).
    #[error("save the connection to Kaseya first")]
    NotConnected,
    /// The input is invalid: all mistakes.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Mistakes(Vec<Mistake>),
    /// Another person has saved the same in the meantime.
    #[error("it was changed meanwhile: look again")]
    Stale {
        /// The version now stored; `None` if it was removed.
        version: Option<u32>,
    },
    /// The users of these companies would be added together on one line: a person must confirm it (S-34).
    #[error("the users of other companies are on the same line: add them together?")]
    AddCompaniesTogether(Vec<CompanyId>),
    /// The users of these products would be added together as one service: a person must confirm it (S-34).
    #[error("several products are the same service: add their users together?")]
    AddProductsTogether(Vec<ProductId>),
    /// Another partner of this installation uses the same tenant: a person must confirm it (G-13).
    #[error("this Kaseya company name is already used in this installation: use it here too?")]
    SharedTenant,
    /// The credentials must be tried before they are stored and were not, or Kaseya is known to refuse them.
    #[error(transparent)]
    NotTried(#[from] NotTried),
    /// Credentials that differ from those in force were tried and failed: all checks.
    #[error("the new credentials do not prove right; nothing is stored, and those in force stay")]
    NotProven(Box<Authenticated>),
    /// The schedule has no due day before the calendar ends.
    #[error("the schedule never comes due")]
    NeverDue,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A mistake in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The field.
    pub field: Field,
    /// What is wrong.
    pub kind: MistakeKind,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MistakeKind {
    /// The field is empty but required.
    #[error("it is missing")]
    Missing,
    /// The host name is invalid.
    #[error(transparent)]
    Host(HostError),
    /// The address is invalid.
    #[error("write it like https://api.bms.kaseya.com, without user, query or fragment")]
    Address,
    /// The operator has not allowed this address.
    #[error(
        "{host} is not under {domain}, and this installation does not allow it: leave the field empty, or have the operator add \
         {host} to allowed_hosts in [kaseya]"
    )]
    NotAllowed {
        /// The host of the address.
        host: String,
        /// The domain of the typed host.
        domain: String,
    },
    /// The stored password belongs to another host, company name, user or address: it must be typed again.
    #[error("type the password again: host, company name, user or address are others")]
    TypeAgain,
    /// The number is not in this range.
    #[error("write a whole number from {least} to {most}")]
    OutOfRange {
        /// The minimum.
        least: i64,
        /// The maximum.
        most: i64,
    },
    /// Not a zone of the IANA database.
    #[error("write an IANA time zone, such as Europe/Rome")]
    Zone,
    /// Nothing has this id.
    #[error("there is no {0}")]
    Unknown(String),
    /// Kaseya has another name for this id (G-06).
    #[error(
        "Kaseya calls what has the id {id} \"{named}\", not \"{told}\" (MAP-05): choose it again from Kaseya's list"
    )]
    NotItsName {
        /// The id.
        id: i32,
        /// The name as the form has it.
        told: String,
        /// Kaseya's name.
        named: String,
    },
    /// The text has an invalid character or is too long.
    #[error(transparent)]
    Text(TextError),
    /// The field has no effect: the rule does not read it.
    #[error("nothing is done with it by this rule: leave it out")]
    NoEffect,
    /// These companies map the same contract to another account.
    #[error("the contract is said to be of another account by other companies")]
    OtherAccount(Vec<CompanyId>),
}

/// A field that people type or choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is named as the settings file names it")]
pub enum Field {
    Host,
    V2Base,
    V1Base,
    UserName,
    Password,
    CompanyName,
    Billing,
    InvoiceDay,
    Number(NumberSetting),
    Weekday,
    Hour,
    Zone,
    Product,
    Company,
    Account,
    Contract,
    Note,
    Minimum,
    IncludedFree,
}

impl Field {
    /// The field's name in the settings file and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::V2Base => "v2_base",
            Self::V1Base => "v1_base",
            Self::UserName => "user_name",
            Self::Password => "password",
            Self::CompanyName => "company_name",
            Self::Billing => "billing",
            Self::InvoiceDay => "invoice_day",
            Self::Number(setting) => setting.as_str(),
            Self::Weekday => "weekday",
            Self::Hour => "hour",
            Self::Zone => "zone",
            Self::Product => "product_id",
            Self::Company => "company_id",
            Self::Account => "account_id",
            Self::Contract => "contract_id",
            Self::Note => "note",
            Self::Minimum => "minimum",
            Self::IncludedFree => "included_free",
        }
    }
}

impl Mistake {
    pub(crate) fn new(field: Field, kind: MistakeKind) -> Self {
        Self { field, kind }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field.as_str(), self.kind)
    }
}

/// The mistakes found in a form.
#[derive(Debug, Default)]
pub(crate) struct Found(Vec<Mistake>);

impl Found {
    pub(crate) fn note(&mut self, field: Field, kind: MistakeKind) {
        self.0.push(Mistake::new(field, kind));
    }

    /// Notes a mistake if the value is missing.
    pub(crate) fn required<T>(&mut self, field: Field, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.note(field, MistakeKind::Missing);
        }
        value
    }

    /// Notes a mistake if the text breaks the one rule for texts; empty text is valid.
    pub(crate) fn text(&mut self, field: Field, text: &str, most: usize) {
        if let Err(error) = domain::check_text(text, most) {
            self.note(field, MistakeKind::Text(error));
        }
    }

    /// Notes a mistake unless the number is in this range.
    pub(crate) fn within(&mut self, field: Field, number: i64, least: i64, most: i64) {
        if !(least..=most).contains(&number) {
            self.note(field, MistakeKind::OutOfRange { least, most });
        }
    }

    /// Notes a mistake if Kaseya has shown another name for the id.
    pub(crate) fn named(&mut self, field: Field, names: &BTreeMap<i32, String>, id: i32, told: &str) {
        if let Some(named) = names.get(&id).filter(|named| !is_name_of(told, named)) {
            let (told, named) = (told.to_owned(), named.clone());
            self.note(field, MistakeKind::NotItsName { id, told, named });
        }
    }

    /// Returns what was read if there are no mistakes.
    pub(crate) fn none_or<T>(self, read: Option<T>) -> Result<T, NotSaved> {
        match read {
            Some(read) if self.0.is_empty() => Ok(read),
            _ => Err(NotSaved::Mistakes(self.0)),
        }
    }
}
