//! Kaseya's words for a contract's type and billing cycle. We know them from its pages; the spelling in its API is
//! not published, so the comparison ignores case and everything except letters and digits.

/// Whether a contract's type is "Recurring Services", the one that units live on. An empty type is not judged.
pub fn is_recurring_services(contract_type: &str) -> bool {
    let letters = letters(contract_type);
    letters.is_empty() || letters.contains("recurring")
}

/// Whether a contract's billing cycle is one other than monthly.
///
/// Kaseya's pages show one monthly cycle; weekly, quarterly, yearly and the contract's length are not monthly. An
/// unknown word is taken as not monthly: a change there would count from a day that no person has chosen. An empty
/// word, or one without a letter such as a number, says nothing and is not judged.
pub fn is_not_monthly(billing_cycle: &str) -> bool {
    const MONTH: [&str; 6] = ["month", "mensil", "mensual", "mensuel", "monat", "maand"];
    const EACH: [&str; 6] = ["1", "one", "each", "every", "per", "calendar"];
    let letters = letters(billing_cycle);
    if !letters.chars().any(char::is_alphabetic) {
        return false;
    }
    let one = EACH.iter().find_map(|each| letters.strip_prefix(each)).unwrap_or(&letters);
    let more_than_one = one.chars().any(char::is_numeric);
    more_than_one || !MONTH.iter().any(|month| one.starts_with(month))
}

fn letters(words: &str) -> String {
    words.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_known_in_any_spelling() {
        for (words, recurring) in [
            ("Recurring Services", true),
            ("recurringservices", true),
            ("RecurringService", true),
            ("", true),
            ("Time and Material", false),
            ("Fixed Fee", false),
        ] {
            assert_eq!(is_recurring_services(words), recurring, "{words}");
        }
    }

    #[test]
    fn d_12_monthly_is_known_in_any_spelling_every_other_word_is_not_monthly_and_no_word_says_nothing() {
        for monthly in [
            "Monthly",
            "monthly",
            "MONTH",
            "Monthly (calendar)",
            "1 Month",
            "Every month",
            "Per Month",
            "Mensile",
            "Monatlich",
        ] {
            assert!(!is_not_monthly(monthly), "{monthly}");
        }
        for other in [
            "Weekly",
            "Bi-weekly",
            "Quarterly",
            "Yearly",
            "Annually",
            "Semi-Annual",
            "Bimonthly",
            "Bi-Monthly",
            "Semi Monthly",
            "Every 3 months",
            "3 Months",
            "12 Months",
            "1 Year",
            "Months: 6",
            "Contract Length",
            "One Time",
            "Trimestrale",
            "Something new",
        ] {
            assert!(is_not_monthly(other), "{other}");
        }
        for nothing in ["", "  ", "2", "-", "0.0"] {
            assert!(!is_not_monthly(nothing), "{nothing:?}");
        }
    }
}
