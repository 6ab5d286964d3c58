//! The texts of the pages, in English and Italian side by side.
//!
//! Each page has a file of its own. A text that is missing in one language does not compile; a test compares the
//! placeholders in braces of both languages.

use advice::Language;

mod access;
mod activity;
mod billed_month;
mod billing;
mod companies;
mod company;
mod confirm;
mod connection;
mod connection_rules;
mod correction;
mod frame;
mod holds;
mod journal;
mod mapping;
mod mapping_file;
mod overview;
mod said;
mod schedule;
mod senders;
mod sessions;
mod sign_in;
mod suggestions;
mod text_mistakes;

pub(crate) use access::Access;
pub(crate) use activity::Activity;
pub(crate) use billed_month::BilledMonth;
pub(crate) use billing::Billing;
pub(crate) use companies::Companies;
pub(crate) use company::Company;
pub(crate) use confirm::Confirm;
pub(crate) use connection::Connection;
pub(crate) use connection_rules::ConnectionRules;
pub(crate) use correction::Correction;
pub(crate) use frame::Frame;
pub(crate) use holds::Holds;
pub(crate) use journal::Journal;
pub(crate) use mapping::Mapping;
pub(crate) use mapping_file::MappingFile;
pub(crate) use overview::Overview;
pub(crate) use said::Said;
pub(crate) use schedule::Schedule;
pub(crate) use senders::Senders;
pub(crate) use sessions::Sessions;
pub(crate) use sign_in::SignIn;
pub(crate) use suggestions::Suggestions;
pub(crate) use text_mistakes::TextMistakes;

/// Defines the texts of one page: `name: "English", "Italian";`.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($field:ident: $english:literal, $italian:literal;)+ }) => {
        $(#[$about])*
        #[derive(Debug)]
        pub(crate) struct $name {
            $(pub $field: &'static str,)+
        }

        impl $name {
            /// The texts in a language.
            pub(crate) fn of(language: advice::Language) -> &'static Self {
                const ENGLISH: &$name = &$name { $($field: $english,)+ };
                const ITALIAN: &$name = &$name { $($field: $italian,)+ };
                match language {
                    advice::Language::English => ENGLISH,
                    advice::Language::Italian => ITALIAN,
                }
            }

            /// All texts by name, in English and Italian.
            #[cfg(test)]
            pub(crate) const ALL: &[(&str, &str, &str)] = &[$((stringify!($field), $english, $italian),)+];
        }
    };
}
use words;

/// Replaces the placeholders in braces by their values.
pub(crate) fn fill(text: &str, values: &[(&str, &dyn std::fmt::Display)]) -> String {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("{{{name}}}"), &value.to_string());
    }
    filled
}

/// The singular or plural word for a number.
pub(crate) fn counted<'a>(number: u64, one: &'a str, more: &'a str) -> &'a str {
    if number == 1 { one } else { more }
}

/// The language's own name, for the switch.
pub(crate) fn own_name(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::Italian => "Italiano",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_text_is_there_in_both_languages_with_the_same_values() {
        for page in [
            Access::ALL,
            Activity::ALL,
            BilledMonth::ALL,
            Billing::ALL,
            Companies::ALL,
            Company::ALL,
            Confirm::ALL,
            Connection::ALL,
            ConnectionRules::ALL,
            Correction::ALL,
            Frame::ALL,
            Holds::ALL,
            Journal::ALL,
            Mapping::ALL,
            MappingFile::ALL,
            Overview::ALL,
            Said::ALL,
            Schedule::ALL,
            Senders::ALL,
            Sessions::ALL,
            SignIn::ALL,
            Suggestions::ALL,
            TextMistakes::ALL,
        ] {
            for (name, english, italian) in page {
                assert!(!english.trim().is_empty() && !italian.trim().is_empty(), "{name}");
                assert_eq!(placeholders(english), placeholders(italian), "{name}");
            }
        }
    }

    #[test]
    fn values_are_put_where_the_text_names_them() {
        assert_eq!(fill("{a} of {b}, {a}", &[("a", &1), ("b", &"x")]), "1 of x, 1");
        assert_eq!(
            (counted(1, "company", "companies"), counted(0, "company", "companies")),
            ("company", "companies")
        );
    }
}
