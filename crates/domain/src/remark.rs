//! What people need to know in addition to a code: names, numbers, days. Only facts: each language has its own words
//! for them.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{AnswerFault, ServiceId};

/// One fact. Names come from the mapping; units shown by Kaseya may have a fraction.
///
/// Tables and messages use its JSON form; `proto-schemas/remarks.json` has an example of each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "a field is what its name says")]
pub enum Remark {
    /// The service is inactive in Kaseya's catalogue.
    ServiceInactive { service: String },
    /// The catalogue no longer shows the service: it is deleted or hidden from our user.
    ServiceNotShown { service: String },
    /// The account is inactive.
    AccountInactive {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// Kaseya does not show the account: it is deleted or hidden from our user.
    AccountNotShown {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// Kaseya no longer shows the contract.
    ContractNotShown { contract: String },
    /// The contract is not active.
    ContractNotActive { contract: String },
    /// Contracts of this type, in Kaseya's words, hold no units.
    ContractOfType { contract: String, contract_type: String },
    /// The contract ended before the day of the count to send.
    ContractEnded { contract: String, end: Date, count_day: Date },
    /// The contract ends before the period to be billed.
    ContractEndsBefore { contract: String },
    /// The contract belongs to another account than the mapped one.
    ContractOfOther { contract: String },
    /// The contract is billed in this cycle, in Kaseya's words, and not monthly; a person must choose how its changes
    /// count.
    CycleToChoose { contract: String, billing_cycle: String },
    /// The service is not on the contract.
    LineMissing { service: String, contract: String },
    /// The service is on the contract more than once.
    LineTwice { service: String, contract: String },
    /// We sent our number to the line twice in a period, and it shows another again: someone else counts it.
    LineSetElsewhere { service: String, shown: f64 },
    /// The line or its contract begins only after the contract's last day.
    LineBeginsTooLate { service: String, contract: String },
    /// The line was edited in Kaseya after we left it with these units.
    LineEdited { left: u32, shown: f64 },
    /// Kaseya accepted these units before, and the line still showed the old ones.
    SentOnceMore { sent: u32, shown: f64 },
    /// Kaseya accepted the units from a later day on, and shows the old ones until then.
    Awaited { sent: u32, from_day: Date, shown: f64 },
    /// The line's units count only from a later day than their count requires.
    CountsLater { service: String, from_day: Date },
    /// The line's units have a fraction.
    UnitsNotWhole { service: String, shown: f64 },
    /// The line's price has changed.
    PriceChanged { service: String, before: f64, now: f64 },
    /// Kaseya accepted a change of another line of the contract that counts from this day on and is not shown yet.
    ChangeInWait { from_day: Date },
    /// Fields of the line that we sent unchanged came back changed.
    FieldsChanged { service: String, fields: Vec<FieldChange> },
    /// Lines other than those we changed have changed or are gone.
    OtherLinesChanged { contract: String, lines: u32 },
    /// The user count is missing or too old.
    CountMissing { service: String },
    /// The month of the count is already invoiced.
    MonthInvoiced { count_day: Date },
    /// One half of a plan switch: these two lines change together.
    PlanSwitch { falls: String, rises: String },
    /// The users have moved to this service, and the old lines do not fall.
    OldLinesStay { rises: String, old_lines: Vec<OldLine> },
    /// The users have moved to a service with a line that cannot be written now: sent alone, the fall would bill them
    /// nowhere.
    RiseNotSent { falls: String, rises: String },
    /// The number is far from the line's units at the last invoice, or from those that a person has approved since.
    FarFromInvoiced { invoiced: f64 },
    /// This company's share of the number, for one product, falls from these units to 0.
    ShareEnds { company: String, left: u32 },
    /// The settings and Kaseya have different names for this id.
    OtherName { id: i32, told: String, named: String },
    /// Two mappings have different names for this id.
    #[serde(rename = "told_twice")]
    TwoNames { id: i32, told: String, named: String },
    /// Two mappings assign this contract to different accounts.
    TwoAccounts { id: i32, told: String, named: String },
    /// The request expired at this instant and no longer has any effect.
    RequestExpired { expired_at: Timestamp },
    /// Given up because every attempt ended without a report from its worker (JOB-03).
    BrokeOff,
    /// Given up because the worker's input is too large to send (JOB-03).
    TooLarge,
    /// Kaseya refused to lower the old line of the plan switch, so the new line was left alone.
    FallRefused,
    /// Kaseya lowered the old line of the plan switch and refused to raise the new line.
    RiseRefused,
    /// Kaseya accepted the units and shows others.
    ShownOtherwise { sent: u32, shown: f64 },
    /// Kaseya accepted the units and no longer shows the line.
    LineGone { sent: u32 },
    /// What is wrong with an unused response; the endpoint is method and route.
    AnswerUnusable { endpoint: String, fault: AnswerFault },
    /// Kaseya refused the change with this HTTP status.
    ChangeRefused { sent: u32, status: u16 },
    /// Kaseya accepted the units with another effective date than ours.
    DateShownOtherwise { sent: u32, from_day: Date, shown_day: Date },
    /// The stored password cannot be decrypted.
    PasswordSealed,
    /// The stored host or base address cannot be used.
    HostUnusable,
    /// A custom address leads to this host, which the operator has not allowed.
    HostNotAllowed { host: String },
    /// The stored line profile cannot be used.
    LineProfileUnusable,
}

/// A field of a line that has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// The field's name in Kaseya.
    pub name: String,
    /// The old value as truncated JSON; `None` if the field did not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The new value as truncated JSON; `None` if the field no longer exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// A line that still has the units of users who have moved to another line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldLine {
    /// Kaseya's service.
    pub service_id: ServiceId,
    /// The service's name; `None` if nothing is mapped to it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The units that the line shows.
    pub shown: f64,
}
