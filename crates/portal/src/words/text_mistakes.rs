//! What is wrong with a text, by the one rule for texts.

use domain::TextError;

use super::fill;

super::words! {
    TextMistakes {
        empty: "This must be filled in.", "Questo campo è obbligatorio.";
        too_long: "It has {length} characters: write at most {most}.", "Ha {length} caratteri: scrivine al massimo {most}.";
        control: "It has a control character or a line break: leave it out.",
            "Contiene un carattere di controllo o un a capo: toglilo.";
        no_effect: "This rule does nothing with it: leave it out.", "Questa regola non lo usa: toglilo.";
        direction: "It has a mark that turns the direction of writing: leave it out.",
            "Contiene un segno che inverte la direzione della scrittura: toglilo.";
        unseen: "It has a character that is not seen (U+{code}): leave it out.",
            "Contiene un carattere invisibile (U+{code}): toglilo.";
    }
}

impl TextMistakes {
    /// What is wrong, and how to fix it.
    pub(crate) fn fix(&self, error: &TextError) -> String {
        match error {
            TextError::Empty { .. } => self.empty.to_owned(),
            TextError::TooLong { length, most } => fill(self.too_long, &[("length", length), ("most", most)]),
            TextError::Control => self.control.to_owned(),
            TextError::Direction(_) => self.direction.to_owned(),
            TextError::Unseen(code) => fill(self.unseen, &[("code", &format!("{code:04X}"))]),
        }
    }
}
