//! Which of Kaseya's accounts a company might be, by the names (B-09). A person confirms it; nothing is applied from here.

use domain::{AccountId, Month, PartnerId};
use kaseya::Account;
use store::{
    StoreError,
    company_listing::{self, Filter, Page, Query, Sort},
    settings::{self, Zones},
};

use crate::Operations;

/// Companies to which accounts are suggested at once: each is compared with every account, and of each that a person ticks
/// the contracts are read in Kaseya while the person waits.
pub const UNMAPPED: u32 = 20;

/// Words for what kind of company it is: two names are the same with them and without.
const LEGAL_FORMS: [&str; 38] = [
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "co",
    "company",
    "coop",
    "corp",
    "corporation",
    "ev",
    "gmbh",
    "inc",
    "incorporated",
    "kg",
    "limited",
    "llc",
    "llp",
    "ltd",
    "ltda",
    "mbh",
    "nv",
    "ohg",
    "oy",
    "plc",
    "pty",
    "sa",
    "sapa",
    "sarl",
    "sas",
    "sl",
    "snc",
    "spa",
    "srl",
    "srls",
    "ug",
    "unipersonale",
    "onlus",
];
/// Words that join others.
const JOINING: [&str; 6] = ["and", "e", "et", "und", "y", "the"];

/// Less than this, of 100, is no suggestion.
const LEAST: u8 = 60;
/// How many are suggested.
const MOST: usize = 5;

/// An account that a company might be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// How alike the names are, of 100; 100 when they differ in nothing but case, accents, legal form and order.
    pub score: u8,
}

impl Operations {
    /// [`UNMAPPED`] companies without a mapping from this one on, those with the most users first, beside their partner's
    /// zones; `None` for an unknown partner.
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
                    let page = company_listing::page(tx, partner, query, last_month, now).await?;
                    Ok(Some((zones, page)))
                })
            })
            .await
    }
}

/// The most likely of these accounts, the likeliest first. Inactive ones are left out: nothing is billed on them.
pub fn suggest(company: &str, accounts: &[Account]) -> Vec<Suggestion> {
    let words = words(company);
    let mut suggestions: Vec<Suggestion> = accounts
        .iter()
        .filter(|account| account.is_active)
        .map(|account| {
            let score = likeness(&words, &self::words(&account.name));
            Suggestion { account: account.id, name: account.name.clone(), score }
        })
        .filter(|suggestion| suggestion.score >= LEAST)
        .collect();
    suggestions.sort_by(|one, other| {
        other.score.cmp(&one.score).then_with(|| (&one.name, one.account).cmp(&(&other.name, other.account)))
    });
    suggestions.truncate(MOST);
    suggestions
}

/// A part of the company's name by which Kaseya may be searched for it: its longest telling word, as it is typed.
pub fn search_word(company: &str) -> Option<String> {
    let typed = company.split(|letter: char| letter.is_whitespace() || ",;/()".contains(letter));
    let telling = typed.filter(|word| in_small_letters(word).split_whitespace().any(is_telling));
    telling.max_by_key(|word| word.chars().count()).map(str::to_owned)
}

/// How alike two names are, of 100.
fn likeness(one: &[String], other: &[String]) -> u8 {
    let (fewer, more) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if fewer.is_empty() {
        return 0;
    }
    let letters = strsim::normalized_damerau_levenshtein(&one.concat(), &other.concat());
    // A name that is a part of the other is likely the same company's, the likelier the more of it is there.
    let all = fewer.iter().all(|word| more.contains(word));
    let length = |words: &[String]| words.iter().map(|word| word.chars().count()).sum::<usize>();
    #[expect(clippy::cast_precision_loss, reason = "names are short")]
    let part = if all { 0.6 + 0.4 * length(fewer) as f64 / length(more) as f64 } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
    let score = (letters.max(part).clamp(0.0, 1.0) * 100.0).floor() as u8;
    // Full marks are for the same words alone.
    if one == other { 100 } else { score.min(99) }
}

/// The telling words of a name, in small letters without accents, in the order of the alphabet.
fn words(name: &str) -> Vec<String> {
    let letters = in_small_letters(name);
    let mut all: Vec<&str> = letters.split_whitespace().collect();
    all.sort_unstable();
    let telling: Vec<&str> = all.iter().copied().filter(|word| is_telling(word)).collect();
    // A name of nothing else is told by just that.
    let kept = if telling.is_empty() { all } else { telling };
    kept.into_iter().map(str::to_owned).collect()
}

fn is_telling(word: &str) -> bool {
    !LEGAL_FORMS.contains(&word) && !JOINING.contains(&word)
}

/// Words between blanks, in small letters without accents. "S.r.l." is one word.
fn in_small_letters(name: &str) -> String {
    let letters = name.to_lowercase();
    let letters = letters.chars().filter(|letter| !".'’".contains(*letter)).map(plain);
    letters.map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect()
}

/// A letter without its accent, where it has one of those that are usual.
fn plain(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn score(one: &str, other: &str) -> u8 {
        likeness(&words(one), &words(other))
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
            if !words(&one).is_empty() {
                prop_assert_eq!(score(&one, &one), 100);
            }
        }

        #[test]
        fn a_legal_form_says_nothing(name in "[a-z]{3,12} [a-z]{3,12}", form in prop::sample::select(&LEGAL_FORMS[..])) {
            prop_assert_eq!(score(&name, &format!("{name} {form}")), 100);
        }
    }
}
