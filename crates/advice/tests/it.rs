//! The texts that people read.

use advice::{Facts, Language, Money, Reader, advise, state};
use domain::{Brake, CompanyState, ErrorCode};
use jiff::{Timestamp, Zoned, civil::date, tz::TimeZone};
use proptest::{option, prelude::*};

fn reader(language: Language) -> Reader {
    let rome = TimeZone::get("Europe/Rome").expect("a zone");
    // 29 November 2026, 05:30 in Rome.
    let now: Timestamp = "2026-11-29T04:30:00Z".parse().expect("an instant");
    Reader { language, now: now.to_zoned(rome) }
}

fn euros(cents: i64) -> Option<Money> {
    Some(Money { cents, currency: Some("EUR".to_owned()) })
}

fn brief(code: ErrorCode, language: Language, facts: &Facts) -> String {
    advise(code, facts, &reader(language)).brief
}

/// The facts of the requirements' sample texts.
fn samples() -> [(ErrorCode, Facts, &'static str, &'static str); 5] {
    [
        (
            ErrorCode::Auth01,
            Facts { last_sent_day: Some(date(2026, 11, 14)), ..Facts::default() },
            "Kaseya ha rifiutato l'accesso: nome utente, password o nome dell'azienda non corretti. Non abbiamo inviato \
             nulla; in fattura restano le unità del 14/11. Per non bloccare l'utente non faremo altri tentativi. Correggi \
             i dati e premi Autentica.",
            "Kaseya refused the login: user name, password or company name are not right. We sent nothing; the invoice \
             keeps the units of 14 Nov. To keep the user from being locked we do not try again. Correct the values and \
             press Authenticate.",
        ),
        (
            ErrorCode::Svc01,
            Facts {
                service: Some("X".to_owned()),
                contract: Some("Y".to_owned()),
                users: Some(14),
                ..Facts::default()
            },
            "Il servizio \"X\" non è presente nel contratto \"Y\": 14 utenti non verranno fatturati. Aggiungilo in Kaseya \
             con 0 unità, poi premi Verifica di nuovo.",
            "The service \"X\" is not on the contract \"Y\": 14 users will not be billed. Add it in Kaseya with 0 units, \
             then press Check again.",
        ),
        (
            ErrorCode::Qty01,
            Facts {
                units_from: Some(31.0),
                units_to: Some(0),
                money_per_month: euros(-93_00),
                deadline: Some(date(2026, 11, 30)),
                ..Facts::default()
            },
            "Da approvare: da 31 a 0 unità (−€ 93,00 al mese). Non abbiamo inviato nulla. Senza approvazione entro il \
             30/11, in fattura resteranno 31 unità.",
            "To be approved: from 31 to 0 units (−€93.00 per month). We sent nothing. Without approval by 30 Nov, on the \
             invoice 31 units will stay.",
        ),
        (
            ErrorCode::Qty02,
            Facts {
                last_count: Some(14),
                last_count_day: Some(date(2026, 11, 28)),
                next_try: Some("2026-11-29T05:00:00Z".parse().expect("an instant")),
                ..Facts::default()
            },
            "Conteggio utenti non disponibile (ultimo: 14, del 28/11). Le unità in Kaseya restano invariate: un conteggio \
             mancante non vale mai 0. Nuovo tentativo alle 06:00.",
            "User count not available (the last: 14, of 28 Nov). The units in Kaseya stay as they are: a missing count is \
             never worth 0. Next try at 06:00.",
        ),
        (
            ErrorCode::Map01,
            Facts { users: Some(14), money_per_month: euros(42_00), ..Facts::default() },
            "Azienda non mappata: 14 utenti, circa € 42,00 al mese non fatturati. Scegli account e contratto.",
            "Company not mapped: 14 users, about €42.00 per month, not billed. Choose account and contract.",
        ),
    ]
}

#[test]
fn the_sample_texts_come_out_word_for_word() {
    for (code, facts, italian, english) in samples() {
        assert_eq!(brief(code, Language::Italian, &facts), italian);
        assert_eq!(brief(code, Language::English, &facts), english);
    }
}

