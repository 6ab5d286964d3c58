//! The outcome of a posted form: the browser is redirected to a page that shows it once.

use advice::Language;
use operations::leftovers::Leftover;
use store::StoreError;

use crate::{Portal, addresses::partner_path, words};

/// The outcome of a posted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// A sync is requested, and a run performs it.
    Asked,
    /// A sync is requested, and cannot begin yet.
    AskedWaits,
    /// The request joined a run that is in progress.
    Joined,
    /// Nothing is synced: the integration is off.
    RefusedOff,
    /// Nothing is synced, for another reason.
    Refused,
    /// A sync is requested, and the scheduler has not responded yet.
    Unanswered,
    /// More companies than one request may name.
    TooManyCompanies,
    /// The bus did not accept the message.
    NotPublished,
    /// Settings are stored.
    Saved,
    /// The connection is stored, and the changes left over from Kaseya's refusal are synced.
    SavedAndSyncs,
    /// The connection is stored for the first time.
    SavedFirst,
    /// The connection is stored; the host without the surrounding text that was typed.
    SavedStripped,
    /// A mapping is stored; the next sync sends it.
    SavedMapping,
    /// A mapping is stored, and Kaseya has never shown some of its ids.
    SavedUnknown,
    /// A mapping is stored, and it leaves lines over.
    LeftOver,
    /// A frozen number is corrected.
    Corrected,
    /// Decisions are stored.
    Decided,
    /// Decisions are stored, and approved changes cannot be sent yet.
    DecidedWaits,
    /// Decisions are stored, and approved changes are sent once the integration is on.
    DecidedOff,
    /// Some of the decisions are stored: other holds have changed since.
    DecidedInPart,
    /// No hold was selected.
    NothingChosen,
    /// The member or token to remove is the last administrator.
    LastAdmin,
}

/// The outcome, as a page shows it.
pub(crate) struct SaidShown {
    /// The colour.
    pub tone: &'static str,
    /// In the page's language.
    pub text: &'static str,
}

/// Each outcome with its word in the URL.
const ALL: &[(Said, &str)] = &[
    (Said::Asked, "asked"),
    (Said::AskedWaits, "asked-waits"),
    (Said::Joined, "joined"),
    (Said::RefusedOff, "refused-off"),
    (Said::Refused, "refused"),
    (Said::Unanswered, "unanswered"),
    (Said::TooManyCompanies, "too-many-companies"),
    (Said::NotPublished, "not-published"),
    (Said::Saved, "saved"),
    (Said::SavedAndSyncs, "saved-and-syncs"),
    (Said::SavedFirst, "saved-first"),
    (Said::SavedStripped, "saved-stripped"),
    (Said::SavedMapping, "saved-mapping"),
    (Said::SavedUnknown, "saved-unknown"),
    (Said::LeftOver, "left-over"),
    (Said::Corrected, "corrected"),
    (Said::Decided, "decided"),
    (Said::DecidedWaits, "decided-waits"),
    (Said::DecidedOff, "decided-off"),
    (Said::DecidedInPart, "decided-in-part"),
    (Said::NothingChosen, "nothing-chosen"),
    (Said::LastAdmin, "last-admin"),
];

impl Said {
    /// The outcome of saving mappings.
    pub async fn of_mappings(
        portal: &Portal,
        partner: &domain::PartnerId,
        left: &[Leftover],
        company: Option<&domain::CompanyId>,
    ) -> Result<Self, StoreError> {
        if !left.is_empty() {
            return Ok(Self::LeftOver);
        }
        let unknown = portal.operations.never_shown(partner, company).await?;
        Ok(if unknown.is_empty() { Self::SavedMapping } else { Self::SavedUnknown })
    }

    /// Parses the word of a URL; any other word shows nothing.
    pub fn parse(word: &str) -> Option<Self> {
        ALL.iter().find(|(_, known)| *known == word).map(|(said, _)| *said)
    }

    /// The path of a partner's page that shows this outcome.
    pub fn at(self, partner: &domain::PartnerId, page: &str) -> String {
        let word = ALL.iter().find(|(said, _)| *said == self).map_or("", |(_, word)| word);
        let separator = if page.contains('?') { '&' } else { '?' };
        format!("{}{separator}said={word}", partner_path(partner, page))
    }

    /// As the page shows it.
    pub fn shown(self, language: Language) -> SaidShown {
        let words = words::Said::of(language);
        let (tone, text) = match self {
            Self::Asked => ("good", words.asked),
            Self::Joined => ("good", words.joined),
            Self::RefusedOff => ("warn", words.refused_off),
            Self::Refused => ("warn", words.refused),
            Self::Unanswered => ("warn", words.unanswered),
            Self::TooManyCompanies => ("bad", words.too_many_companies),
            Self::NotPublished => ("bad", words.not_published),
            Self::Saved => ("good", words.saved),
            Self::SavedFirst => ("good", words.saved_first),
            Self::SavedStripped => ("warn", words.saved_stripped),
            Self::SavedAndSyncs => ("good", words.saved_and_syncs),
            Self::AskedWaits => ("warn", words.asked_waits),
            Self::SavedMapping => ("good", words.saved_mapping),
            Self::SavedUnknown => ("warn", words.saved_unknown),
            Self::LeftOver => ("warn", words.left_over),
            Self::Corrected => ("good", words.corrected),
            Self::Decided => ("good", words.decided),
            Self::DecidedWaits => ("warn", words.decided_waits),
            Self::DecidedOff => ("warn", words.decided_off),
            Self::DecidedInPart => ("warn", words.decided_in_part),
            Self::NothingChosen => ("warn", words.nothing_chosen),
            Self::LastAdmin => ("warn", words.last_admin),
        };
        SaidShown { tone, text }
    }
}
