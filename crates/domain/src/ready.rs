//! Whether a company's next invoice would be right if it were made, by these settings, at its instant (G-05). The one
//! definition: overview, list, API, files and metrics ask it and nothing else.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{CompanyId, CompanyState, ErrorCode, Level, run::names};

names! {
    /// Why an invoice would not be right, or is not known to be. Of several the one that is to be seen to first.
    NotReady {
        /// The connection is not saved yet.
        NotConnected = "not_connected",
        /// The integration is off.
        Off = "off",
        /// All writes of the installation are stopped.
        WritesStopped = "writes_stopped",
        /// Kaseya refuses the credentials.
        CredentialsRefused = "credentials_refused",
        /// The database was restored, and the lines are not all read again.
        Restored = "restored",
        /// The company has no account and contract, or none of its products has a service.
        NotMapped = "not_mapped",
        /// Something of it was not sent, for the reason of a code.
        NotSent = "not_sent",
        /// A change waits for a person, or a line that is left over still bills its users.
        Held = "held",
        /// Some contract of it was never synced.
        NeverSynced = "never_synced",
        /// Its job is put off.
        Deferred = "deferred",
        /// Its job is open.
        UnderWay = "under_way",
        /// Kaseya took a change, and no reading has shown it.
        Unconfirmed = "unconfirmed",
        /// A line of it counts only from a later day than its users do.
        CountsLater = "counts_later",
        /// Kaseya was last seen to hold our number longer ago than the schedule would have it.
        Unread = "unread",
        /// The month's frozen count is not in Kaseya yet.
        MonthNotPushed = "month_not_pushed",
        /// Neither the schedule nor the month-end run brings the month's last count to Kaseya before the invoice.
        ScheduleMisses = "schedule_misses",
    }
}

/// What is so for all companies of a partner.
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
    /// The database was restored, and the lines are not all read again.
    pub must_reread: bool,
    /// What was seen before this is older than the schedule would have it.
    pub seen_since: Timestamp,
    /// When the month was frozen whose invoice has not been made, or was to be; what was seen before shows another count.
    pub frozen_at: Option<Timestamp>,
    /// Companies with a number of that month that was corrected after the run that they came out of was made.
    pub corrected: BTreeSet<CompanyId>,
    /// The month's last count comes to Kaseya after the invoice may be made, or never.
    pub misses_invoice: bool,
    /// The companies with users in a line that is left over, and that is neither set to 0 nor left so by a person's word.
    pub left_over: BTreeSet<CompanyId>,
    /// The companies with a line that counts only from a later day than their users do.
    pub counting_later: BTreeSet<CompanyId>,
}

/// How a company stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompanyReadiness<'a> {
    /// It has an account and a contract.
    pub is_mapped: bool,
    /// Its states, one for each of its contracts.
    pub states: &'a [CompanyState],
    /// Their codes.
    pub codes: &'a [ErrorCode],
    /// When Kaseya was last seen to hold our number on the contract where that is longest ago; `None` where it never was. A
    /// contract on which nothing is billed has no number of ours and is left out.
    pub last_sync: Option<Timestamp>,
    /// It is one of [`PartnerReadiness::corrected`].
    pub is_corrected: bool,
    /// It is among [`PartnerReadiness::left_over`].
    pub is_left_over: bool,
    /// It is among [`PartnerReadiness::counting_later`].
    pub counts_later: bool,
}

/// Why a company's next invoice would not be right; `None`: it would be.
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
