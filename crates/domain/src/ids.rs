//! Identifiers: the provider's are texts, Kaseya's are 32-bit numbers, ours are UUIDs.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is an invalid identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("{kind} is empty")]
    Empty {
        /// The kind of identifier.
        kind: &'static str,
    },
    /// More than 100 characters.
    #[error("{kind} has {length} characters; at most {MAX_TEXT} are allowed")]
    TooLong {
        /// The kind of identifier.
        kind: &'static str,
        /// Its length, in characters.
        length: usize,
    },
    /// Control characters, or leading or trailing blanks.
    #[error("{kind} has a control character, or a blank at its start or end")]
    BadCharacter {
        /// The kind of identifier.
        kind: &'static str,
    },
    /// Not a UUID.
    #[error("{kind} is not a UUID")]
    NotUuid {
        /// The kind of identifier.
        kind: &'static str,
    },
}

/// The maximum length of a provider's identifier, in characters.
const MAX_TEXT: usize = 100;

fn check(kind: &'static str, text: &str) -> Result<(), IdError> {
    let length = text.chars().count();
    if length == 0 {
        Err(IdError::Empty { kind })
    } else if length > MAX_TEXT {
        Err(IdError::TooLong { kind, length })
    } else if crate::check_text(text, MAX_TEXT).is_err()
        || text.chars().any(crate::text::is_unseen)
        || text.trim() != text
    {
        Err(IdError::BadCharacter { kind })
    } else {
        Ok(())
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the text: 1 to 100 characters, no control or zero-width characters, no leading or trailing
            /// blanks.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check($kind, &text)?;
                Ok(Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Parses the text form.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text).map(Self).map_err(|_| IdError::NotUuid { kind: $kind })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text_id!(
    /// An MSP, the provider's customer.
    PartnerId, "partner id"
);
text_id!(
    /// A partner's client.
    CompanyId, "company id"
);
text_id!(
    /// A product that the provider sells per user.
    ProductId, "product id"
);
text_id!(
    /// A report of user counts.
    ReportId, "report id"
);
text_id!(
    /// A sync request; the caller chooses the id.
    RequestId, "request id"
);
number_id!(
    /// Kaseya's client.
    AccountId
);
number_id!(
    /// Kaseya's agreement.
    ContractId
);
number_id!(
    /// Kaseya's sellable item.
    ServiceId
);
number_id!(
    /// A service on a contract, with its units.
    LineId
);
uuid_id!(
    /// One sync of one partner.
    RunId, "run id"
);
uuid_id!(
    /// A slice of a run.
    JobId, "job id"
);
uuid_id!(
    /// A change that waits for a person.
    HoldId, "hold id"
);
uuid_id!(
    /// The id that the two halves of a plan switch share.
    PairId, "pair id"
);
uuid_id!(
    /// A change about to be sent.
    IntentId, "intent id"
);
uuid_id!(
    /// A token for the portal's API.
    TokenId, "token id"
);
uuid_id!(
    /// A person who may sign in to a partner.
    MemberId, "member id"
);
