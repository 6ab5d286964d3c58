//! Suggests Kaseya accounts for a company by comparing names (B-09). A person confirms; nothing is applied from
//! here.

use deunicode::deunicode_char;
use domain::{AccountId, Month, PartnerId};
use kaseya::Account;
use store::{
    StoreError,
    settings::{self, Zones},
    statuses::listing::{self, Filter, Page, Query, Sort},
};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::Operations;

/// How many companies get suggestions at once. Each is compared with every account, and for each one that a person
/// ticks Kaseya's contracts are read while the person waits.
pub const UNMAPPED: u32 = 20;

/// Words at the end of a name for the kind of company: two names are the same with or without them.
const LEGAL_FORMS: [&str; 55] = [
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "bvba",
    "co",
    "company",
    "coop",
    "corp",
    "corporation",
    "doo",
    "ec",
    "ek",
    "eurl",
    "ev",
    "gmbh",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "ohg",
    "onlus",
    "oy",
    "oyj",
    "plc",
    "pllc",
    "pte",
    "pty",
    "rl",
    "sa",
    "sapa",
    "sarl",
    "sas",
    "sasu",
    "sl",
    "snc",
    "spa",
    "spzoo",
    "srl",
    "srls",
    "sro",
    "ug",
    "unipersonale",
    "合同会社",
    "有限会社",
    "株式会社",
];
/// Legal forms that are other words too: they count as forms only if written as one, `P.C.` or after a comma.
/// "Studio PC" is not "Studio".
const WRITTEN_FORMS: [&str; 2] = ["pa", "pc"];
/// Legal forms written together with the name, before or after it.
const JAPANESE: [&str; 3] = ["合同会社", "有限会社", "株式会社"];
/// "sp. z o.o." as three words.
const POLISH: [&str; 3] = ["sp", "z", "oo"];
/// Words that join others, only between two words: "Studio E" is not "Studio Y".
const JOINING: [&str; 5] = ["and", "e", "et", "und", "y"];
/// A word before a name that carries no meaning.
const ARTICLE: &str = "the";

/// Minimum score, out of 100, for a suggestion.
const LEAST: u8 = 60;
/// Maximum number of suggestions.
const MOST: usize = 5;

/// An account that a company might be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The account.
    pub account: AccountId,
    /// The account's name.
    pub name: String,
    /// How alike the names are, out of 100; 100 if they differ only in case, accents, legal form and word order.
    pub score: u8,
}

impl Operations {
    /// [`UNMAPPED`] companies without a mapping, starting at `offset`, those with the most users first, together with
    /// the partner's zones; `None` for an unknown partner.
    pub async fn unmapped_companies(
        &self,
        partner: &PartnerId,
        offset: u32,
    ) -> Result<Option<(Zones, Page)>, StoreError> {
        let query = &Query {
            search: "",
            filter: Filter::Unmapped,
            sort: Sort::Users,
            descending: true,
            offset,
            size: UNMAPPED,
        };
        let now = self.clock.now();
        self.store
            .transaction("unmapped_companies", |tx| {
                Box::pin(async move {
                    let Some(zones) = settings::zones(tx, partner).await? else { return Ok(None) };
                    let last_month = Month::last(now, &zones.count);
                    let page = listing::page(tx, partner, query, last_month, now).await?;
                    Ok(Some((zones, page)))
                })
            })
            .await
    }
}

/// The most likely of these accounts, likeliest first; of equal scores the exact name comes first. Inactive
/// accounts are left out, since nothing is billed on them.
pub fn suggest(company: &str, accounts: &[Account]) -> Vec<Suggestion> {
    let known = Spellings::of(company);
    let mut suggestions: Vec<Suggestion> = accounts
        .iter()
        .filter(|account| account.is_active)
        .map(|account| {
            let score = known.likeness(&Spellings::of(&account.name));
            Suggestion { account: account.id, name: account.name.clone(), score }
        })
        .filter(|suggestion| suggestion.score >= LEAST)
        .collect();
    let place = |one: &Suggestion| {
        let other_letters = one.name.trim() != company.trim();
        (std::cmp::Reverse(one.score), other_letters, one.name.clone(), one.account)
    };
    suggestions.sort_by_cached_key(place);
    suggestions.truncate(MOST);
    suggestions
}

