//! The table of rights: what each program's role may do with each table. Everything else is refused.
//!
//! An upgrade sets these rights while programs of the previous version are still at work: a right that they need stays
//! for one release more.

/// Table, view or function; then the rights of scheduler, results, portal and operator, as Postgres abbreviates
/// them: `r` select, `a` insert, `w` update (also needed to lock a row), `d` delete, `X` execute.
pub(crate) const RIGHTS: &[(&str, [&str; 4])] = &[
    // Settings.
    ("partners", ["rw", "rw", "raw", "raw"]),
    ("integrations", ["rw", "rw", "raw", "raw"]),
    ("installation", ["r", "r", "r", "rw"]),
    ("schedules", ["rw", "r", "raw", "raw"]),
    ("occurrences", ["ra", "", "", ""]),
    ("products", ["raw", "r", "raw", "raw"]),
    ("companies", ["raw", "r", "raw", "raw"]),
    ("product_mappings", ["r", "rw", "rawd", "rawd"]),
    ("company_mappings", ["rw", "rw", "rawd", "rawd"]),
    ("company_product_contracts", ["r", "rw", "rawd", "rawd"]),
    ("mapped_targets", ["r", "r", "r", "r"]),
    ("contract_billing", ["r", "r", "rad", "rad"]),
    ("billing_rules", ["r", "r", "rawd", "rawd"]),
    // Counts.
    ("reports", ["raw", "r", "r", "raw"]),
    ("report_companies", ["ra", "", "r", "ra"]),
    ("report_parts", ["ra", "", "r", "ra"]),
    ("reports_handed_in", ["rawd", "", "rawd", "rd"]),
    ("user_counts", ["ra", "r", "r", "ra"]),
    ("newest_reports", ["raw", "r", "rw", "raw"]),
    ("frozen_counts", ["ra", "r", "ra", "ra"]),
    ("month_ends", ["raw", "rw", "rw", "rw"]),
    ("count_corrections", ["raw", "", "raw", "raw"]),
    ("charged_months", ["raw", "", "raw", "r"]),
    ("charges", ["rawd", "", "rawd", "r"]),
    // Jobs.
    ("runs", ["raw", "rw", "r", "r"]),
    ("run_mappings", ["ra", "r", "", ""]),
    ("jobs", ["raw", "rw", "r", "r"]),
    ("requests", ["raw", "", "ra", "ra"]),
    ("full_reads", ["rad", "rd", "rd", "rd"]),
    // The ledger and the journal.
    ("intents", ["raw", "rw", "r", "r"]),
    ("targets", ["raw", "raw", "r", "r"]),
    ("lines", ["r", "rawd", "r", "r"]),
    ("forget_targets", ["", "", "X", "X"]),
    ("give_up_unmapped_targets", ["", "X", "X", "X"]),
    ("name_targets", ["", "X", "X", "X"]),
    ("journal", ["", "raw", "r", "r"]),
    ("holds", ["raw", "raw", "raw", "raw"]),
    // How companies stand.
    ("statuses", ["rw", "rawd", "rd", "rd"]),
    ("company_standings", ["r", "r", "r", "r"]),
    ("run_companies", ["r", "raw", "r", "r"]),
    // Kaseya.
    ("contracts", ["r", "raw", "rwd", "rwd"]),
    ("services", ["r", "raw", "rd", "rd"]),
    ("kaseya_names", ["r", "raw", "rawd", "rawd"]),
    ("kaseya_zones", ["r", "raw", "raw", "raw"]),
    ("login_tries", ["rawd", "rawd", "rawd", "rawd"]),
    ("refused_logins", ["rawd", "rawd", "rawd", "rawd"]),
    ("look_ups", ["r", "", "rawd", "rawd"]),
    ("calls_made", ["rawd", "rawd", "rawd", "rawd"]),
    ("call_debits", ["rad", "rd", "r", "r"]),
    ("breakers", ["rawd", "rawd", "rawd", "rawd"]),
    // Access.
    ("api_tokens", ["", "", "raw", "raw"]),
    ("members", ["", "", "raw", "r"]),
    ("sessions", ["", "", "rawd", "rw"]),
    ("attempts", ["", "", "rawd", ""]),
    ("idempotency_keys", ["", "", "rawd", ""]),
    ("security_events", ["", "", "ra", "ra"]),
    // Messages.
    ("events", ["raw", "raw", "ra", "ra"]),
    ("dead_letters", ["raw", "raw", "r", "rw"]),
    ("message_parts", ["rad", "rad", "", ""]),
    // The version of the tables.
    ("definitions", ["r", "r", "r", "r"]),
];

/// Columns that a role may update in a table where it may update nothing else: the lane in which a job waits, and what
/// ends open work when a partner is switched off.
pub(crate) const COLUMNS: &[(&str, &str, [bool; 4])] = &[
    ("jobs", "alone, state, done_at, emitting_until", [false, false, true, true]),
    ("runs", "state, finished_at", [false, false, true, true]),
];
