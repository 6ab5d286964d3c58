//! The texts of billing rules.

super::words! {
    Billing {
        title: "Billing rules of {company}", "Regole di fatturazione di {company}";
        explained: "Without a rule, as many units are billed as users are counted.",
            "Senza regole vengono fatturate tante unità quanti sono gli utenti conteggiati.";
        rule: "Rule", "Regola";
        as_counted: "as counted", "come da conteggio";
        not_billed: "not billed (trial, own use)", "non fatturato (prova, uso proprio)";
        figures: "with a minimum or free users", "con un minimo o utenti inclusi";
        minimum: "At least, units", "Minimo, unità";
        included: "Free users", "Utenti inclusi";
        note: "Note", "Nota";
        note_help: "Why; required for what is not billed.", "Il motivo; obbligatorio per ciò che non viene fatturato.";
        save: "Save", "Salva";
        cancel: "Cancel", "Annulla";
    }
}