/// The suggestion to preselect: the first, unless another is as likely.
pub fn likeliest(suggestions: &[Suggestion]) -> Option<&Suggestion> {
    let first = suggestions.first()?;
    let is_as_likely = |other: &Suggestion| other.score == first.score;
    (!suggestions.get(1).is_some_and(is_as_likely)).then_some(first)
}

/// The part of the company's name to search Kaseya for: its longest significant word, as typed.
pub fn search_word(company: &str) -> Option<String> {
    let typed = company.split(|letter: char| letter.is_whitespace() || ",;/()".contains(letter));
    let telling = typed.filter(|word| in_small_letters(word, false).split_whitespace().any(is_telling));
    telling.max_by_key(|word| word.chars().count()).map(str::to_owned)
}

/// A name's significant words, with ä, ö, ü written as a, o, u and as ae, oe, ue.
struct Spellings([Vec<String>; 2]);

impl Spellings {
    fn of(name: &str) -> Self {
        let written = ends_as_a_form(name);
        Self([false, true].map(|long_umlauts| words(&in_small_letters(name, long_umlauts), written)))
    }

    /// How alike two names are, out of 100.
    fn likeness(&self, other: &Self) -> u8 {
        let each = self.0.iter().flat_map(|one| other.0.iter().map(|two| likeness(one, two)));
        each.max().unwrap_or(0)
    }
}

fn likeness(one: &[String], other: &[String]) -> u8 {
    let (fewer, more) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if fewer.is_empty() {
        return 0;
    }
    let letters = strsim::normalized_damerau_levenshtein(&one.concat(), &other.concat());
    // If one name is part of the other, both are likely the same company's, the likelier the larger the part.
    let all = fewer.iter().all(|word| more.contains(word));
    let length = |words: &[String]| words.iter().map(|word| word.chars().count()).sum::<usize>();
    #[expect(clippy::cast_precision_loss, reason = "names are short")]
    let part = if all { 0.6 + 0.4 * length(fewer) as f64 / length(more) as f64 } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
    let score = (letters.max(part).clamp(0.0, 1.0) * 100.0).floor() as u8;
    // Only identical words get 100.
    if one == other { 100 } else { score.min(99) }
}

/// Whether a name's last word is written like a legal form: with dots, or after a comma.
fn ends_as_a_form(name: &str) -> bool {
    let name = name.trim_end();
    let last = name.rsplit(char::is_whitespace).next().unwrap_or(name);
    last.contains('.') || name.strip_suffix(last).is_some_and(|before| before.trim_end().ends_with(','))
}

/// The significant words of a name, in alphabetical order. `written` says that the name ends like a legal form.
fn words(letters: &str, written: bool) -> Vec<String> {
    let all = joined(letters.split_whitespace().flat_map(apart));
    let is_before = |word: &String| JAPANESE.contains(&word.as_str());
    let begins = usize::from(all.len() > 2 && all[0] == ARTICLE || all.len() > 1 && is_before(&all[0]));
    let mut ends = all.len();
    // "S.r.l.", "GmbH & Co. KG", "& C. S.n.c.": everything after the name.
    while ends > begins + 1 {
        if ends > begins + 3 && all[..ends].ends_with(&POLISH.map(str::to_owned)) {
            ends -= POLISH.len();
            continue;
        }
        let behind = &all[ends - 1];
        let is_company = behind == "c" && ends > begins + 2 && JOINING.contains(&all[ends - 2].as_str());
        let dangles = JOINING.contains(&behind.as_str()) && ends < all.len();
        let is_written = written && ends == all.len() && WRITTEN_FORMS.contains(&behind.as_str());
        if !LEGAL_FORMS.contains(&behind.as_str()) && !is_written && !is_company && !dangles {
            break;
        }
        ends -= 1;
    }
    let name = &all[begins..ends];
    let last = name.len().saturating_sub(1);
    let between = |place: usize| 0 < place && place < last;
    let telling =
        name.iter().enumerate().filter(|(place, word)| !between(*place) || !JOINING.contains(&word.as_str()));
    let mut telling: Vec<String> = telling.map(|(_, word)| word.clone()).collect();
    // If a name consists only of legal forms, all of them count, as they are.
    if telling.len() == 1 && all.len() > 1 && LEGAL_FORMS.contains(&telling[0].as_str()) {
        return all;
    }
    telling.sort_unstable();
    telling
}

