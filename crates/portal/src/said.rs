//! What came of a form: after it is taken the browser is led to a page that says so once.

use advice::Language;
use operations::leftovers::Leftover;
use store::StoreError;

use crate::{Portal, addresses::partner_path, words};

/// What came of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// A sync is asked for, and a run does it.
    Asked,
    /// A sync is asked for, and cannot begin yet.
    AskedWaits,
    /// A run that is going does what was asked for.
    Joined,
    /// Nothing is synced: the integration is off.
    RefusedOff,
    /// Nothing is synced, for another reason.
    Refused,
    /// A sync is asked for, and nobody has answered yet.
    Unanswered,
    /// More companies than one request has room for.
    TooManyCompanies,
    /// The bus did not take it.
    NotPublished,
    /// Settings are stored.
    Saved,
    /// The connection is stored, and what Kaseya's refusal had left is synced.
    SavedAndSyncs,
    /// The connection is stored for the first time.
    SavedFirst,
    /// The connection is stored, its host without what was typed around it.
    SavedStripped,
    /// A mapping is stored: a sync would send it.
    SavedMapping,
    /// A mapping is stored, and Kaseya has never shown some of its ids.
    SavedUnknown,
    /// A mapping is stored, and lines are left over by it.
    LeftOver,
    /// A frozen number is corrected.
    Corrected,
    /// Decisions are taken.
    Decided,
    /// Decisions are taken, and what is approved cannot be sent yet.
    DecidedWaits,
    /// Decisions are taken, and what is approved is sent once the integration is on.
    DecidedOff,
    /// Decisions are taken in part: some holds are others by now.
    DecidedInPart,
    /// No hold was chosen.
    NothingChosen,
    /// Who was to be let in no more is the last who could let anybody in.
    LastAdmin,
}

/// The same on a page.
pub(crate) struct SaidShown {
    /// How it is coloured.
    pub tone: &'static str,
    /// In the page's language.
    pub text: &'static str,
}

/// Each with the word that stands in an address.
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
    /// What came of saving mappings.
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

    /// Reads the word of an address; anything else says nothing.
    pub fn parse(word: &str) -> Option<Self> {
        ALL.iter().find(|(_, known)| *known == word).map(|(said, _)| *said)
    }

    /// A partner's page that says it.
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
