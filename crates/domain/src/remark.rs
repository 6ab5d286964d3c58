//! What people need to know beside a code: names, numbers, days. Facts, without words: those are each language's.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{AnswerFault, ServiceId};

/// One thing to know. Names are those of the mapping; units that Kaseya shows may have a fraction.
///
/// Its JSON is that of tables and messages; `proto-schemas/remarks.json` has an example of each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "a field is what its name says")]
pub enum Remark {
    /// The service is inactive in Kaseya's catalogue.
    ServiceInactive { service: String },
    /// The catalogue no longer shows it: deleted, or hidden from our user.
    ServiceNotShown { service: String },
    /// The account is inactive.
    AccountInactive {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// Kaseya does not show it: deleted, or hidden from our user.
    AccountNotShown {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// Kaseya no longer shows the contract.
    ContractNotShown { contract: String },
    /// The contract is not active.
    ContractNotActive { contract: String },
    /// Units do not live on contracts of this type, in Kaseya's words.
    ContractOfType { contract: String, contract_type: String },
    /// The contract ended before the count that would be sent.
    ContractEnded { contract: String, end: Date, count_day: Date },
    /// The contract ends before the period to be billed.
    ContractEndsBefore { contract: String },
    /// The contract is another account's than it was mapped with.
    ContractOfOther { contract: String },
    /// The contract is not billed monthly but in this cycle, in Kaseya's words, and a person is to choose how.
    CycleToChoose { contract: String, billing_cycle: String },
    /// The service is not on the contract.
    LineMissing { service: String, contract: String },
    /// The service is on the contract more than once.
    LineTwice { service: String, contract: String },
    /// The line was sent our number twice in a period and shows another again: somebody else counts it.
    LineSetElsewhere { service: String, shown: f64 },
    /// The line or its contract begins only after the contract's last day.
    LineBeginsTooLate { service: String, contract: String },
    /// The line was edited in Kaseya since we had left it with these units.
    LineEdited { left: u32, shown: f64 },
    /// Kaseya took these units before, and the line still showed the old ones.
    SentOnceMore { sent: u32, shown: f64 },
    /// Kaseya took the units from a later day on, and shows the old ones until then.
    Awaited { sent: u32, from_day: Date, shown: f64 },
    /// The units that the line holds count only from a later day than the count that they are for.
    CountsLater { service: String, from_day: Date },
    /// The line's units have a fraction.
    UnitsNotWhole { service: String, shown: f64 },
    /// The line's price is another than before.
    PriceChanged { service: String, before: f64, now: f64 },
    /// Kaseya took a change of another line of the contract, which counts from this day on and is not shown yet.
    ChangeInWait { from_day: Date },
    /// Fields of the line that we sent as they were came back as others.
    FieldsChanged { service: String, fields: Vec<FieldChange> },
    /// Lines beside those that we changed are others than before, or are gone.
    OtherLinesChanged { contract: String, lines: u32 },
    /// The user count is missing or too old.
    CountMissing { service: String },
    /// The month of the count has already been invoiced.
    MonthInvoiced { count_day: Date },
    /// One half of a plan switch: these two lines change together.
    PlanSwitch { falls: String, rises: String },
    /// The users have moved to a service, and old lines do not fall.
    OldLinesStay { rises: String, old_lines: Vec<OldLine> },
    /// The users have moved from a service to one whose line cannot be written now: sent alone, the fall would bill them nowhere.
    RiseNotSent { falls: String, rises: String },
    /// The number is far from what the line held at the last invoice, or from what a person has approved since.
    FarFromInvoiced { invoiced: f64 },
    /// Inside the number this company's share, of one product, falls from these units to 0.
    ShareEnds { company: String, left: u32 },
    /// The settings name this id otherwise than Kaseya does.
    OtherName { id: i32, told: String, named: String },
    /// Two mappings name this id differently.
    ToldTwice { id: i32, told: String, named: String },
    /// Two mappings say that this contract is of different accounts.
    TwoAccounts { id: i32, told: String, named: String },
    /// The request expired then: nothing of it is wanted any more.
    RequestExpired { expired_at: Timestamp },
    /// It was given up, for every attempt ended without word of its worker (JOB-03).
    BrokeOff,
    /// It was given up, for what its worker needs is too large to be sent (JOB-03).
    TooLarge,
    /// Kaseya refused to lower the old line of the plan switch, so that the new one was left alone.
    FallRefused,
    /// Kaseya lowered the old line of the plan switch and refused to raise the new one.
    RiseRefused,
    /// Kaseya took the units and shows others.
    ShownOtherwise { sent: u32, shown: f64 },
    /// Kaseya took the units and no longer shows the line.
    LineGone { sent: u32 },
    /// What is wrong with an answer that was not used; the endpoint is method and route.
    AnswerUnusable { endpoint: String, fault: AnswerFault },
    /// Kaseya refused the change with this HTTP status.
    ChangeRefused { sent: u32, status: u16 },
    /// Kaseya took the units and holds them from another day than ours.
    DateShownOtherwise { sent: u32, from_day: Date, shown_day: Date },
    /// The stored password cannot be opened.
    PasswordSealed,
    /// The stored host or base address cannot be used.
    HostUnusable,
    /// An own address leads to this host, which the operator has not allowed.
    HostNotAllowed { host: String },
    /// The stored line profile cannot be used.
    LineProfileUnusable,
}

/// A field of a line that is another than it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// As Kaseya calls it.
    pub name: String,
    /// JSON, cut; `None` where there was no such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// JSON, cut; `None` where there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// A line that still has the units of users who have moved away from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldLine {
    /// Kaseya's service.
    pub service_id: ServiceId,
    /// Its name; `None` where nothing is mapped to it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What it shows.
    pub shown: f64,
}
