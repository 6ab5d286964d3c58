//! The frame of every page: header, menu and messages.

use advice::Language;
use domain::{CompanyId, PartnerId};

use crate::{
    addresses::{partner_path, percent_encoded},
    assets,
    said::SaidShown,
    session::Person,
    words,
};

/// The frame of a page.
pub(crate) struct Frame {
    pub language: Language,
    /// The frame's words in that language.
    pub words: &'static words::Frame,
    /// The path and query of the page, to come back to.
    pub here: String,
    /// The signed-in person.
    pub person: Option<Shown>,
    /// The partner that the page belongs to.
    pub within: Option<Within>,
    /// The outcome of the form just posted.
    pub said: Option<SaidShown>,
    /// Whether to show the buttons for mapping, syncing and deciding.
    pub may_edit: bool,
    /// Whether to show the buttons for the connection and for access.
    pub may_administer: bool,
    /// Whether requested syncs have to wait.
    pub broker_is_away: bool,
}

/// The signed-in person, as pages show them.
pub(crate) struct Shown {
    pub name: String,
    /// The CSRF token of the page's forms.
    pub csrf: String,
}

/// The partner that a page belongs to.
pub(crate) struct Within {
    pub partner: PartnerId,
    pub partner_name: String,
    /// The page's menu entry.
    pub place: Option<Place>,
}

/// A menu entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The first page.
    Overview,
    /// Integrations, with all pages of Kaseya BMS.
    Integrations,
    /// The companies, with each company's own page.
    Companies,
    /// The runs.
    Activity,
    /// Changes that wait for a person.
    Holds,
    /// Every change.
    Journal,
    /// Members and access tokens.
    Access,
}

impl Within {
    /// The path of one of this partner's pages.
    pub fn path(&self, page: &str) -> String {
        partner_path(&self.partner, page)
    }

    /// The menu.
    pub fn menu(&self, frame: &Frame) -> Vec<Entry> {
        let words = frame.words;
        let entry = |(place, page, name)| Entry {
            path: self.path(page),
            name,
            is_current: self.place == Some(place),
        };
        let access = frame.may_administer.then_some((Place::Access, "access", words.access));
        [
            (Place::Overview, "", words.overview),
            (Place::Integrations, "integrations", words.integrations),
            (Place::Companies, "companies", words.companies),
            (Place::Activity, "activity", words.activity),
            (Place::Holds, "holds", words.holds),
            (Place::Journal, "journal", words.journal),
        ]
        .into_iter()
        .chain(access)
        .map(entry)
        .collect()
    }
}

/// A menu entry, as shown.
pub(crate) struct Entry {
    /// The path of its page.
    pub path: String,
    pub name: &'static str,
    /// Whether the current page belongs to this entry.
    pub is_current: bool,
}

impl Frame {
    /// The frame of a page that belongs to no partner.
    pub fn around(language: Language, here: String, person: Option<&Person>) -> Self {
        Self {
            language,
            words: words::Frame::of(language),
            here,
            person: person.map(|person| Shown { name: person.name.clone(), csrf: person.csrf().to_owned() }),
            within: None,
            said: None,
            may_edit: false,
            may_administer: false,
            broker_is_away: false,
        }
    }

    /// The languages of the switch: code, own name, and whether it is the current one.
    pub fn languages(&self) -> Vec<(&'static str, &'static str, bool)> {
        let shown =
            |language: &Language| (language.as_str(), words::own_name(*language), *language == self.language);
        Language::ALL.iter().map(shown).collect()
    }

    /// The CSRF token of the page's forms.
    pub fn csrf(&self) -> &str {
        self.person.as_ref().map_or("", |person| &person.csrf)
    }

    /// The path of one of the pages of this page's partner.
    pub fn path(&self, page: &str) -> String {
        self.within.as_ref().map_or_else(|| "/".to_owned(), |within| within.path(page))
    }

    /// The path of a company's page.
    pub fn company(&self, company: &CompanyId) -> String {
        self.path(&format!("companies/{}", percent_encoded(company.as_str())))
    }

    pub fn style(&self) -> String {
        assets::address("portal.css")
    }

    pub fn script(&self) -> String {
        assets::address("portal.js")
    }

    /// The URL of the script for mappings.
    pub fn mapping_script(&self) -> String {
        assets::address("mapping.js")
    }

    pub fn icon(&self) -> String {
        assets::address("icon.svg")
    }
}