/// The same cases without further facts.
#[test]
fn without_facts_the_samples_are_still_whole_sentences() {
    let none = Facts::default();
    let italian = |code| brief(code, Language::Italian, &none);
    assert_eq!(
        italian(ErrorCode::Svc01),
        "Il servizio non è presente nel contratto: i suoi utenti non verranno fatturati. Aggiungilo in Kaseya con 0 unità, \
         poi premi Verifica di nuovo."
    );
    assert_eq!(
        italian(ErrorCode::Qty01),
        "Da approvare: la modifica. Non abbiamo inviato nulla. Senza approvazione, in fattura le unità resteranno come sono."
    );
    assert_eq!(
        italian(ErrorCode::Map01),
        "Azienda non mappata: i suoi utenti non vengono fatturati. Scegli account e contratto."
    );
}

#[test]
fn one_has_its_own_forms() {
    let one = Facts {
        users: Some(1),
        units_from: Some(1.0),
        units_to: Some(1),
        money_per_month: euros(3_00),
        service: Some("X".to_owned()),
        ..Facts::default()
    };
    let both = |code| [Language::Italian, Language::English].map(|language| brief(code, language, &one));
    let [italian, english] = both(ErrorCode::Svc01);
    assert!(italian.contains(": 1 utente non verrà fatturato."), "{italian}");
    assert!(english.contains(": 1 user will not be billed."), "{english}");
    let [italian, english] = both(ErrorCode::Map01);
    assert!(italian.contains("1 utente, circa € 3,00 al mese non fatturato."), "{italian}");
    assert!(english.contains("1 user, about €3.00 per month, not billed."), "{english}");
    let [italian, english] = both(ErrorCode::Qty01);
    assert!(italian.contains("da 1 a 1 unità (+€ 3,00 al mese)"), "{italian}");
    assert!(italian.contains("in fattura resterà 1 unità."), "{italian}");
    assert!(english.contains("from 1 to 1 unit (+€3.00 per month)"), "{english}");
}

/// A dismissed hold does not ask again.
#[test]
fn a_dismissed_change_is_not_one_to_be_approved() {
    let dismissed = Facts { units_from: Some(31.0), units_to: Some(0), dismissed: true, ..Facts::default() };
    assert_eq!(
        brief(ErrorCode::Qty01, Language::Italian, &dismissed),
        "Scartata: da 31 a 0 unità. Non abbiamo inviato nulla; in fattura resteranno 31 unità."
    );
}

/// A line that nothing is mapped to any more: the text names both decisions, and a line left as it is does not ask
/// again.
#[test]
fn d_13_a_leftover_is_a_question_of_its_own() {
    let left = Facts {
        service: Some("X".to_owned()),
        contract: Some("Y".to_owned()),
        units_from: Some(31.0),
        units_to: Some(0),
        money_per_month: euros(-93_00),
        effective_day: Some(date(2026, 11, 1)),
        brake: Some(Brake::Leftover),
        ..Facts::default()
    };
    assert_eq!(
        brief(ErrorCode::Qty01, Language::English, &left),
        "Nothing is mapped any more to the line of \"X\" on the contract \"Y\", which has 31 units (−€93.00 per month if it \
         falls to 0). We sent nothing. Without a decision, on the invoice 31 units will stay."
    );
    assert_eq!(
        brief(ErrorCode::Qty01, Language::Italian, &left),
        "Alla riga di \"X\" del contratto \"Y\" non è più mappato nulla: contiene 31 unità (−€ 93,00 al mese se scende a 0). \
         Non abbiamo inviato nulla. Senza una decisione, in fattura resteranno 31 unità."
    );
    let to_do = advise(ErrorCode::Qty01, &left, &reader(Language::Italian)).to_do;
    assert!(to_do.contains("Approva per portarla a 0") && to_do.contains("Scarta per lasciarla"), "{to_do}");
    let dismissed = Facts { dismissed: true, ..left };
    assert_eq!(
        brief(ErrorCode::Qty01, Language::English, &dismissed),
        "The line of \"X\" on the contract \"Y\" is left as it is, with 31 units. We sent nothing; on the invoice 31 units will \
         stay."
    );
}