/// A word, and the legal form written together with it.
fn apart(word: &str) -> Vec<&str> {
    for form in JAPANESE {
        match (word.strip_prefix(form), word.strip_suffix(form)) {
            (Some(name), _) if !name.is_empty() => return vec![form, name],
            (_, Some(name)) if !name.is_empty() => return vec![name, form],
            _ => {}
        }
    }
    vec![word]
}

/// Joins runs of single letters and digits: "S. r. l." becomes "srl", "3 M" becomes "3m". A letter that joins two
/// words stays.
fn joined<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut in_run = false;
    for word in words {
        let is_single = word.chars().count() == 1;
        match all.last_mut().filter(|_| is_single && in_run) {
            Some(last) => last.push_str(word),
            None => all.push(word.to_owned()),
        }
        in_run = is_single;
    }
    all
}

fn is_telling(word: &str) -> bool {
    !LEGAL_FORMS.contains(&word)
        && !WRITTEN_FORMS.contains(&word)
        && !JOINING.contains(&word)
        && word != ARTICLE
}

/// The words between blanks, in lower case and without accents. "S.r.l." is one word, `&` is "and".
fn in_small_letters(name: &str, long_umlauts: bool) -> String {
    let mut plain = String::with_capacity(name.len());
    let composed: String = name.nfkc().flat_map(char::to_lowercase).collect();
    for letter in composed.nfkc() {
        match (letter, long_umlauts) {
            ('ä', true) => plain.push_str("ae"),
            ('ö', true) => plain.push_str("oe"),
            ('ü', true) => plain.push_str("ue"),
            _ => plain.extend(std::iter::once(letter).nfkd().filter(|part| !is_combining_mark(*part))),
        }
    }
    let mut words = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match letter {
            '&' | '+' => words.push_str(" and "),
            // Inside a word, and invisible.
            '.'
            | '\''
            | '’'
            | '‘'
            | '`'
            | '´'
            | '′'
            | 'ʼ'
            | '\u{ad}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{feff}' => {}
            // Latin letters that cannot be taken apart, such as ø, ł and ß, unless they stand for a digit or a sign. Other
            // scripts are compared as they are.
            '\u{c0}'..='\u{24f}' if letter.is_alphabetic() => match deunicode_char(letter) {
                Some(plain) if plain.chars().all(|plain| plain.is_ascii_alphabetic()) => {
                    words.push_str(&plain.to_ascii_lowercase());
                }
                _ => words.push(letter),
            },
            letter if letter.is_alphanumeric() => words.push(letter),
            _ => words.push(' '),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn score(one: &str, other: &str) -> u8 {
        Spellings::of(one).likeness(&Spellings::of(other))
    }

    #[test]
    fn b_09_the_same_company_is_known_in_other_spellings() {
        for (one, other) in [
            ("Panificio Niccolò & Figli", "PANIFICIO NICCOLO E FIGLI S.r.l."),
            ("Acme Inc.", "ACME"),
            ("Müller GmbH & Co. KG", "Muller"),
            ("Rossi Mario", "Mario Rossi S.p.A."),
        ] {
            assert_eq!(score(one, other), 100, "{one} / {other}");
        }
        assert!(score("Panificio Niccolò", "Panifico Niccolò") >= 90, "a slip of the finger");
        assert!((LEAST..100).contains(&score("O'Hill & Sons", "O'Hill & Sons (North)")));
        assert!(score("Acme", "Zenith Partners") < LEAST);
    }

    #[test]
    fn b_09_the_likeliest_come_first_and_an_inactive_account_never() {
        let account =
            |id, name: &str, is_active| Account { id: AccountId(id), name: name.to_owned(), is_active };
        let accounts = [
            account(1, "Acme Holding", true),
            account(2, "Acme Ltd", true),
            account(3, "Acme", false),
            account(4, "Other", true),
        ];
        let found: Vec<i32> = suggest("ACME", &accounts).iter().map(|one| one.account.0).collect();
        assert_eq!(found, [2, 1]);
    }

    #[test]
    fn case_b8_letters_fold_and_what_stands_for_the_kind_of_company_says_nothing() {
        for (one, other) in [
            ("Œuvre Sociale", "Oeuvre Sociale"),
            ("Łódź Logistics", "Lodz Logistics"),
            ("Škoda Servis", "Skoda Servis"),
            ("İstanbul Gıda", "Istanbul Gida"),
            ("Ægir Fisk", "Aegir Fisk"),
            ("Țiriac Auto", "Tiriac Auto"),
            ("Straße GmbH", "Strasse GmbH"),
            ("Huber & Söhne oHG", "Huber & Soehne OHG"),
            ("Kovacs Kft.", "Kovács Kft"),
            ("Lefe\u{300}vre Fre\u{300}res", "Lefèvre Frères"),
            ("ＡＣＭＥ Labs", "Acme Labs"),
            ("Acme\u{a0}Labs", "Acme-Labs"),
            ("Ac\u{ad}me Labs", "Acme Labs"),
            ("Caffè dell’Università", "Caffè dell`Universita"),
            ("O‘Hara & Sons", "O'Hara and Sons"),
            ("AT&T Services", "AT and T Services"),
            ("3M Dental", "3 M Dental"),
            ("Rossi S. r. l.", "Rossi S.r.l."),
            ("Rossi S. p. A.", "Rossi SpA"),
            ("Bianchi & C. S.n.c.", "Bianchi S.n.c."),
            ("Verdi S.à r.l.", "Verdi Sarl"),
            ("Nowak Sp. z o.o.", "Nowak"),
            ("Novak d.o.o.", "Novak"),
            ("Larsen A/S", "Larsen AS"),
            ("Silva S/A", "Silva SA"),
            ("Huber e.K.", "Huber"),
            ("Smith and Jones, P.C.", "Smith & Jones"),
            ("Dr Lee DDS, P.A.", "Dr Lee DDS"),
            ("Brown Pty. Ltd.", "Brown Pty Ltd"),
            ("Virtanen Oyj", "Virtanen Oy"),
            ("Company a LTD", "Company a Ltd"),
            ("Company a Ltd", "Company a Limited"),
            ("Smith & Jones PLLC", "Smith & Jones"),
            ("Oak Partners LP", "Oak Partners"),
            ("Harbour Pte Ltd", "Harbour"),
            ("Dupont EURL", "Dupont"),
            ("Dupont SASU", "Dupont SAS"),
            ("Novak s.r.o.", "Novak"),
            ("Jansen B.V.", "Jansen BV"),
            ("Peeters BVBA", "Peeters"),
            ("Citta\u{300} Verde", "Citta Verde"),
        ] {
            assert_eq!(score(one, other), 100, "{one} / {other}");
        }
        assert_eq!(score("AcmeLabs", "Acme Labs"), 99);
    }

    #[test]
    fn case_b8_a_word_that_is_a_form_only_in_its_spelling_tells_unless_it_is_so_written() {
        for (one, other) in [
            ("Smith P.C.", "Smith"),
            ("Smith, PC", "Smith"),
            ("Smith P. C.", "Smith, P.C."),
            ("Lee DDS, PA", "Lee DDS P.A."),
            ("Studio PC", "STUDIO Pc"),
            ("株式会社テスト", "テスト株式会社"),
            ("株式会社 テスト", "テスト"),
        ] {
            assert_eq!(score(one, other), 100, "{one} / {other}");
        }
        for (one, other) in
            [("Studio PC", "Studio"), ("Studio PA", "Studio PC"), ("東京病院", "東京病院支店")]
        {
            assert!(score(one, other) < 100, "{one} / {other}");
        }
        let account = |id, name: &str| Account { id: AccountId(id), name: name.to_owned(), is_active: true };
        let found = suggest("Studio PC", &[account(1, "Studio"), account(2, "Studio PC")]);
        assert_eq!(likeliest(&found).map(|one| one.account.0), Some(2));
        let found = suggest("Studio", &[account(1, "Studio"), account(2, "Studio PC")]);
        assert_eq!(likeliest(&found).map(|one| one.account.0), Some(1));
        // Equally likely, and neither is the same name: a person chooses.
        let found = suggest("Studio", &[account(1, "Studio PA"), account(2, "Studio PC")]);
        assert!(found.len() == 2 && likeliest(&found).is_none(), "{found:?}");
    }

    #[test]
    fn case_b8_what_is_another_company_is_not_the_same() {
        for (one, other) in [
            ("Studio E", "Studio Y"),
            ("Kyoto North Ltd", "Kyoto South Ltd"),
            ("Company Co", "Company The"),
            ("Acme 1 Ltd", "Acme 2 Ltd"),
            ("SA", "AS"),
            ("E Y Ltd", "The Co"),
            ("A.S. Roma Store", "Roma Store"),
            ("The Y", "Y Combinator"),
            ("Clinic A", "Clinic E"),
            ("Group Y", "Group E"),
            ("E", "Y"),
        ] {
            assert!(score(one, other) < 100, "{one} / {other}");
        }
        assert!(score("SA", "AS") < LEAST && score("E Y Ltd", "The Co") < LEAST);
    }

    #[test]
    fn case_b7_the_same_name_comes_first_and_of_two_alike_none_is_chosen() {
        let account = |id, name: &str| Account { id: AccountId(id), name: name.to_owned(), is_active: true };
        let accounts = [account(1, "ACME LTD"), account(2, "Acme Ltd"), account(3, "Acme Holding")];
        let found = suggest("Acme Ltd", &accounts);
        assert_eq!(found.iter().map(|one| one.account.0).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!(likeliest(&found), None);
        let found = suggest("Acme Ltd", &accounts[1..]);
        assert_eq!(likeliest(&found).map(|one| one.account.0), Some(2));
    }

    #[test]
    fn kaseya_is_searched_for_the_word_that_tells_most() {
        for (company, word) in [
            ("Panificio Niccolò & Figli S.r.l.", Some("Panificio")),
            ("The Acme Company", Some("Acme")),
            (" & ", None),
        ] {
            assert_eq!(search_word(company).as_deref(), word, "{company}");
        }
    }

    proptest! {
        #[test]
        fn likeness_is_mutual_and_a_name_is_like_itself(one in "\\PC{0,30}", other in "\\PC{0,30}") {
            prop_assert_eq!(score(&one, &other), score(&other, &one));
            if !words(&in_small_letters(&one, false), ends_as_a_form(&one)).is_empty() {
                prop_assert_eq!(score(&one, &one), 100);
            }
        }

        #[test]
        fn a_legal_form_says_nothing(name in "[a-z]{3,12} [a-z]{3,12}", form in prop::sample::select(&LEGAL_FORMS[..])) {
            prop_assert_eq!(score(&name, &format!("{name} {form}")), 100);
        }
    }
}
