//! What stands around every page.

use advice::Language;
use domain::{CompanyId, PartnerId};

use crate::{
    addresses::{partner_path, percent_encoded},
    assets,
    said::SaidShown,
    session::Person,
    words,
};

/// What stands around a page.
pub(crate) struct Frame {
    /// The language.
    pub language: Language,
    /// Its words.
    pub words: &'static words::Frame,
    /// The path and query of the page, to come back to.
    pub here: String,
    /// Who is signed in.
    pub person: Option<Shown>,
    /// The partner whose page it is.
    pub within: Option<Within>,
    /// What came of what was just posted.
    pub said: Option<SaidShown>,
    /// Whether buttons that map, sync and decide are shown.
    pub may_edit: bool,
    /// Whether buttons that set the connection and say who may come in are shown.
    pub may_administer: bool,
    /// Whether syncs that are asked for have to wait.
    pub broker_is_away: bool,
}

/// Who is signed in, as pages show it.
pub(crate) struct Shown {
    /// The name.
    pub name: String,
    /// What the forms carry.
    pub csrf: String,
}

/// The partner whose page it is.
pub(crate) struct Within {
    /// The partner.
    pub partner: PartnerId,
    /// Its name.
    pub partner_name: String,
    /// Which entry of the menu the page belongs to.
    pub place: Option<Place>,
}

/// An entry of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The first page.
    Overview,
    /// Integrations, and all of Kaseya BMS's.
    Integrations,
    /// The companies, each with its own page.
    Companies,
    /// The runs.
    Activity,
    /// What waits for a person.
    Holds,
    /// Every change.
    Journal,
    /// Who may come in.
    Access,
}

impl Within {
    /// The address of a page of this partner.
    pub fn path(&self, page: &str) -> String {
        partner_path(&self.partner, page)
    }

    /// The entries of the menu.
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

/// An entry of the menu, as it is shown.
pub(crate) struct Entry {
    /// Its page.
    pub path: String,
    /// Its name.
    pub name: &'static str,
    /// Whether the page is one of its own.
    pub is_current: bool,
}

impl Frame {
    /// The frame of a page that is no partner's.
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

    /// The languages of the switch: code, own name, whether it is this page's.
    pub fn languages(&self) -> Vec<(&'static str, &'static str, bool)> {
        let shown =
            |language: &Language| (language.as_str(), words::own_name(*language), *language == self.language);
        Language::ALL.iter().map(shown).collect()
    }

    /// What the forms of the page carry.
    pub fn csrf(&self) -> &str {
        self.person.as_ref().map_or("", |person| &person.csrf)
    }

    /// The address of a page of this page's partner.
    pub fn path(&self, page: &str) -> String {
        self.within.as_ref().map_or_else(|| "/".to_owned(), |within| within.path(page))
    }

    /// The page of a company.
    pub fn company(&self, company: &CompanyId) -> String {
        self.path(&format!("companies/{}", percent_encoded(company.as_str())))
    }

    /// Where the styles are.
    pub fn style(&self) -> String {
        assets::address("portal.css")
    }

    /// Where the script is.
    pub fn script(&self) -> String {
        assets::address("portal.js")
    }

    /// Where the script of mappings is.
    pub fn mapping_script(&self) -> String {
        assets::address("mapping.js")
    }

    /// Where the icon is.
    pub fn icon(&self) -> String {
        assets::address("icon.svg")
    }
}
