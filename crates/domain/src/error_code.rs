//! The stable codes of the error catalogue.

use std::{fmt, str::FromStr};

/// The severity of a code for the next invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Sent, but needs a look.
    Warning,
    /// Waits for a person.
    Held,
    /// Not sent.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $level:ident;)*) => {
        /// A case of the error catalogue. Its text form is stable: tables, messages and pages use it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// All codes, in the catalogue's order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable text, e.g. `AUTH-01`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The severity of the code.
            pub fn level(self) -> Level {
                match self { $(Self::$name => Level::$level,)* }
            }
        }
    };
}

codes! {
    /// Wrong user, password or tenant: Kaseya's response does not tell which.
    Auth01 = "AUTH-01", Error;
    /// Password expired.
    Auth02 = "AUTH-02", Error;
    /// User locked.
    Auth03 = "AUTH-03", Error;
    /// Second factor required.
    Auth04 = "AUTH-04", Error;
    /// V2 accepts the login, V1 refuses it.
    Auth07 = "AUTH-07", Error;
    /// Logins of this user wait: others were refused or had no response.
    Auth08 = "AUTH-08", Error;
    /// Role lacks "Has API Access".
    Auth05 = "AUTH-05", Error;
    /// Role lacks the right to a module.
    Auth06 = "AUTH-06", Error;
    /// Host unreachable, wrong region, or responds with HTML.
    Host01 = "HOST-01", Error;
    /// Company name is not the tenant's.
    Ten01 = "TEN-01", Error;
    /// Account inactive, deleted or hidden by the role.
    Acc01 = "ACC-01", Error;
    /// Contract ended, or ends before the period.
    Con01 = "CON-01", Error;
    /// Contract not active, or no longer shown to us.
    Con02 = "CON-02", Error;
    /// Contract not of type Recurring Services.
    Con03 = "CON-03", Error;
    /// Contract now belongs to another account.
    Con04 = "CON-04", Error;
    /// Service not on the contract.
    Svc01 = "SVC-01", Error;
    /// The responses about lines do not match the tenant's line profile.
    Lin01 = "LIN-01", Error;
    /// A write of the whole contract would undo a change that waits for its day.
    Lin02 = "LIN-02", Error;
    /// Service inactive or deleted in the catalogue.
    Svc02 = "SVC-02", Error;
    /// Same service twice on the contract: ask which line.
    Svc03 = "SVC-03", Error;
    /// The line counts itself in Kaseya: our value is changed back.
    Svc04 = "SVC-04", Held;
    /// Period already invoiced.
    Per01 = "PER-01", Held;
    /// Effective date outside the contract.
    Per03 = "PER-03", Error;
    /// Brake: zero, or far from last time.
    Qty01 = "QTY-01", Held;
    /// Count missing or too old.
    Qty02 = "QTY-02", Error;
    /// Fraction where Kaseya requires a whole number.
    Qty03 = "QTY-03", Error;
    /// Counted on another basis than the partner bills: treated as missing.
    Qty04 = "QTY-04", Error;
    /// A later final number differs from the frozen one.
    Qty05 = "QTY-05", Held;
    /// Units at a price of 0.
    Prc01 = "PRC-01", Warning;
    /// Company not mapped.
    Map01 = "MAP-01", Error;
    /// Product not mapped.
    Map02 = "MAP-02", Warning;
    /// Product level changed, old service still above 0.
    Map03 = "MAP-03", Held;
    /// Another partner of this installation writes this line.
    Map04 = "MAP-04", Error;
    /// Id and name belong to different things in Kaseya.
    Map05 = "MAP-05", Error;
    /// Line edited in Kaseya since our last write.
    Drf01 = "DRF-01", Held;
    /// Hourly call limit reached.
    Lim01 = "LIM-01", Error;
    /// Timeout, 5xx, maintenance page.
    Net01 = "NET-01", Error;
    /// Response lost after a write.
    Net02 = "NET-02", Error;
    /// Switched off while queued.
    Job01 = "JOB-01", Error;
    /// A run is already in progress: joined it.
    Job02 = "JOB-02", Warning;
    /// Given up after five attempts of its slice.
    Job03 = "JOB-03", Error;
    /// Anything else, with Kaseya's own words next to it.
    Unk01 = "UNK-01", Error;
}

impl ErrorCode {
    /// Whether the code leaves open whose the contract is: it is about the owner, or an answer was unusable, perhaps the
    /// one about the owner.
    pub fn leaves_owner_open(self) -> bool {
        matches!(self, Self::Acc01 | Self::Con04 | Self::Map05 | Self::Unk01)
    }

    /// Whether the code reports what Kaseya showed of an account, a contract or a line. It then stands until the next
    /// reading of Kaseya (G-02), whatever prevents that reading meanwhile.
    pub fn is_seen(self) -> bool {
        matches!(
            self,
            Self::Acc01
                | Self::Con01
                | Self::Con02
                | Self::Con03
                | Self::Con04
                | Self::Svc01
                | Self::Lin01
                | Self::Lin02
                | Self::Svc02
                | Self::Svc03
                | Self::Svc04
                | Self::Per03
                | Self::Qty03
                | Self::Prc01
                | Self::Map03
                | Self::Map05
                | Self::Drf01
                | Self::Unk01
        )
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no code of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a code of the error catalogue")]
pub struct UnknownCode(String);

impl FromStr for ErrorCode {
    type Err = UnknownCode;
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}
