//! How lines are written and shown, and when they are invoiced.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, LineForm};

/// How lines are written and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LineBehaviour {
    /// Units with a fraction are cut to the whole number and not refused.
    pub truncates_fractions: bool,
    /// Zero units are refused.
    pub refuses_zero: bool,
    /// Negative units are taken and not refused.
    pub takes_negative: bool,
    /// V1 has no routes for lines.
    pub off: bool,
    /// V1's route of all lines of a contract; `{contractId}` stands for its id.
    pub lines_route: String,
    /// V1's route of one line; `{contractId}` and `{lineId}` stand for the ids.
    pub line_route: String,
    /// Units with an effective date to come show only from that day on; until then line and total show the old ones.
    pub waits_for_effective_date: bool,
    /// A line of a contract that is not active is not written. By default it is: a contract is filled before it is
    /// activated, and nobody has published a refusal.
    pub refuses_inactive: bool,
    /// A line of a contract whose last day has passed is not written. By default it is, as nobody has published a
    /// refusal, and never charged: a success without effect.
    pub refuses_ended: bool,
    /// An effective date in a period that is posted or invoiced is refused. By default it is taken, and charged as a
    /// correction on the next invoice.
    pub refuses_billed_periods: bool,
    /// V2's "add services" with a service that is on the contract sets the units of its line and adds none.
    pub adds_in_place: bool,
    /// V2's "add services" answers all lines in an array and not the first one as an object.
    pub answers_added_as_array: bool,
    /// The lines of one contract are asked for and those of all are shown: the filter is not known.
    pub of_all_contracts: bool,
    /// A line does not show its contract's id, and needs none when it is written.
    pub without_contract_ids: bool,
    /// Which effective date is stored of a write.
    pub stored_date: StoredDate,
    /// A write sets the line's price to the catalogue's and its cost to 0.
    pub resets_prices: bool,
    /// A write loses the further fields of every line that it sends.
    pub forgets_extras: bool,
    /// A write is answered as a success and changes nothing.
    pub without_effect: bool,
    /// A write that is done is answered 204 without a body.
    pub answers_nothing: bool,
    /// V1's word for a write that is done.
    pub success_status: String,
    /// V1's word for no error in a write that is done.
    pub success_error: String,
    /// No page of lines has more than this, whatever `$top` asks for.
    pub largest_page: Option<u16>,
    /// A numbered page that is cut begins where one of the size that is asked for would, so that rows between two are never shown.
    pub pages_by_asked_size: bool,
    /// `TotalRecords` counts the rows of the page alone.
    pub totals_of_page: bool,
    /// `TotalRecords` is left out where lines are read.
    pub without_totals: bool,
    /// `$top` and `$skip` are not known.
    pub ignores_paging: bool,
    /// Whether changes in the midst of a period stand beside a contract's lines as rows of their own.
    pub prorations: Prorations,
    /// The form in which lines are shown and taken.
    pub form: LineForm,
}

/// How V1 shows the prorations of past changes. That they are rows of the list is a guess: the vendor shows them in a section of
/// the contract of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Prorations {
    /// Not among the lines.
    #[default]
    Hidden,
    /// As rows with the difference in units from its day on, that name the changed line in `ProrationOf`.
    Marked,
    /// The same without that field: nothing but their units and dates tells them from lines.
    Unmarked,
}

/// Which effective date is stored of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum StoredDate {
    /// The one that is sent.
    #[default]
    AsSent,
    /// The first of the month after it.
    NextMonth,
    /// The line's old one.
    AsBefore,
}

impl Default for LineBehaviour {
    fn default() -> Self {
        Self {
            truncates_fractions: false,
            refuses_zero: false,
            takes_negative: false,
            off: false,
            lines_route: Endpoint::ContractLines.route().to_owned(),
            line_route: Endpoint::WriteLine.route().to_owned(),
            waits_for_effective_date: false,
            refuses_inactive: false,
            refuses_ended: false,
            refuses_billed_periods: false,
            adds_in_place: false,
            answers_added_as_array: false,
            of_all_contracts: false,
            without_contract_ids: false,
            stored_date: StoredDate::AsSent,
            resets_prices: false,
            forgets_extras: false,
            without_effect: false,
            answers_nothing: false,
            success_status: "OK".to_owned(),
            success_error: "None".to_owned(),
            largest_page: None,
            pages_by_asked_size: false,
            totals_of_page: false,
            without_totals: false,
            ignores_paging: false,
            prorations: Prorations::Hidden,
            form: LineForm::default(),
        }
    }
}

/// When the tenant bills by itself. A day that a month does not have is its last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Invoicing {
    /// The day of the month at whose beginning the month before is invoiced; without one, only when told to.
    pub day: Option<i8>,
    /// The day of the month at whose beginning the month before is posted: what is to be charged is fixed, and no read
    /// shows it until it is invoiced.
    pub posting_day: Option<i8>,
}
