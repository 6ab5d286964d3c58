//! Whether a company's next invoice would be right if it were made at its instant with the current settings (G-05).
//! This is the only definition: overview, list, API, files and metrics all use it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{CompanyId, CompanyState, ErrorCode, Level, run::names};

names! {
    /// Why an invoice would not be right, or is not known to be. If there are several reasons, the one to handle
    /// first.
    NotReady {
        /// The connection is not saved yet.
        NotConnected = "not_connected",
        /// The integration is off.
        Off = "off",
        /// All writes of the installation are stopped.
        WritesStopped = "writes_stopped",
        /// Kaseya refuses the credentials.
        CredentialsRefused = "credentials_refused",
        /// The database was restored, and not all lines have been read again.
        Restored = "restored",
        /// The company has no account and contract, or none of its products has a service.
        NotMapped = "not_mapped",
        /// Something of the company was not sent, for the reason of a code.
        NotSent = "not_sent",
        /// A change waits for a person, or a leftover line still bills the company's users.
        Held = "held",
        /// At least one contract of the company was never synced.
        NeverSynced = "never_synced",
        /// The company's job is deferred.
        Deferred = "deferred",
        /// The company's job is open.
        UnderWay = "under_way",
        /// Kaseya accepted a change, and no reading has shown it.
        Unconfirmed = "unconfirmed",
        /// A line of the company counts only from a later day than its users do.
        CountsLater = "counts_later",
        /// Kaseya last showed our number longer ago than the schedule allows.
        Unread = "unread",
        /// The month's frozen count is not in Kaseya yet.
        MonthNotPushed = "month_not_pushed",
        /// Neither the schedule nor the month-end run brings the month's last count to Kaseya before the invoice.
        ScheduleMisses = "schedule_misses",
    }
}

/// The facts that apply to all companies of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerReadiness {
    /// The connection is saved.
    pub is_connected: bool,
    /// The integration is on.
    pub is_on: bool,
    /// All writes of the installation are stopped.
    pub writes_stopped: bool,
    /// Kaseya refuses the credentials.
    pub is_refused: bool,
    /// The database was restored, and not all lines have been read again.
    pub must_reread: bool,
    /// Anything seen before this instant is older than the schedule allows.
    pub seen_since: Timestamp,
    /// When the month was frozen whose invoice is not made yet, or when it was due to be; anything seen earlier shows
    /// another count.
    pub frozen_at: Option<Timestamp>,
    /// Companies with a count of that month that was corrected after their run was made.
    pub corrected: BTreeSet<CompanyId>,
    /// The month's last count reaches Kaseya after the invoice may be made, or never.
    pub misses_invoice: bool,
    /// The companies with users on a leftover line that is not set to 0 and that no person has decided to leave as it
    /// is.
    pub left_over: BTreeSet<CompanyId>,
    /// The companies with a line that counts only from a later day than their users do.
    pub counting_later: BTreeSet<CompanyId>,
}

/// The facts about one company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompanyReadiness<'a> {
    /// The company has an account and a contract.
    pub is_mapped: bool,
    /// The company's states, one per contract.
    pub states: &'a [CompanyState],
    /// The codes of those states.
    pub codes: &'a [ErrorCode],
    /// When Kaseya last showed our number, on the contract where that is longest ago; `None` if it never did on one
    /// of them. Contracts on which nothing is billed have no number of ours and do not count.
    pub last_sync: Option<Timestamp>,
    /// The company is one of [`PartnerReadiness::corrected`].
    pub is_corrected: bool,
    /// The company is among [`PartnerReadiness::left_over`].
    pub is_left_over: bool,
    /// The company is among [`PartnerReadiness::counting_later`].
    pub counts_later: bool,
}

/// Why a company's next invoice would not be right; `None` if it would be.
pub fn not_ready(partner: &PartnerReadiness, company: &CompanyReadiness<'_>) -> Option<NotReady> {
    let any = |state: CompanyState| company.states.contains(&state);
    let billed = company.states.iter().any(|state| *state != CompanyState::NotBilled);
    let seen_before = |at: Timestamp| company.last_sync.is_none_or(|seen| seen < at);
    let reasons = [
        (!partner.is_connected, NotReady::NotConnected),
        (!partner.is_on || any(CompanyState::Off), NotReady::Off),
        (partner.writes_stopped, NotReady::WritesStopped),
        (partner.is_refused, NotReady::CredentialsRefused),
        (partner.must_reread, NotReady::Restored),
        (!company.is_mapped || any(CompanyState::NotMapped), NotReady::NotMapped),
        (any(CompanyState::NotSent), NotReady::NotSent),
        (any(CompanyState::Held) || company.is_left_over, NotReady::Held),
        (company.states.is_empty() || any(CompanyState::Never), NotReady::NeverSynced),
        (any(CompanyState::Deferred), NotReady::Deferred),
        (company.codes.iter().any(|code| code.level() != Level::Warning), NotReady::NotSent),
        (any(CompanyState::Queued) || any(CompanyState::Running), NotReady::UnderWay),
        (any(CompanyState::Sent), NotReady::Unconfirmed),
        (billed && company.counts_later, NotReady::CountsLater),
        (billed && seen_before(partner.seen_since), NotReady::Unread),
        (
            billed && (company.is_corrected || partner.frozen_at.is_some_and(seen_before)),
            NotReady::MonthNotPushed,
        ),
        (billed && partner.misses_invoice, NotReady::ScheduleMisses),
    ];
    reasons.into_iter().find(|(is_so, _)| *is_so).map(|(_, reason)| reason)
}
