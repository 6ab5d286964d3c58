//! The texts of a person's own sessions.

super::words! {
    Sessions {
        title: "Your sessions", "Le tue sessioni";
        explained: "Every browser in which {name} is signed in. End those you do not know, and whoever uses them is signed out at once.",
            "Ogni browser in cui {name} ha effettuato l'accesso. Termina quelli che non riconosci: chi li usa viene disconnesso subito.";
        begun: "Signed in", "Accesso";
        seen: "Last used", "Ultimo uso";
        address: "Address", "Indirizzo";
        browser: "Browser", "Browser usato";
        this: "this browser", "questo browser";
        unknown: "not told", "non indicato";
        end: "Sign out", "Esci";
        end_of: "Sign out: signed in on {when}", "Esci: accesso del {when}";
        end_others: "Sign out everywhere else", "Esci da tutte le altre sessioni";
    }
}