#[test]
fn numbers_days_and_times_are_in_the_languages_way() {
    let facts = Facts {
        units_from: Some(1234.5),
        units_to: Some(12_000),
        money_per_month: Some(Money { cents: 1_234_567, currency: Some("CHF".to_owned()) }),
        deadline: Some(date(2026, 12, 8)),
        ..Facts::default()
    };
    let [italian, english] =
        [Language::Italian, Language::English].map(|language| brief(ErrorCode::Qty01, language, &facts));
    assert!(italian.contains("da 1.234,5 a 12.000 unità (+CHF 12.345,67 al mese)"), "{italian}");
    assert!(italian.contains("entro l'8/12"), "{italian}");
    assert!(english.contains("from 1,234.5 to 12,000 units (+CHF 12,345.67 per month)"), "{english}");
    assert!(english.contains("by 8 Dec,"), "{english}");

    let sent = |day| Facts { last_sent_day: Some(day), ..Facts::default() };
    for (day, italian, english) in [
        (date(2026, 12, 31), "le unità del 31/12.", "the units of 31 Dec."),
        (date(2026, 11, 11), "le unità dell'11/11.", "the units of 11 Nov."),
        (date(2025, 11, 14), "le unità del 14/11/2025.", "the units of 14 Nov 2025."),
    ] {
        let said = brief(ErrorCode::Acc01, Language::Italian, &sent(day));
        assert!(said.contains(italian), "{said}");
        let said = brief(ErrorCode::Acc01, Language::English, &sent(day));
        assert!(said.contains(english), "{said}");
    }

    let at = |at: &str| Facts { next_try: Some(at.parse().expect("an instant")), ..Facts::default() };
    for (instant, italian, english) in [
        ("2026-11-29T13:10:00Z", "Riproviamo da soli alle 14:10.", "by ourselves at 14:10."),
        ("2026-11-29T00:10:00Z", "Riproviamo da soli all'01:10.", "by ourselves at 01:10."),
        (
            "2026-11-30T13:10:00Z",
            "Riproviamo da soli il 30/11 alle 14:10.",
            "by ourselves on 30 Nov at 14:10.",
        ),
    ] {
        let said = brief(ErrorCode::Net01, Language::Italian, &at(instant));
        assert!(said.contains(italian), "{said}");
        let said = brief(ErrorCode::Net01, Language::English, &at(instant));
        assert!(said.contains(english), "{said}");
    }
}

#[test]
fn states_are_in_the_requirements_words() {
    let facts = Facts {
        units_from: Some(10.0),
        units_to: Some(12),
        next_try: Some("2026-11-29T13:10:00Z".parse().expect("an instant")),
        ..Facts::default()
    };
    let expected = [
        ("never synced", "Mai sincronizzata"),
        ("queued", "In coda"),
        ("running", "In corso"),
        ("changed (10 → 12)", "Aggiornata (10 → 12)"),
        ("unchanged", "Già allineata"),
        ("sent, to be confirmed (10 → 12)", "Inviata, da confermare (10 → 12)"),
        ("held (10 → 12)", "Da approvare (10 → 12)"),
        ("not sent", "Non inviata"),
        ("not mapped", "Non mappata"),
        ("not billed", "Esclusa dalla fatturazione"),
        ("deferred until 14:10", "Rinviata alle 14:10"),
        ("off", "Integrazione disattivata"),
    ];
    assert_eq!(CompanyState::ALL.len(), expected.len());
    for (known, (english, italian)) in CompanyState::ALL.iter().zip(expected) {
        assert_eq!(state(*known, &facts, &reader(Language::English)), english);
        assert_eq!(state(*known, &facts, &reader(Language::Italian)), italian);
    }
    let tomorrow =
        Facts { next_try: Some("2026-11-30T05:00:00Z".parse().expect("an instant")), ..Facts::default() };
    let said = |language| state(CompanyState::Deferred, &tomorrow, &reader(language));
    assert_eq!(said(Language::Italian), "Rinviata al 30/11, 06:00");
    assert_eq!(said(Language::English), "deferred until 30 Nov, 06:00");
}

#[test]
fn a_locale_names_a_language() {
    for (locale, language) in [
        ("it_IT.UTF-8", Language::Italian),
        ("it", Language::Italian),
        ("IT", Language::Italian),
        ("en_GB.UTF-8", Language::English),
        ("C.UTF-8", Language::English),
        ("", Language::English),
        ("itchy", Language::English),
    ] {
        assert_eq!(Language::of_locale(locale), language, "{locale}");
    }
    assert_eq!("it".parse(), Ok(Language::Italian));
    assert!("fr".parse::<Language>().is_err());
}

fn name() -> impl Strategy<Value = Option<String>> {
    option::of("[A-Za-zÀ-ÿ0-9'&]{1,12}( [A-Za-z0-9'&]{1,12}){0,2}")
}

fn day() -> impl Strategy<Value = Option<jiff::civil::Date>> {
    option::of((-9999i32..9999).prop_map(|days| {
        date(2026, 11, 29).checked_add(jiff::Span::new().days(days)).expect("a day of the calendar")
    }))
}

