//! Kaseya's words for a contract's type and billing cycle. They are known from its pages; how its interface spells them is
//! not published, so case and everything but letters and digits are left out of account.

/// Whether a contract's type is the one that units live on, "Recurring Services". A type that says nothing is not judged.
pub fn is_recurring_services(contract_type: &str) -> bool {
    let letters = letters(contract_type);
    letters.is_empty() || letters.contains("recurring")
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
}
