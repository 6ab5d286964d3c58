//! How lines are written, shown and invoiced.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, LineForm};

/// How lines are written and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LineBehaviour {
    /// Fractional units are truncated to a whole number instead of refused.
    pub truncates_fractions: bool,
    /// Zero units are refused.
    pub refuses_zero: bool,
    /// Negative units are accepted instead of refused.
    pub takes_negative: bool,
    /// V1 has no routes for lines.
    pub off: bool,
    /// V1's route for all lines of a contract; `{contractId}` stands for its id.
    pub lines_route: String,
    /// V1's route for one line; `{contractId}` and `{lineId}` stand for the ids.
    pub line_route: String,
    /// Units with a future effective date show only from that day on; until then the line and the total show the
    /// old ones.
    pub waits_for_effective_date: bool,
    /// Refuses a write of a line on an inactive contract. By default it is accepted: a contract is filled before it
    /// is activated, and no refusal is published.
    pub refuses_inactive: bool,
    /// Refuses a write of a line on a contract whose last day has passed. By default it is accepted, because no
    /// refusal is published, and never charged: a success without effect.
    pub refuses_ended: bool,
    /// Refuses an effective date in a posted or invoiced period. By default it is accepted, and charged as a
    /// correction on the next invoice.
    pub refuses_billed_periods: bool,
    /// V2's "add services" with a service already on the contract sets the units of its line instead of adding one.
    pub adds_in_place: bool,
    /// V2's "add services" returns an array of all lines instead of the first one as an object.
    pub answers_added_as_array: bool,
    /// A request for the lines of one contract returns those of all contracts: the filter is unknown.
    pub of_all_contracts: bool,
    /// A line does not show its contract's id, and a write needs none.
    pub without_contract_ids: bool,
    /// Which effective date a write stores.
    pub stored_date: StoredDate,
    /// A write sets the line's price to the catalogue's and its cost to 0.
    pub resets_prices: bool,
    /// A write drops the extra fields of every line that it sends.
    pub forgets_extras: bool,
    /// A write returns success and changes nothing.
    pub without_effect: bool,
    /// A successful write returns 204 without a body.
    pub answers_nothing: bool,
    /// V1's status word for a successful write.
    pub success_status: String,
    /// V1's error word for a successful write.
    pub success_error: String,
    /// The maximum number of lines on a page, whatever `$top` requests.
    pub largest_page: Option<u16>,
    /// A numbered page that is cut short begins where a page of the requested size would, so the rows in between
    /// are never shown.
    pub pages_by_asked_size: bool,
    /// `TotalRecords` counts only the rows of the page.
    pub totals_of_page: bool,
    /// `TotalRecords` is left out of reads of lines.
    pub without_totals: bool,
    /// `$top` and `$skip` are ignored.
    pub ignores_paging: bool,
    /// Whether changes in the middle of a period appear next to a contract's lines as rows of their own.
    pub prorations: Prorations,
    /// The form in which lines are read and written.
    pub form: LineForm,
}

/// How V1 shows the prorations of past changes. It is a guess that they are rows of the list: the vendor shows them
/// in a separate section of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Prorations {
    /// Not among the lines.
    #[default]
    Hidden,
    /// As rows with the difference in units from its day on. They name the changed line in `ProrationOf`.
    Marked,
    /// The same without that field: only their units and dates distinguish them from lines.
    Unmarked,
}

/// Which effective date a write stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum StoredDate {
    /// The date in the request.
    #[default]
    AsSent,
    /// The first day of the following month.
    NextMonth,
    /// The line's previous date.
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

/// When the tenant bills by itself. A day beyond the end of a month means its last day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Invoicing {
    /// The previous month is invoiced at the start of this day of the month; if absent, only on request.
    pub day: Option<i8>,
    /// The previous month is posted at the start of this day of the month: the charges are fixed, and no read shows
    /// them until they are invoiced.
    pub posting_day: Option<i8>,
}
