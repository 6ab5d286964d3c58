//! The statuses of all companies of a partner, and which companies are ready for their next invoice.

use std::collections::BTreeMap;

use advice::Language;
use domain::{CompanyId, NotReady};
use jiff::Timestamp;
use store::{
    StoreError, Transaction,
    settings::PartnerSettings,
    statuses::{self, CompanyStatus, readiness},
};

use crate::{Advising, read_models::StatusRow};

/// The statuses of all companies of a partner.
pub struct CompanyStatuses {
    /// A row per company and contract, sorted by the company's name and id.
    pub rows: Vec<CompanyStatus>,
    /// Why a company's next invoice would be wrong; `None` if it would be right.
    not_ready: BTreeMap<CompanyId, Option<NotReady>>,
}

impl CompanyStatuses {
    /// Reads them.
    pub async fn read(
        tx: &Transaction<'_>,
        settings: &PartnerSettings,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let rows = statuses::companies(tx, settings, now).await?;
        let partner = readiness::partner(tx, &settings.partner, now).await?;
        let mapped = |id: &CompanyId| settings.companies.get(id).is_some_and(|known| known.mapping.is_some());
        // A company's rows are adjacent: they are sorted by name and then by id.
        let together = rows.chunk_by(|one, other| one.company == other.company);
        let of_rows = |rows: &[CompanyStatus]| {
            let id = rows.first()?.company.clone();
            let reason = readiness::of_statuses(&partner, mapped(&id), rows);
            Some((id, reason))
        };
        let not_ready = together.filter_map(of_rows).collect();
        Ok(Self { rows, not_ready })
    }

    /// The number of companies.
    pub fn companies(&self) -> usize {
        self.not_ready.len()
    }

    /// The number of companies that are ready for their next invoice.
    pub fn ready(&self) -> u32 {
        u32::try_from(self.not_ready.values().filter(|reason| reason.is_none()).count()).unwrap_or(u32::MAX)
    }

    /// Why the others are not, with the number of companies per reason.
    pub fn not_ready(&self) -> BTreeMap<NotReady, u32> {
        let mut reasons = BTreeMap::new();
        for reason in self.not_ready.values().flatten() {
            *reasons.entry(*reason).or_default() += 1;
        }
        reasons
    }

    /// The rows as documents show them, in the reader's language.
    pub fn documents(&self, advising: &Advising<'_>, language: Language) -> Vec<StatusRow> {
        let document = |row: &CompanyStatus| {
            let not_ready = self.not_ready.get(&row.company).copied().flatten();
            StatusRow::of(row.clone(), not_ready, advising, language)
        };
        self.rows.iter().map(document).collect()
    }
}
