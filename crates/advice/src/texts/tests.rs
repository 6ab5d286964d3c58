//! Checks how each text is written.

use std::collections::BTreeSet;

use domain::{Brake, ErrorCode};

use super::*;
use crate::{Button, Language, template::writing, text::Bilingual, vocabulary};

/// Every text of every code, with its place.
fn all() -> Vec<(String, Bilingual)> {
    let mut all = Vec::new();
    for code in ErrorCode::ALL {
        for special in [false, true] {
            for brake in [None, Some(Brake::BillingCycle), Some(Brake::Leftover)] {
                let text = of(*code, &Facts { dismissed: special, sent: special, brake, ..Facts::default() });
                all.push((format!("{code} title"), text.title));
                let parts = [
                    ("happened", text.happened),
                    ("invoice", text.invoice),
                    ("done", text.done),
                    ("to do", text.to_do),
                ];
                for (name, part) in parts {
                    all.push((format!("{code} {name}"), part.brief));
                    all.push((format!("{code} {name}, more"), part.more));
                }
            }
        }
    }
    all
}

/// The same texts, one language each.
fn each() -> Vec<(String, Language, &'static str)> {
    all()
        .into_iter()
        .flat_map(|(place, both)| {
            Language::ALL.iter().map(move |&language| (place.clone(), language, both.in_language(language)))
        })
        .collect()
}

#[test]
fn every_text_is_well_written_and_names_what_the_vocabulary_has() {
    let mut named = BTreeSet::new();
    for (place, _, text) in each() {
        let names = writing::names(text).unwrap_or_else(|wrong| panic!("{place}: {wrong}"));
        named.extend(names);
        assert!(!text.contains("  "), "{place}: two blanks: {text}");
    }
    let known: BTreeSet<&str> = vocabulary::NAMES.iter().copied().collect();
    assert_eq!(named, known, "what texts name, and what the vocabulary has");
}

#[test]
fn case_e3_we_sent_nothing_is_never_said_where_a_change_may_have_been_sent() {
    use ErrorCode::{Auth06, Job03, Lin01, Map03, Net02, Unk01};
    for code in [Auth06, Job03, Lin01, Map03, Net02, Unk01] {
        for sent in [false, true] {
            let text = of(code, &Facts { sent, ..Facts::default() });
            for part in [text.happened, text.invoice, text.done, text.to_do] {
                for both in [part.brief, part.more] {
                    assert!(!both.english.contains("We sent nothing"), "{code}: {}", both.english);
                    assert!(!both.italian.contains("Non abbiamo inviato nulla"), "{code}: {}", both.italian);
                }
            }
        }
    }
}

#[test]
fn both_languages_say_each_thing() {
    for (place, both) in all() {
        assert_eq!(both.english.is_empty(), both.italian.is_empty(), "{place}");
    }
}

/// Words that each language avoids; `accordo` is the help page's slip for contract.
#[test]
fn words_are_those_of_the_requirements() {
    for (place, language, text) in each() {
        let lower = text.to_lowercase();
        let wrong: &[&str] = match language {
            Language::English => &["agreement", "customer ", "client", "license", "sync has"],
            Language::Italian => {
                &["accordo", "accordi", "cliente", "società", "licenza", "sincronizza adesso"]
            }
        };
        for word in wrong {
            let of_kaseya = lower.contains("integrated customer billing");
            assert!(of_kaseya || !lower.contains(word), "{place} says {word:?}: {text}");
        }
    }
}

/// Only menus that Kaseya has, as far as its pages and other integrations show them.
#[test]
fn click_paths_are_kaseyas_menus() {
    const MENUS: [&str; 6] = [
        "Finance > Contracts",
        "Admin > Finance > Services",
        "Admin > Security > Roles",
        "Admin > Special Features > Has API Access",
        "Admin/HR > Employees",
        "CRM > Accounts",
    ];
    let mut paths = 0;
    for (place, language, text) in each() {
        for (at, _) in text.match_indices(" > ") {
            paths += 1;
            // The menu that contains this arrow, or what follows a menu: a contract's or account's name, a button.
            let in_menu = MENUS.iter().any(|menu| {
                text.match_indices(menu).any(|(start, _)| (start..start + menu.len()).contains(&at))
            });
            let behind_menu = MENUS.iter().any(|menu| text[..at].trim_end_matches('[').ends_with(menu));
            let behind_name = text[..at].ends_with(']') || text[at..].starts_with(" > {contract}");
            assert!(in_menu || behind_menu || behind_name, "{place}, {language:?}: {}", &text[at..]);
        }
    }
    assert!(paths > 50, "only {paths} arrows were looked at");
}

/// A text names no menu if its case cannot be fixed in Kaseya; all others name one, in both languages.
#[test]
fn fixes_in_kaseya_have_their_click_path() {
    const ELSEWHERE: [ErrorCode; 10] = [
        ErrorCode::Ten01,
        ErrorCode::Auth07,
        ErrorCode::Auth08,
        ErrorCode::Host01,
        ErrorCode::Net01,
        ErrorCode::Lim01,
        ErrorCode::Lin01,
        ErrorCode::Lin02,
        ErrorCode::Qty04,
        ErrorCode::Job01,
    ];
    for code in ErrorCode::ALL.iter().filter(|code| **code != ErrorCode::Job02) {
        let to_do = of(*code, &Facts::default()).to_do;
        for language in Language::ALL {
            let text = [to_do.brief, to_do.more].map(|both| both.in_language(*language)).concat();
            assert_eq!(text.contains(" > "), !ELSEWHERE.contains(code), "{code}: {text}");
        }
    }
}

/// A text names a button by its label: "press" and "premi" are followed by a label.
#[test]
fn buttons_are_called_by_their_labels() {
    let mut pressed = 0;
    for (place, language, text) in each() {
        let press = match language {
            Language::English => "press ",
            Language::Italian => "premi ",
        };
        for (at, _) in text.to_lowercase().match_indices(press) {
            pressed += 1;
            let after = &text[at + press.len()..];
            let known = Button::ALL.iter().any(|button| after.starts_with(button.label(language)));
            assert!(known, "{place}: {after}");
        }
    }
    assert!(pressed > 40, "only {pressed} buttons were looked at");
}

/// The catalogue's promise: if Kaseya's response does not tell cases apart, the text names all of them.
#[test]
fn all_causes_of_one_code_are_named() {
    let auth = of(ErrorCode::Auth01, &Facts::default());
    for (language, words) in [
        (Language::English, ["user name", "password", "company name", "locked", "expired"]),
        (Language::Italian, ["nome utente", "password", "nome dell'azienda", "bloccato", "scaduta"]),
    ] {
        let text = [auth.happened.brief, auth.happened.more].map(|both| both.in_language(language)).concat();
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    let account = of(ErrorCode::Acc01, &Facts::default()).happened.brief;
    for word in ["inactive", "deleted", "hidden"] {
        assert!(account.english.contains(word));
    }
}
