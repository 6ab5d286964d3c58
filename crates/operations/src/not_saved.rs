//! Why something that a person typed is not saved, so that whoever shows it can name the field and the mend.

use std::{collections::BTreeMap, fmt};

use connection::{Authenticated, NotTried};
use domain::{CompanyId, ProductId, TextError, is_name_of};
use kaseya::HostError;
use store::StoreError;

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    /// There is no such partner.
    #[error("there is no such partner")]
    UnknownPartner,
    /// The connection to Kaseya is to be saved first (S-19).
    #[error("save the connection to Kaseya first")]
    NotConnected,
    /// What was typed has mistakes: all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Mistakes(Vec<Mistake>),
    /// Somebody else has saved the same meanwhile; the version that is stored now, if it is still there.
    #[error("it was changed meanwhile: look again")]
    Stale {
        /// What is stored now.
        version: Option<u32>,
    },
    /// The users of these companies would be added together on one line: a person says whether they are to be (S-34).
    #[error("the users of other companies are on the same line: add them together?")]
    AddCompaniesTogether(Vec<CompanyId>),
    /// The users of these products would be added together as one service: a person says whether they are to be (S-34).
    #[error("several products are the same service: add their users together?")]
    AddProductsTogether(Vec<ProductId>),
    /// Another partner of this installation uses the same tenant: a person says whether that is meant (G-13).
    #[error("this Kaseya company name is already used in this installation: use it here too?")]
    SharedTenant,
    /// Credentials that are not to be stored untried were not tried, or Kaseya is known to refuse them.
    #[error(transparent)]
    NotTried(#[from] NotTried),
    /// Other credentials than those in force were tried, and do not prove right: all checks.
    #[error("the new credentials do not prove right; nothing is stored, and those in force stay")]
    NotProven(Box<Authenticated>),
    /// The schedule has no day before the calendar ends.
    #[error("the schedule never comes due")]
    NeverDue,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A mistake in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub field: Field,
    /// What.
    pub kind: MistakeKind,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MistakeKind {
    /// It is empty, and must not be.
    #[error("it is missing")]
    Missing,
    /// It is no host name.
    #[error(transparent)]
    Host(HostError),
    /// It is no address.
    #[error("write it like https://api.bms.kaseya.com, without user, query or fragment")]
    Address,
    /// It is an address that the operator has not allowed.
    #[error(
        "{host} is not under {domain}, and this installation does not allow it: leave the field empty, or have the operator add \
         {host} to allowed_hosts in [kaseya]"
    )]
    NotAllowed {
        /// Where it leads.
        host: String,
        /// The domain of the typed host.
        domain: String,
    },
    /// The stored password is not for this host, company name, user or address: it must be typed again.
    #[error("type the password again: host, company name, user or address are others")]
    TypeAgain,
    /// It is not a number from the one to the other.
    #[error("write a whole number from {least} to {most}")]
    OutOfRange {
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// It is no zone of the IANA database.
    #[error("write an IANA time zone, such as Europe/Rome")]
    Zone,
    /// There is nothing of this id.
    #[error("there is no {0}")]
    Unknown(String),
    /// Kaseya calls what has this id otherwise (G-06).
    #[error(
        "Kaseya calls what has the id {id} \"{named}\", not \"{told}\" (MAP-05): choose it again from Kaseya's list"
    )]
    NotItsName {
        /// The id.
        id: i32,
        /// What it was told to be called.
        told: String,
        /// What Kaseya calls it.
        named: String,
    },
    /// It has a character that no text may have, or too many.
    #[error(transparent)]
    Text(TextError),
    /// Nothing is done with it as the others are: the rule does not read it.
    #[error("nothing is done with it by this rule: leave it out")]
    NoEffect,
    /// These companies are mapped to the same contract as one of another account.
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
    /// Its name, as the settings file and the API have it.
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

/// The mistakes that a form is found to have.
#[derive(Debug, Default)]
pub(crate) struct Found(Vec<Mistake>);

impl Found {
    pub(crate) fn note(&mut self, field: Field, kind: MistakeKind) {
        self.0.push(Mistake::new(field, kind));
    }

    /// What must be there.
    pub(crate) fn required<T>(&mut self, field: Field, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.note(field, MistakeKind::Missing);
        }
        value
    }

    /// A text by the one rule for texts; it may be empty.
    pub(crate) fn text(&mut self, field: Field, text: &str, most: usize) {
        if let Err(error) = domain::check_text(text, most) {
            self.note(field, MistakeKind::Text(error));
        }
    }

    /// A whole number from the one to the other.
    pub(crate) fn within(&mut self, field: Field, number: i64, least: i64, most: i64) {
        if !(least..=most).contains(&number) {
            self.note(field, MistakeKind::OutOfRange { least, most });
        }
    }

    /// That a name is the one that Kaseya shows for the id, as far as it has been seen.
    pub(crate) fn named(&mut self, field: Field, names: &BTreeMap<i32, String>, id: i32, told: &str) {
        if let Some(named) = names.get(&id).filter(|named| !is_name_of(told, named)) {
            let (told, named) = (told.to_owned(), named.clone());
            self.note(field, MistakeKind::NotItsName { id, told, named });
        }
    }

    /// What was read, if there is no mistake at all.
    pub(crate) fn none_or<T>(self, read: Option<T>) -> Result<T, NotSaved> {
        match read {
            Some(read) if self.0.is_empty() => Ok(read),
            _ => Err(NotSaved::Mistakes(self.0)),
        }
    }
}