prop_compose! {
    fn names()(
        company in name(), account in name(), contract in name(), service in name(), product in name(), host in name(),
        right in name(), other_account in name(), kaseya_says in name(), found in name(),
        trace_id in name(),
    ) -> Facts {
        Facts {
            company, account, contract, service, product, host, right, other_account, kaseya_says, found, trace_id,
            ..Facts::default()
        }
    }
}

prop_compose! {
    /// Any facts, known or not.
    fn facts()(
        names in names(),
        users in option::of(any::<u32>()), units_from in option::of(any::<f64>()), units_to in option::of(any::<u32>()),
        cents in option::of(any::<i64>()), currency in option::of("[A-Z]{3}"),
        last_sent_units in option::of(any::<u32>()), last_count in option::of(any::<u32>()),
        days in [day(), day(), day(), day(), day()],
        seconds in option::of(0i64..4_000_000_000), brake in option::of(proptest::sample::select(Brake::ALL)),
        dismissed in any::<bool>(), sent in any::<bool>(), password_age_days in option::of(any::<u32>()),
    ) -> Facts {
        let [last_sent_day, last_count_day, deadline, effective_day, contract_end] = days;
        Facts {
            users, units_from, units_to,
            money_per_month: cents.map(|cents| Money { cents, currency }),
            last_sent_units, last_sent_day, last_count, last_count_day,
            next_try: seconds.map(|seconds| Timestamp::from_second(seconds).expect("an instant")),
            deadline, effective_day, contract_end, brake, dismissed, sent, password_age_days,
            ..names
        }
    }
}

/// The sign of a gap in a text.
fn hole(text: &str) -> Option<&'static str> {
    const HOLES: [&str; 21] = [
        "{", "}", "[", "]", "|", "None", "Some(", "NaN", "inf ", "  ", " .", " ,", " ;", " :", "\"\"", "()",
        "( ", "..", ":.", ",.", "\n",
    ];
    // "Nulla" is a word.
    let null = text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "null").then_some("null");
    HOLES.into_iter().find(|hole| text.contains(hole)).or(null)
}

proptest! {
    // Each case is every code in both languages.
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_text_has_a_hole_whatever_is_known(facts in facts()) {
        for language in Language::ALL {
            let reader = reader(*language);
            for code in ErrorCode::ALL {
                let told = advise(*code, &facts, &reader);
                let texts =
                    [&told.title, &told.brief, &told.happened, &told.next_invoice, &told.done, &told.to_do];
                for text in texts {
                    prop_assert!(!text.is_empty(), "{} is empty: {:?}", code, told);
                    prop_assert!(hole(text).is_none(), "{} has {:?}: {}", code, hole(text), text);
                    prop_assert!(!text.starts_with(char::is_lowercase), "{}: {}", code, text);
                }
                for text in &texts[1..] {
                    prop_assert!(text.ends_with(['.', '»']), "{}: {}", code, text);
                }
            }
            for known in CompanyState::ALL {
                let text = state(*known, &facts, &reader);
                prop_assert!(hole(&text).is_none(), "{}", text);
            }
        }
    }

}

proptest! {
    /// Kaseya's words and people's names are shown unchanged, even if they look like our own syntax.
    #[test]
    fn what_others_wrote_is_shown_as_it_is(said in "[\\[\\]{}|a-z]{1,20}") {
        let facts = Facts { kaseya_says: Some(said.clone()), contract: Some(said.clone()), ..Facts::default() };
        let told = advise(ErrorCode::Unk01, &facts, &reader(Language::English));
        prop_assert!(told.brief.contains(&said), "{}", told.brief);
        prop_assert!(told.to_do.contains(&said), "{}", told.to_do);
    }
}

/// Every code, both languages, all five parts: known facts are stated, in the reader's zone.
#[test]
fn every_code_has_level_title_and_five_parts() {
    let zoned: Zoned = reader(Language::English).now;
    for code in ErrorCode::ALL {
        let [english, italian] = [Language::English, Language::Italian]
            .map(|language| advise(*code, &Facts::default(), &Reader { language, now: zoned.clone() }));
        assert_eq!(english.level, code.level());
        assert_eq!(english.check_again, "Check again");
        assert_eq!(italian.check_again, "Verifica di nuovo");
        let parts = |told: &advice::Advice| {
            [&told.title, &told.happened, &told.next_invoice, &told.done, &told.to_do].map(String::clone)
        };
        for (english, italian) in parts(&english).iter().zip(parts(&italian)) {
            assert_ne!(*english, italian, "{code} is not translated");
        }
    }
}
