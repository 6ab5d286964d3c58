//! Numbers and money in a language's format.

use crate::{Language, Money};

/// A whole number in groups of three: `1.234`, `1,234`.
pub fn whole(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let separator = match language {
        Language::English => ',',
        Language::Italian => '.',
    };
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

/// Units as Kaseya shows them: nearly always whole, otherwise with decimals. `None` if the value is not a number.
pub fn units(units: f64, language: Language) -> Option<String> {
    /// Larger values are not a number of users, and a double no longer represents each whole number.
    const MOST: f64 = 9_007_199_254_740_992.0;
    if !units.is_finite() || units.abs() >= MOST {
        return None;
    }
    let written = units.abs().to_string();
    let (before, after) = written.split_once('.').unwrap_or((&written, ""));
    let sign = if units < 0.0 { "−" } else { "" };
    let before = whole(before.parse().ok()?, language);
    Some(match (after, language) {
        ("", _) => format!("{sign}{before}"),
        (after, Language::English) => format!("{sign}{before}.{after}"),
        (after, Language::Italian) => format!("{sign}{before},{after}"),
    })
}

/// An amount without its sign: `€ 93,00`, `€93.00`; `CHF 93.00` if the currency has no unambiguous symbol.
pub fn amount(money: &Money, language: Language) -> String {
    let cents = money.cents.unsigned_abs();
    let units = whole(cents / 100, language);
    let rest = cents % 100;
    let number = match language {
        Language::English => format!("{units}.{rest:02}"),
        Language::Italian => format!("{units},{rest:02}"),
    };
    match (money.currency.as_deref(), language) {
        (None, _) => number,
        (Some("EUR"), Language::English) => format!("€{number}"),
        (Some("EUR"), Language::Italian) => format!("€ {number}"),
        (Some("GBP"), Language::English) => format!("£{number}"),
        (Some("GBP"), Language::Italian) => format!("£ {number}"),
        (Some("USD"), Language::English) => format!("${number}"),
        (Some("USD"), Language::Italian) => format!("$ {number}"),
        (Some(code), _) => format!("{code} {number}"),
    }
}

/// An added or subtracted amount: `−€ 93,00`, `+€93.00`.
pub fn difference(money: &Money, language: Language) -> String {
    let sign = if money.cents < 0 { "−" } else { "+" };
    format!("{sign}{}", amount(money, language))
}

/// An Italian article or preposition before a spoken number: `il 30`, but `l'8` and `dell'11`.
pub(crate) fn with_article(article: &str, number: i8, written: &str) -> String {
    let elided = match article {
        "il" => "l'",
        "al" => "all'",
        "del" => "dell'",
        "dal" => "dall'",
        other => other,
    };
    // Uno, otto and undici begin with a vowel.
    if matches!(number, 1 | 8 | 11) { format!("{elided}{written}") } else { format!("{article} {written}") }
}
